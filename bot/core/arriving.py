"""Whoever writes on the day that they are there: recorded on the visit, and told to the front desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.answering import each_visit
from bot.core.binding import Binding, Fit
from bot.core.effects import Arrived, Effect, Escalate, Say, VoidTouches
from bot.core.escalation import Priority, Reason
from bot.core.intents import Intent, Understanding
from bot.core.journey import Journey, Question
from bot.core.people import Participation, Visit
from bot.core.residue import residue
from bot.core.situation import Response, Situation

EARLY: Final = timedelta(hours=2)
LATE: Final = timedelta(hours=1)
"""So long before and after the start "I am here" is about this visit."""
TOGETHER: Final = timedelta(minutes=45)
"""Whoever comes for two visits that begin so soon after each other is there for both."""
DAY_OF: Final = "same_day"

_HERE: Final = (
    # en
    r"^(?:(?:hi|hello|hey|ok|okay|yes|yep|good (?:morning|afternoon)|just|now|we|i)[,!]? )*"
    r"(?:here|arrived|got here|pulled (?:in|up)|walked in|checked in|parked|outside|in the lobby|logged (?:in|on))\b"
    r"(?!'| (?:is|are|was|you|we|home|safe))",
    r"\b(?:i'?m|i am|we'?re|we are|i'?ve|i have|we have|we'?ve) (?:(?:just|now|already|all|sitting|waiting|both) )*"
    r"(?:here|arrived|outside|parked|checked in|downstairs|out front|logged (?:in|on)|(?:on|in) the (?:video|call|link)"
    r"|at (?:the|your) (?:front |main )?(?:desk|door|clinic|entrance|reception|counter)"
    r"|in (?:the|your) (?:waiting |parking |exam )?(?:lobby|room|area|lot|garage|building|clinic))\b",
    r"\b(?:just|have) (?:arrived|got here|pulled in|parked)\b",
    # es
    r"\bllegu[eé]\b|\bya llegamos\b|^llegamos[ .!]*$|\bya (?:estoy|estamos)\s*(?:$|[.!])",
    r"\baqu[ií] (?:estoy|estamos|ando)\b|^(?:ya )?aqu[ií][ .!]*$",
    r"\b(?:estoy|estamos|ando) (?:ya )?(?:aqu[ií]|ac[aá]|afuera|abajo"
    r"|en (?:la|el) (?:sala|entrada|recepci[oó]n|cl[ií]nica|puerta|lobby|estacionamiento|parking|consultorio))",
    # pt
    r"\bcheguei\b|\bj[aá] chegamos\b|^chegamos[ .!]*$",
    r"\b(?:estou|estamos) (?:j[aá] )?(?:aqui|na recep|na sala|l[aá] fora|no estacion)",
    # fr
    r"\b(?:suis|sommes|on est) (?:bien )?arriv[ée]+s?\b|^(?:bonjour,? )?arriv[ée]+s?[ .!]*$",
    r"\b(?:suis|sommes|on est) (?:bien )?(?:l[àa]\b|ici\b|dans (?:la salle|le hall)|au parking|sur place)",
    # zh
    r"^(?:我(?:们|們)?)?(?:已经|已經|刚|剛|都)*到(?:了|達|达)|我(?:们|們)?(?:已经|已經|刚|剛|都)*到(?:了|達|达)|已到(?!期)",
    r"我(?:们|們)?(?:已经|已經)?在(?:这里|這裡|这儿|這兒|大厅|大廳|候诊|候診|停车|停車|门口|門口|前台|櫃檯)",
    # vi, tl
    r"đã (?:đến|tới)(?! (?:lúc|giờ|ngày))|(?:đến|tới) (?:nơi )?rồi|đang ở (?:đây|phòng chờ|bãi|quầy|sảnh)",
    r"\bn?andito na\b|\bnarito na\b|\bdumating na\b|\bnakarating na\b|\bnasa (?:lobby|labas|parking|clinic) na\b",
    # ko
    r"도착(?!하겠|할|하면|하기)|(?:^|저 |우리 |지금 |방금 |다 )왔(?:어요|습니다|다)",
    r"와 ?있(?:어요|습니다)|여기 있(?:어요|습니다)",
    # ru
    r"^(?:уже )?(?:здесь|тут)[ .!]*$|\b(?:я|мы) (?:уже )?(?:здесь|тут)\b|\bна месте\b",
    r"\b(?:я|мы) (?:уже )?(?:приехал[аи]?|пришла|пришли|приш[её]л|прибыл[аи]?)\b",
    r"^(?:уже )?(?:приехал[аи]?|пришла|приш[её]л|прибыл[аи]?)[ .!]*$",
    # ar, fa
    r"(?:^|(?:أنا|انا|نحن|لقد) )وصل(?:ت|نا)(?:[ .!،]*$| (?:إلى|الى|للعيادة|العيادة|للموعد))",
    r"(?:أنا|انا|نحن) هنا|في (?:صالة|غرفة) الانتظار|في الموقف",
    r"^(?:من |ما )?(?:الان |تازه |دیگه )?رسید(?:م|یم|ه‌?ام)|این ?جا هستم|اینجام|اینجا هستیم",
    # hi
    r"पहु[ँं]?च (?:गए|गया|गई|गयी|चुक)|(?:^|(?:मैं|मै|हम)(?: [^ ]+){0,2} )आ (?:गए|गया|गई|गयी|चुक)",
    r"यहाँ (?:हूँ|हैं)|यहां (?:हूं|हैं)|\bpah?unch gay[aei]",
    # ht
    r"\b(?:mwen|m|nou) (?:fèk |deja |gentan |fin )?rive\b|^rive[ .!]*$",
    r"^(?:mwen|m|nou) (?:la|isit)\b|\b(?:mwen|nou) isit\b",
    # pl
    r"^(?:ju[zż] )?jeste(?:m|śmy|smy)(?: ju[zż])?(?: na miejscu| tu(?:taj)?| w poczekalni| pod gabinetem)?\s*[.!]*$",
    r"\bna miejscu\b|\bdotar[lł][ae]m\b|\bprzysz(?:łam|edłem|lam|edlem)\b|\bprzyjecha[lł][ae]m\b",
)
"""How patients write that they are there, as the languages say it; drafts, as the lexicons are."""
_NOT_YET: Final = (
    r"\b(?:not|never|isn'?t|aren'?t|can'?t|won'?t|almost|nearly|soon|will|i'?ll|we'?ll|gonna|going to|when|once|if"
    r"|until|till?|on (?:my|our|the) way|otw|late|leav\w+|left|should|could)\b",
    r"\d ?min|\bminut",
    r"\b(?:no|todav[ií]a|a[uú]n|casi|cuando|voy|pronto|tarde|luego)\b",
    r"\bn[aã]o\b|\bainda\b|\bquase\b|\bquando\b|\bse\b|\b(?:pas|bient[ôo]t|presque|quand|retard)\b",
    r"没|沒|快到|未|马上|馬上|还要|還要|如果|要是|怎么|怎麼|chưa|sắp|không|nếu|trễ",
    r"\b(?:wala|hindi|malapit|papunta|kung|pag)\b|아직|못|곧|예정|안 |면 |늦",
    r"\bне\b|ещ[её]|скоро|когда|если|опазд|подъезж|\bلم\b|\bلن\b|سوف|قريب|إذا|عندما|تأخر|هنوز|نرسید|اگر|وقتی|دیر",
    r"नहीं|अभी तक|जब|अगर|देर|\b(?:pa|poko|ap rive|pral|lè|reta|talè|pou|dwe)\b",
    r"\b(?:nie|jeszcze|zaraz|kiedy|gdy|je[sś]li|sp[oó][zź]ni\w+)\b",
)
"""Not yet, not here, or only if: then it is for people to read."""
_ELSEWHERE: Final = (
    # en: one may be logged in from home, and wait outside in the car
    r"\b(?:here|arrived|outside|parked|downstairs|got here|pulled (?:in|up)),?"
    r"(?: (?:still|stuck|now|right now|just|only|sitting|sick|safe(?:ly)?|back|all day|of|from|with you))*,? "
    r"(?:(?:at )?(?:home|work|school|church)\b|at the (?:airport|hotel|store|bank|school|pharmacy|job|gym)\b"
    r"|at (?:my|our|his|her|their|another|a)\b(?! (?:app(?:oin)?t\w*|visit|doctor|dr|clinic))"
    r"|in (?:a|an|another|my|our) (?!car\b|truck\b|van\b|ride\b|vehicle|wheelchair|room\b|exam|minute|appoint)\w"
    r"|in (?:the (?:hospital|er|emergency|country|city|house|middle|states|usa?)\b|bed\b|traffic\b|jail\b|class\b)"
    r"|in (?!the\b|your\b|my\b|our\b|a\b|an\b|line\b|lobby|front\b|person\b|time\b|parking|waiting|exam|reception"
    r"|room|suite|building|garage|car\b|clinic|office|case\b|\w+(?:ology|iatrics)\b|lab\b|x-?ray|imaging|check|good\b)"
    r"[^\W\d]"
    r"|(?:the|my|our|this|town|city)\b(?= ?(?:country|city|town|state|county|area|usa?|house|home|work|job|$|[.!,]))"
    r"|(?:working|mowing|gardening|shopping|playing)\b)",
    # es
    r"(?:aqu[ií]|ac[aá]|afuera|abajo|llegu[eé]|llegamos)(?: (?:estoy|estamos|ando|ya|bien|todav[ií]a|sigo))*,? "
    r"(?:(?:en|al?|de|del|fuera de|fuera del)(?: (?:la|el|mi|un|una|su|otro|otra))?"
    r" ?(?:trabajo|casa|escuela|colegio|aeropuerto|pa[ií]s|ciudad|pueblo|estado|cama|junta|reuni[oó]n|tr[aá]fico"
    r"|rancho|tienda|iglesia|banco|hotel)\b|en mi (?!cita|carro|coche|auto|troca|camioneta|doctor)"
    r"|(?:en|a) (?!la\b|las\b|el\b|su\b|mi\b|un|l[ií]nea|recepci|sala|lobby|persona|cl[ií]nica|consultorio|estaciona"
    r"|parking|espera|tiempo|punto|urgencias|radiolog|laboratorio|rayos|ver|hacer|checar)[^\W\d])",
    # pt, fr
    r"(?:aqui|cheguei|chegamos|l[aá] fora)(?: (?:j[aá]|bem))*,? (?:no|na|ao|[aà]|em|do|da|de)(?: (?:meu|minha))? ?"
    r"(?:trabalho|servi[cç]o|casa|escola|aeroporto|pa[ií]s|cidade|reuni[aã]o|hotel|igreja)\b",
    r"(?:ici|l[àa]|arriv[ée]+s?)(?: bien)*,? (?:au|[àa] la|[àa] l'|[àa]|chez|en|dans)(?: (?:mon|ma|le|la))? ?"
    r"(?:travail|boulot|maison|[ée]cole|moi|nous|bureau|[ée]tranger|a[ée]roport|vacances|r[ée]union|h[ôo]tel)\b",
    # zh, vi, tl
    r"(?:到(?:了|達|达)|在(?:这里|這裡|这儿|這兒)).{0,2}"
    r"(?:(?<!大)家|上班|公司|单位|單位|开会|開會|学校|學校|机场|機場|国外|國外|外地)",
    r"(?:đã (?:đến|tới)|đang ở đây)(?: (?:ở|tại|trong|nơi))* (?:nhà\b(?! (?:thương|xe))|chỗ làm|công ty|sở làm|trường"
    r"|sân bay|nước ngoài|nơi làm)",
    r"(?:andito|narito|dumating|nakarating)(?: (?:na|po|ako|kami|pa|rin|lang))* sa (?:bahay|trabaho|work|eskwela|school"
    r"|airport|abroad|ibang bansa|probinsya|opisina namin)|nasa labas na ng bansa",
    # ko, ru, ar, fa: the place may come first
    r"(?:집|회사|직장|학교|공항|해외|외국|사무실)에?서? ?(?:도착|왔|와 ?있|있)",
    r"\b(?:здесь|тут|на месте|приехал[аи]?|пришла|пришли|приш[её]л|прибыл[аи]?),? (?:на работ[еу]|дома|домой|в офисе?\b"
    r"|в школ|за границ|в другом городе|в аэропорт|на дач[еу]|в отпуск)",
    r"(?:هنا|وصل(?:ت|نا))،? (?:في |إلى |الى )(?:العمل|الشغل|البيت|المنزل|بيتي|منزلي|المدرسة|المطار|الخارج|المكتب)",
    r"(?:رسید(?:م|یم|ه‌?ام)|این ?جا(?: هستم| هستیم)?|اینجام)،? (?:(?:به|در|تو|سر) )?(?:خانه|خونه|کار\b|محل کار|مدرسه"
    r"|فرودگاه|خارج)",
    # hi, ht, pl
    r"(?:घर|ऑफिस|ऑफ़िस|दफ़्तर|दफ्तर|काम|स्कूल|एयरपोर्ट|विदेश)(?: (?:में|पर|ही|पे))* (?:पहु[ँं]?च|आ ग|यहा[ँं])"
    r"|\b(?:ghar|office|kaam|school)(?: (?:par|pe|mein))? pah?unch",
    r"\b(?:rive|la|isit)(?: (?:nan|a|o|lan|deja|toujou))* (?:lakay|kay mwen|travay|lek[oò]l|ayewop[oò]|aletranje)",
    r"(?:na miejscu|tu(?:taj)?|dotar[lł][ae]m|przysz(?:łam|edłem|lam|edlem)|przyjecha[lł][ae]m),? (?:do|w) "
    r"(?:domu|prac[yę]|szko[lł][yę]|biur\w+)",
)
"""There, at a place that is not the clinic: "I'm here at work" is no arrival."""
LATER: Final = re.compile(
    r"\b(?:not|haven'?t) (?:here|there|arrived|in) yet\b|\bnot yet\b"
    r"|\b(?:todav[ií]a|a[uú]n) no (?:llego|he|hemos|estoy|llegu)"
    r"|\bno llego todav|\bainda n[aã]o (?:cheg|estou)|\bpas encore (?:arriv|l[àa]\b)"
    r"|(?:还|還)?(?:没|沒)(?:有)?到|未到|快到|chưa (?:đến|tới)|\bwala pa\b"
    r"|\bhindi pa (?:po )?(?:ako )?(?:nakarating|dumating)"
    r"|아직 ?(?:도착|못|안)|ещ[её] не (?:приехал|на месте|здесь|дош)|لم (?:أصل|نصل)|ما وصلت بعد|هنوز نرسید"
    r"|नहीं पहु|\b(?:pa|poko|pa ko) (?:ko )?rive\b|\bjeszcze (?:nie|mnie nie)\b",
    re.IGNORECASE,
)
"""Not there yet: to "reply when you are here" that is no refusal of the visit, however much it is a no."""
HERE: Final = re.compile("|".join(f"(?:{one})" for one in _HERE), re.IGNORECASE)
NOT_YET: Final = re.compile("|".join(_NOT_YET), re.IGNORECASE)
ELSEWHERE: Final = re.compile("|".join(f"(?:{one})" for one in _ELSEWHERE), re.IGNORECASE)
SHORT: Final = 40
"""Whoever is not there yet and says more has more to say: that they are not coming at all, perhaps."""
LONGEST: Final = 160
"""More than that is a story, for people to read."""


def says_here(words: str, understanding: Understanding) -> bool:
    """Whether the words say that the writer has come, and nothing that speaks against it."""
    text = " ".join(words.replace("’", "'").split())
    if len(text) > LONGEST or understanding.has(Intent.DECLINE, Intent.RESCHEDULE, Intent.OPT_OUT):
        return False
    return HERE.search(text) is not None and NOT_YET.search(text) is None and ELSEWHERE.search(text) is None


def says_later(words: str) -> bool:
    """Whether the words say no more than that the writer is not there yet."""
    return len(words) <= SHORT and LATER.search(words.replace("’", "'")) is not None


def arrive(
    understanding: Understanding,
    situation: Situation,
    journeys: Mapping[str, Journey],
    now: datetime,
    *,
    asked: Question | None,
) -> Response | None:
    """What an arrival leads to; None where the text reports none, or no visit is near. `asked`: what it may answer."""
    visits = _near(situation, now)
    about_visits = asked is None or asked.journey == "appointment"
    if visits and about_visits and understanding.has(Intent.DECLINE) and says_later(situation.words):
        late = Escalate(Reason.RUNNING_LATE, Priority.URGENT, appointment_id=visits[0].appointment_id)
        bound = Binding(Fit.OPEN, "is not there yet", asked, visits)
        return Response((late, Say("general/running_late")), binding=bound)
    if not visits or not says_here(situation.words, understanding):
        return None
    ids = {visit.appointment_id for visit in visits}
    live = (q for q in situation.questions if q.is_live(now) and not q.is_notice)
    question = next((q for q in live if q.subjects and {subject for subject, _version in q.subjects} <= ids), None)
    binding = Binding(Fit.OPEN, "says on the day that they are there", question, visits)
    coming = _as_a_yes(understanding, situation, binding, journeys["appointment"], now)
    effects: list[Effect] = [Arrived(visit.appointment_id) for visit in visits]
    effects += coming.effects
    # Whoever is there needs to be told no more how to get in.
    effects += [VoidTouches(visit.appointment_id, "arrived", (DAY_OF,)) for visit in visits]
    effects.append(Escalate(Reason.ARRIVED, Priority.URGENT, "check-in", visits[0].appointment_id))
    effects.append(Say("appointment/arrived"))
    answered = Response(tuple(effects), coming.enrollments, binding)
    said = replace(understanding, intents=tuple(one for one in understanding.intents if one not in _COVERED))
    return replace(answered, effects=(*answered.effects, *residue(said, answered, situation.words)))


_COVERED: Final = (Intent.RUNNING_LATE, Intent.CONFIRM, Intent.UNCLEAR, Intent.GREETING, Intent.ACKNOWLEDGE)


def _near(situation: Situation, now: datetime) -> tuple[Visit, ...]:
    """The visit of now, and those that begin soon after it; of whoever is named, where somebody is."""
    near = [
        visit
        for visit in situation.visits
        if visit.status.is_ahead
        and visit.starts_at - EARLY <= now <= visit.starts_at + LATE
        and (not situation.named or visit.patient_id in situation.named)
    ]
    first = min(near, key=lambda visit: abs(visit.starts_at - now), default=None)
    if first is None:
        return ()
    return tuple(visit for visit in near if abs(visit.starts_at - first.starts_at) <= TOGETHER)


def _as_a_yes(
    understanding: Understanding, situation: Situation, binding: Binding, journey: Journey, now: datetime
) -> Response:
    """Whoever is there comes: visits that still wait for an answer are confirmed, without a word about it."""
    waiting = tuple(
        visit for visit in binding.visits if visit.is_open(now) and visit.response is Participation.NEEDS_ACTION
    )
    if not waiting:
        return Response(())
    yes = replace(understanding, intents=(Intent.CONFIRM,), auto=True)
    made = each_visit(yes, situation, replace(binding, visits=waiting), journey, now)
    return replace(made, effects=tuple(effect for effect in made.effects if not isinstance(effect, Say)))
