"""The webhook's reference: a Flask endpoint that checks the signature and does an inbound's minimum in one statement.

The minimum: insert on a unique MessageSid, look the patient up by phone, read and update the conversation, insert the
reply. No understanding, no consent, no encryption, no audit, no log.
"""

from __future__ import annotations

import os

import psycopg
from flask import Flask, Response, abort, request

from bot.core.signature import valid

SCHEMA = """
CREATE TABLE reference_patients (id bigserial PRIMARY KEY, phone text UNIQUE, name text);
CREATE TABLE reference_conversations (phone text PRIMARY KEY, state text, version int, updated_at timestamptz);
CREATE TABLE reference_messages (
    id bigserial PRIMARY KEY, sid text UNIQUE, phone text, patient_id bigint, direction text, body text, at timestamptz
);
"""
MINIMUM = """
WITH patient AS (
    SELECT id FROM reference_patients WHERE phone = %(phone)s
), received AS (
    INSERT INTO reference_messages (sid, phone, patient_id, direction, body, at)
    VALUES (%(sid)s, %(phone)s, (SELECT id FROM patient), 'inbound', %(body)s, now())
    ON CONFLICT (sid) DO NOTHING RETURNING id
), conversation AS (
    INSERT INTO reference_conversations (phone, state, version, updated_at) VALUES (%(phone)s, 'asked', 1, now())
    ON CONFLICT (phone) DO UPDATE SET state = 'answered', version = reference_conversations.version + 1,
        updated_at = now()
    RETURNING version
), reply AS (
    INSERT INTO reference_messages (phone, patient_id, direction, body, at)
    SELECT %(phone)s, (SELECT id FROM patient), 'outbound', 'Thank you', now() FROM received
)
SELECT version FROM conversation
"""


def fill(database_url: str, phones: list[str]) -> None:
    """Tables, and a patient for each phone."""
    with psycopg.connect(_plain(database_url)) as connection:
        connection.execute(SCHEMA)
        with connection.cursor().copy("COPY reference_patients (phone, name) FROM STDIN") as copy:
            for phone in phones:
                copy.write_row((phone, "Ana"))


def app() -> Flask:
    """The application; DATABASE_URL, PUBLIC_URL and TWILIO_AUTH_TOKEN as for the clinic's own."""
    made = Flask(__name__)
    tokens = [os.environ["TWILIO_AUTH_TOKEN"]]
    url = os.environ["PUBLIC_URL"] + "/webhooks/twilio/message"
    connections: list[psycopg.Connection[tuple[int]]] = []

    @made.post("/webhooks/twilio/message")
    def message() -> Response:
        form = request.form
        if not valid(url, form.items(multi=True), request.headers.get("X-Twilio-Signature", ""), tokens):
            abort(403)
        if not connections:  # after the fork
            connections.append(psycopg.connect(_plain(os.environ["DATABASE_URL"]), autocommit=True))
        values = {"sid": form["MessageSid"], "phone": form["From"], "body": form["Body"]}
        connections[0].execute(MINIMUM, values).fetchone()
        return Response("<Response><Message>Thank you</Message></Response>", content_type="text/xml")

    return made


def _plain(database_url: str) -> str:
    return database_url.replace("postgresql+psycopg://", "postgresql://")
