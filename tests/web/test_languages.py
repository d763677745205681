"""A patient switches the language by saying so in any, and is offered the one they write in; through Twilio's door."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.core.messages import Direction
from bot.core.people import ConsentBasis
from bot.core.rows import Kind
from bot.services.clinic import Clinic
from bot.services.importing.run import run_import
from bot.store.tables import Message, Patient
from tests.web.conftest import Post

PHONE = "+16015550111"
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Say = Callable[[str], str]

SPOKEN = {
    "English please": "en", "en español": "es", "说中文": "zh-Hans", "請用繁體中文": "zh-Hant", "nói tiếng Việt": "vi",
    "Tagalog po": "tl", "한국어로": "ko", "по-русски": "ru", "بالعربي": "ar", "kreyòl": "ht", "en français": "fr",
    "em português": "pt", "hindi mein": "hi", "فارسی": "fa", "po polsku": "pl",
}  # fmt: skip


def import_patient(clinic: Clinic, language: str, *, given: str = "Ana") -> None:
    row = f"patient_id,given_name,language,phone,timezone,consent\nP1,{given},{language},{PHONE},America/Chicago,yes\n"
    report = run_import(
        clinic, Kind.PATIENTS, BytesIO(row.encode()), file_name="rows.csv", actor="test", dry_run=False
    )
    assert not [fault for fault in report.faults if not fault.warning]


def on_file(clinic: Clinic) -> tuple[str, ConsentBasis]:
    with clinic.database.read() as connection:
        row = connection.execute(select(Patient.language, Patient.language_basis)).one()
    return row.language, row.language_basis


def sent_in(clinic: Clinic) -> list[str | None]:
    with clinic.database.read() as connection:
        query = select(Message.language).where(Message.direction == Direction.OUTBOUND).order_by(Message.created_at)
        return list(connection.execute(query).scalars())


@pytest.fixture
def says(post: Post, inbound: dict[str, str]) -> Say:
    """Ana texts; gives what she is answered."""
    numbers = itertools.count(1)

    def text(body: str) -> str:
        sid = f"SM{next(numbers):032d}"
        answer = post({**inbound, "From": PHONE, "Body": body, "MessageSid": sid, "SmsMessageSid": sid, "SmsSid": sid})
        assert answer.status_code == 200
        return "\n".join(message.text or "" for message in ET.fromstring(answer.text))

    return text


@one_database
@pytest.mark.parametrize(("spoken", "tag"), SPOKEN.items())
def test_saying_so_switches(says: Say, clinic: Clinic, spoken: str, tag: str) -> None:
    import_patient(clinic, "es" if tag == "en" else "en")
    changed = clinic.texts.render("general/language_changed", language=tag, values={}).text
    assert says(spoken) == changed
    assert on_file(clinic) == (tag, ConsentBasis.PATIENT)
    # What comes next is in it, too, and an import with the old one does not bring that back.
    import_patient(clinic, "es" if tag == "en" else "en", given="Anna")
    assert on_file(clinic)[0] == tag
    assert "911" in says("HELP")
    assert sent_in(clinic) == [tag, tag]


@one_database
def test_two_texts_in_another_language_bring_an_offer_whose_yes_switches(says: Say, clinic: Clinic) -> None:
    import_patient(clinic, "en")
    offer = clinic.texts.render("general/language_offer", language="ru", values={}).text
    assert offer not in says("во сколько вы завтра открываетесь?")
    assert says("где у вас можно поставить машину?").endswith(offer)
    assert on_file(clinic) == ("en", ConsentBasis.IMPORT)
    assert says("да") == clinic.texts.render("general/language_changed", language="ru", values={}).text
    assert on_file(clinic) == ("ru", ConsentBasis.PATIENT)


@one_database
def test_a_no_is_remembered(says: Say, clinic: Clinic) -> None:
    import_patient(clinic, "en")
    offer = clinic.texts.render("general/language_offer", language="tl", values={}).text
    texts = ("anong oras po kayo bukas bukas?", "saan po puwedeng mag-park ng kotse?")
    assert [offer in says(text) for text in texts] == [False, True]
    # In Tagalog that is no; in English it is the name of a language.
    assert says("hindi po") == "OK. We will go on in English."
    assert not any(offer in says(text) for text in texts * 2)
    assert on_file(clinic) == ("en", ConsentBasis.IMPORT)


@one_database
def test_short_answers_bring_none(says: Say, clinic: Clinic) -> None:
    import_patient(clinic, "en")
    answers = [says(text) for text in ("si", "gracias", "si gracias", "no", "ok", "hola")]
    assert not any("ESPAÑOL" in answer for answer in answers)


@one_database
def test_nobody_is_offered_anything_who_has_opted_out_or_is_unwell(says: Say, clinic: Clinic) -> None:
    import_patient(clinic, "en")
    says("a que hora abren manana?")
    assert "ESPAÑOL" not in says("me duele mucho la rodilla desde ayer")
    assert "ESPAÑOL" not in says("me duele el pecho y no puedo respirar")
    says("STOP")
    assert says("donde puedo dejar mi carro?") == ""


@one_database
def test_a_stranger_is_offered_none(says: Say, client: FlaskClient) -> None:
    assert client is not None
    answers = [says(text) for text in ("a que hora abren manana?", "donde puedo dejar mi carro?")]
    assert not any("ESPAÑOL" in answer for answer in answers)
