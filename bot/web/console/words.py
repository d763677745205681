"""How the console says things: reasons, next steps, delivery, refusals and times, in English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from bot.core.delivery import rule_for
from bot.core.escalation import Priority, Reason
from bot.core.messages import MessageStatus
from bot.core.noshow import Risk, Sign
from bot.core.people import ConsentBasis, ConsentStatus, Participation
from bot.core.sending import Brake
from bot.services.inbox_thread import Line
from bot.web.console.intent_words import INTENTS as INTENTS
from bot.web.console.language import Said, say
from bot.web.console.times import age as age
from bot.web.console.times import clock as clock
from bot.web.console.times import day as day
from bot.web.console.times import due as due
from bot.web.console.times import full_day as full_day
from bot.web.console.times import span as span
from bot.web.console.times import urgency as urgency
from bot.web.console.times import when as when

REASONS: Final = Said({
    Reason.EMERGENCY: "Possible emergency",
    Reason.SYMPTOM: "Symptom or health worry",
    Reason.QUESTION: "Question",
    Reason.HUMAN_REQUESTED: "Asks for a person",
    Reason.RESCHEDULE: "Wants another time",
    Reason.DECLINED: "Cannot come",
    Reason.WRONG_PERSON: "Wrong person",
    Reason.DECEASED: "Death reported",
    Reason.TRANSPORT: "Needs a ride",
    Reason.FINANCIAL: "Money or insurance",
    Reason.REFILL: "Medicine refill",
    Reason.RUNNING_LATE: "Running late",
    Reason.ARRIVED: "Is here",
    Reason.UNCLEAR: "Not understood",
    Reason.SURVEY_ALERT: "Worrying answer",
    Reason.DELIVERY_FAILURE: "Texts do not arrive",
    Reason.COMPLAINT: "Complaint",
    Reason.LANGUAGE: "Needs another language",
    Reason.CORRECTION: "Changed their mind",
    Reason.BOOKING: "Wants to book",
    Reason.OPT_OUT_CHECK: "Opt-out to check",
    Reason.MEDIA: "Sent a picture or recording",
    Reason.SILENCE: "No answer",
    Reason.STAFF_REPLY: "Answers a colleague",
    Reason.UNANSWERED: "Still without an answer",
    Reason.FUSE: "A fuse has blown",
    Reason.SET_ASIDE: "Loops put aside",
    Reason.NEED: "Needs help",
    Reason.RECORDS: "Record to fetch",
    Reason.REFERRAL: "Referral to chase",
    Reason.AUTHORIZATION: "Insurance approval",
    Reason.TRANSITION: "Call after discharge",
    Reason.MEDICATION: "Trouble with a medicine",
})

"""What a text was read as, or meant, the likeliest first."""

BRAKES: Final = Said({
    Brake.REFUSED: "No texts go out.",
    Brake.FAILING: "Texts do not arrive, so none are sent for now.",
    Brake.BULK: "Only replies and texts about today go out.",
})

STEPS: Final = Said({
    "answers-you": "They answer what a colleague wrote. Read both, and go on from there.",
    "ask-for-start": "They stopped texts and now write again. Call, or ask them to text START.",
    "book-earlier-slot": "Move the visit to the earlier slot in the chart, then tell the patient.",
    "call-about-the-rest": "They stopped texts but said more. Call about the rest.",
    "call-now": "Call the patient now. If you cannot reach them and there is danger, send help.",
    "appeal-or-offer": "Appeal, or offer the patient another way.",
    "ask-office": "Call the other office: has it the referral, and is there a date?",
    "which-loop": "Ask which referral they mean, and move that one on.",
    "ask-payer": "Call the insurance: the time it has for an answer is over.",
    "book-follow-up": "Book the follow-up visit.",
    "call-after-discharge": "A nurse calls within two business days of the discharge, and logs the call.",
    "call-office-and-patient": "No date yet. Call the other office and the patient.",
    "call-pharmacy": "Call the pharmacy about the refill, and tell the patient.",
    "cancel-in-chart": "Cancel the visit in the chart and offer the slot to someone else.",
    "check-in": "They are here: tell the front desk, and check them in.",
    "check-slot-is-free": "Check that the slot is still theirs, then confirm or offer another.",
    "call-about-the-visit": "They were unhappy with the visit. Call and listen.",
    "call-off-the-ride": "The visit is off: call the ride off.",
    "call-to-talk": "They would rather talk: call.",
    "call-today": "Call today about their answers on mood.",
    "contact-the-places": "Contact the places that may help, then report it done.",
    "find-help": "Find help by hand: no place on file fits, or it did not help.",
    "offer-places": "See to it, or have the places that may help texted from the loop.",
    "postpartum-visit": "The baby is born: see to the visit after birth.",
    "rebook-the-interpreter": "The visit moved: book the interpreter for the new time.",
    "call-off-the-interpreter": "The visit is off: tell the interpreter.",
    "rebook-the-ride": "The visit moved: book the ride anew.",
    "ask-who-may-hear": "The patient is 18 now: ask whom we may text. Their proxy gets nothing until then.",
    "fetch-note": "Get the report from the other office.",
    "fetch-record": "The patient had this done elsewhere. Fetch the record, then mark it done.",
    "fix-record": "Correct the phone number or the record in the chart.",
    "interpreter": "Answer with an interpreter or in the patient's language.",
    "look-at-picture": "Ask what the picture or recording is about; it could not be read.",
    "no-answer-after-unclear": "Call: their last answer was unclear and nothing came since.",
    "look-at-held-reply": "A reply kept for later is held, because the patient wrote first. Send it or take it back.",
    "mend-set-aside": "Some loops do not go on. See Loops, Put aside: mend what is on file.",
    "medicines-missing": "A nurse calls: medicines are missing at home.",
    "new-time": "Help the patient to a new time at the other office.",
    "nurse-call": "Have a nurse call today.",
    "review-and-tell": "Read the report and tell the patient.",
    "send-elsewhere": "The other office said no. Send the referral elsewhere.",
    "submit-authorization": "Send the request for approval to the insurance.",
    "offer-later-times": "Offer times later on.",
    "offer-times": "Offer two or three other times.",
    "release-old-visit": "The earlier visit is booked: take the old one off the books.",
    "keep-old-visit": "They do not want the earlier time after all: leave the old visit as it is.",
    "barrier-then-times": "See to what stood in the way of coming, then offer times.",
    "call-discreetly": "A visit was missed that nobody but the patient may hear of. Call, and speak to them alone.",
    "speak-alone": "Others read this phone: this was not texted. Speak to the patient alone; ask for their own phone.",
    "tell-discreetly": "A visit that nobody but the patient may hear of is off or needs preparing for."
    " Call, and speak to them alone.",
    "visit-meant-too": "The visit here may be meant, too. Read it, and set the visit's answer.",
    "call-after-misses": "Call: several visits missed, and no answer to our text.",
    "call-or-letter": "Call; if nobody answers, put them on the letter list.",
    "stop-some-texts": "They want fewer texts. Ask which, and stop those.",
    "visit-may-be-meant": "The word may have meant the visit, not the texts. Call to make sure.",
})
STEP_OF: Final = Said({
    Reason.QUESTION: "Answer the question, or pass it on to who knows.",
    Reason.HUMAN_REQUESTED: "Answer, or call the patient.",
    Reason.TRANSPORT: "Arrange a ride, or offer another time.",
    Reason.FINANCIAL: "Pass on to billing or the resource desk, and say so.",
    Reason.REFILL: "Pass on to the care team, and say so.",
    Reason.RUNNING_LATE: "Tell the front desk.",
    Reason.UNCLEAR: "Read what they wrote and answer.",
    Reason.SURVEY_ALERT: "Have a nurse call today.",
    Reason.DELIVERY_FAILURE: "Find another number, or call or write.",
    Reason.COMPLAINT: "Call back and listen.",
    Reason.NEED: "Find help, or have the places that may help texted from the loop.",
    Reason.SILENCE: "Call the patient.",
    Reason.UNANSWERED: "The patient wrote while a colleague held the conversation. Read and answer.",
})

WHY: Final = Said({
    "ok": "nothing stood against it",
    "number-invalid": "the number cannot receive texts",
    "number-unsafe": "the number is marked as not safe to text",
    "no-patient": "no patient is known at this number",
    "wrong-number": "the number is not this patient's",
    "deceased": "the patient is recorded as deceased",
    "patient-inactive": "the patient is inactive",
    "number-not-the-patients": "the number is not linked to the patient",
    "holder-may-be-told-nothing": "the phone's holder may be told nothing",
    "holder-may-be-told-times-only": "the phone's holder may be told times and places only",
    "number-opted-out": "the phone's holder has opted out of texts",
    "patient-opted-out": "the patient has opted out of texts",
    "no-consent": "there is no consent to texts",
    "program-opted-out": "the patient wants no texts of this kind",
    "language-changed": "the language was changed; it is written anew",
    "link-changed": "the visit has another link; it is written anew",
    "sensitive-visit": "others read this phone, and it is nobody's business but the patient's",
    "another-text-says-it": "another text says the same",
    "unreadable": "its words cannot be read any more: a key is missing",
    "expired": "it was too late to be of use",
    "visit-changed": "the visit was moved or changed",
    "visit-not-ahead": "the visit does not take place",
    "visit-not-cancelled": "the visit takes place after all",
    "visit-over": "the visit is over",
    "already-answered": "the patient had already answered",
    "patient-paused": "reminders rest until the emergency is closed",
    "held-by-a-person": "a coordinator holds the conversation",
    "patient-wrote": "the patient has written since",
    "quiet-hours": "of quiet hours",
    "budget-day": "the patient already got a text that day",
    "budget-week": "the patient already got three texts that week",
    "budget-reserved": "a more important text is to have its place in the day or week",
    "campaign-paused": "its campaign is paused",
    "campaign-stopped": "its campaign was stopped",
    "fuse-blown": "a fuse has blown, and nobody has reset it",
    "no-window-left": "no hour was left outside quiet hours",
    "held-back": "held back for now",
    "refused": "refused",
})

KINDS: Final = Said({
    "patients": "Patients", "appointments": "Appointments", "recalls": "Recalls", "referrals": "Referrals",
    "discharges": "Discharges", "refills": "Refills",
})  # fmt: skip
"""What a file may hold."""

SIGNS: Final = Said(
    {
        Sign.MISSED_BEFORE: "missed %(count)s before",
        Sign.BOOKED_LONG_AGO: "booked %(count)s days ahead",
        Sign.REMINDERS_UNANSWERED: "reminders unanswered: %(count)s",
        Sign.NOT_REACHED: "no reminder arrived",
        Sign.WANTED_ANOTHER_TIME: "asked for another time",
    }
)
"""Why a visit may be missed."""

RISKS: Final = Said({"high": "Likely no-show", "some": "Possible no-show", "low": "Low risk"})

CHART: Final = Said({
    Participation.ACCEPTED: "Mark as confirmed",
    Participation.DECLINED: "Cancel the visit, offer the slot",
    Participation.TENTATIVE: "Find another time",
})
"""What an answer asks for in the chart."""

DELIVERY: Final = Said(
    {
        MessageStatus.PLANNED: "Queued",
        MessageStatus.SCHEDULED: "Queued",
        MessageStatus.ACCEPTED: "Queued",
        MessageStatus.QUEUED: "Queued",
        MessageStatus.CLAIMED: "Sending",
        MessageStatus.SENDING: "Sending",
        MessageStatus.UNKNOWN: "Being checked with the carrier",
        MessageStatus.PARTIALLY_DELIVERED: "Delivered in part",
        MessageStatus.SENT: "Sent",
        MessageStatus.DELIVERED: "Delivered",
        MessageStatus.READ: "Read",
        MessageStatus.RECEIVED: "Received",
        MessageStatus.RECEIVING: "Received",
    }
)

RESPONSES: Final = Said({
    Participation.ACCEPTED: "Confirmed",
    Participation.DECLINED: "Declined",
    Participation.TENTATIVE: "Wants another time",
    Participation.NEEDS_ACTION: "No answer yet",
})
CONSENT: Final = Said({
    ConsentStatus.OPTED_IN: "Agreed to texts",
    ConsentStatus.OPTED_OUT: "Opted out of texts",
    ConsentStatus.UNKNOWN: "No consent on file",
})
BASIS: Final = Said({
    ConsentBasis.PATIENT: "by the patient's own text",
    ConsentBasis.FORM: "by a signed form",
    ConsentBasis.IMPORT: "from the clinic's file",
    ConsentBasis.ASSUMED: "as stated by the clinic",
    ConsentBasis.PROVIDER: "found at the carrier",
    ConsentBasis.STAFF: "as told to staff",
})
PRIORITIES: Final = Said({
    Priority.EMERGENCY: "Emergency",
    Priority.URGENT: "Urgent",
    Priority.ROUTINE: "Routine",
})
LANGUAGES: Final = Said({
    "am": "Amharic", "ar": "Arabic", "bn": "Bengali", "de": "German", "en": "English", "es": "Spanish",
    "fa": "Persian", "fil": "Filipino", "fr": "French", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "ht": "Haitian Creole", "it": "Italian", "ja": "Japanese", "km": "Khmer", "ko": "Korean", "ne": "Nepali",
    "pa": "Punjabi", "pl": "Polish", "ps": "Pashto", "pt": "Portuguese", "ru": "Russian", "so": "Somali",
    "sw": "Swahili", "tl": "Tagalog", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
})  # fmt: skip
SCRIPTS: Final = Said({"zh-Hans": "Chinese (simplified)", "zh-Hant": "Chinese (traditional)"})
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ps", "ur", "yi"})


def language(tag: str | None) -> str:
    """A language's English name."""
    return SCRIPTS.get(tag or "") or LANGUAGES.get((tag or "").partition("-")[0].lower(), tag or "Unknown")


def languages(tags: Sequence[str]) -> str:
    """Several of them, in one line."""
    return ", ".join(language(tag) for tag in tags)


def step(reason: Reason, suggestion: str | None) -> str:
    """What to do next."""
    return STEPS.get(suggestion or "") or STEP_OF.get(reason, "Read, answer or call, then resolve.")


def signs(risk: Risk) -> str:
    """Why a visit may be missed, in one line."""
    return ", ".join(SIGNS[sign] % {"count": count} for sign, count in risk.signs)


def likelihood(risk: Risk) -> str:
    """`high`, `some` or `low`, for the mark beside the points."""
    return "high" if risk.points >= 40 else "some" if risk.points >= 15 else "low"


def delivery(line: Line) -> str:
    """What became of an outbound text, with the reason when it did not arrive."""
    match line.status:
        case None:
            return ""
        case MessageStatus.PLANNED if line.decision == "hold":
            return say("Waiting: %(why)s", why=_why(line.decision_reason, "held-back"))
        case MessageStatus.FAILED | MessageStatus.UNDELIVERED | MessageStatus.CANCELED:
            return say("Failed: %(why)s", why=say(rule_for(line.error_code).reason))
        case MessageStatus.DROPPED:
            return say("Not sent: %(why)s", why=_why(line.decision_reason, "refused"))
        case status:
            return DELIVERY[status]


def _why(reason: str | None, otherwise: str) -> str:
    return WHY[reason if reason is not None and reason in WHY else otherwise]


def decided(verdict: str, reason: str, until: str = "") -> str:
    """One of the gate's decisions, as a sentence."""
    why = WHY.get(reason, reason)
    match verdict:
        case "send":
            return say("It could go out: nothing stood against it.")
        case "hold" if until:
            return say("It had to wait until %(until)s because %(why)s.", until=until, why=why)
        case "hold":
            return say("It had to wait because %(why)s.", why=why)
        case _:
            return say("It did not go out because %(why)s.", why=why)


def marked(quote: str, marks: Sequence[str]) -> Markup:
    """The patient's words with those marked that led here; no mark at all where it would cover everything."""
    # Of two rules that fired on the same words, the narrower shows better what was seen.
    narrow = [mark for mark in marks if mark and not any(other in mark for other in marks if other and other != mark)]
    spans = sorted((at, at + len(mark)) for mark in narrow if (at := quote.find(mark)) >= 0)
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            first, last = merged.pop()
            merged.append((first, max(last, end)))
        else:
            merged.append((start, end))
    if merged == [(0, len(quote))]:
        return escape(quote)
    shown, at = Markup(), 0
    for start, end in merged:
        shown += escape(quote[at:start]) + Markup("<mark>{}</mark>").format(quote[start:end])
        at = end
    return shown + escape(quote[at:])


def phone(e164: str) -> str:
    """A number as people of its country read it."""
    if e164.startswith("+1") and len(e164) == 12:
        return f"({e164[2:5]}) {e164[5:8]}-{e164[8:]}"
    return e164
