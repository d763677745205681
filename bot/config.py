"""Settings: read from the environment, typed, and validated together so that every fault is named at once."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
import psycopg
import redis
from psycopg.conninfo import make_conninfo
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_API_URL = "https://api.twilio.com"
SHORTEST_SECRET = 16
NO_SENDER = "set it or TWILIO_MESSAGING_SERVICE_SID, the sender"


class SettingsError(Exception):
    """One or more settings are missing or malformed; `faults` holds one line for each, naming the setting."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _yes_no(value: object) -> object:
    words = {"yes": True, "no": False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    if isinstance(value, bool):
        return value
    raise ValueError("write yes or no")


def _parts(url: str) -> SplitResult | None:
    """The parts of an address, or None for what can be none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read only when asked for, and not a number only then
    except ValueError:
        return None
    return parts


class MailServer(NamedTuple):
    """What SMTP_URL says: the server, how to sign in there, and whom its mail is from."""

    host: str
    port: int
    tls: bool
    """From the first byte; else STARTTLS where it is offered."""
    user: str
    password: str
    sender: str

    @property
    def is_local(self) -> bool:
        """Whether it is this very machine, where nobody reads along."""
        return self.host in ("localhost", "127.0.0.1", "::1")


class Settings(BaseSettings):
    """All that a clinic sets. Names in the environment are the upper-case forms of these."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    database_url: str = Field(description="SQLAlchemy URL: postgresql+psycopg://… in production, sqlite:///… embedded")
    redis_url: str = Field(description="redis://… for RQ, the send rate and live updates")
    twilio_account_sid: str = Field(description="Twilio's account SID (AC…)")
    twilio_auth_token: Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)] = Field(
        description="auth token; two, comma-separated, newest first, while rotating"
    )
    twilio_messaging_service_sid: str | None = Field(None, description="sender: a Messaging Service (MG…)")
    twilio_phone_number: str | None = Field(None, description="sender: one number in E.164 form")
    twilio_api_url: str = Field(DEFAULT_API_URL, description="base URL of the REST API")
    public_url: str = Field(description="the URL by which Twilio and browsers reach `web`")
    secret_key: SecretStr = Field(description="signs sessions and CSRF tokens; 16 characters or more")
    data_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)] = Field(
        description="field-encryption keys, newest first: 32 random bytes in URL-safe base64 each"
    )
    port: int = Field(8000, ge=1, le=65535, description="where `web` listens")
    clinic_name: str = Field(min_length=1, max_length=40, description="the clinic's name as texts give it")
    clinic_phone: str = Field(description="the clinic's own number; national numbers are read in its country")
    clinic_timezone: str = Field(description="IANA time zone of the clinic")
    quiet_hours: str = Field("20:00-08:00", description="local time of day in which no outreach starts")
    office_hours: str = Field("08:00-17:00", description="local time of day in which somebody reads, Monday to Friday")
    draft_translations: Literal["send", "english"] = Field(
        "send", description="translations that nobody has approved: sent as they are, or English in their place"
    )
    totp_required: Annotated[bool, BeforeValidator(_yes_no)] = Field(
        True, description="second factor for every account"
    )
    trusted_proxies: Annotated[list[str], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=list, description="addresses whose X-Forwarded-* headers are believed"
    )
    send_rate: float = Field(10, gt=0, le=1000, description="segments a second that the sender may send")
    reminder_days: Annotated[list[Annotated[int, Field(ge=1, le=90)]], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=lambda: [3, 1], description="days before a visit on which a reminder goes out"
    )
    visit_feedback: Annotated[bool, BeforeValidator(_yes_no)] = Field(False, description="ask how visits were")
    metrics_port: int | None = Field(None, ge=1, le=65535, description="serve /metrics on this port instead")
    undo_seconds: int = Field(5, ge=0, le=10, description="how long a coordinator may take a reply back")
    smtp_url: SecretStr | None = Field(
        None, description="mail server for staff on call: smtps://user:password@host:465?from=texts@clinic.example"
    )
    segment_price: Decimal | None = Field(None, gt=0, lt=10, description="what one segment costs, in US dollars")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe line logged")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value.startswith(("postgresql://", "postgres://")):
            value = "postgresql+psycopg://" + value.split("://", 1)[1]
        if not value.startswith(("postgresql+psycopg://", "sqlite:///")):
            raise ValueError("write postgresql+psycopg://… or sqlite:///…")
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("no database can be meant by it; write postgresql+psycopg://user@host:5432/name") from None
        if url.get_backend_name() == "sqlite":
            # In memory, each process would have a database of its own, and none after it.
            if url.database in (None, "", ":memory:"):
                raise ValueError("write the file after it: sqlite:///clinic.db")
        else:
            _check_options(dict(url.query))
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        parts = _parts(value)
        numbered = parts is not None and (parts.scheme == "unix" or re.fullmatch(r"/?\d*", parts.path))
        if parts is None or parts.scheme not in ("redis", "rediss", "unix") or not numbered:
            raise ValueError("write redis://host:port/0")
        try:
            # Opens nothing, but is the first to look at what stands after the question mark.
            redis.ConnectionPool.from_url(value).make_connection()
        except (TypeError, ValueError, redis.RedisError):
            raise ValueError("there are no such options as stand after its ?") from None
        return value

    @field_validator("twilio_account_sid")
    @classmethod
    def _account(cls, value: str) -> str:
        if not re.fullmatch(r"AC[0-9A-Za-z]+", value):
            raise ValueError("an account SID starts with AC; letters and digits follow")
        return value

    @field_validator("twilio_messaging_service_sid")
    @classmethod
    def _service(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"MG[0-9A-Za-z]+", value):
            raise ValueError("a Messaging Service SID starts with MG; letters and digits follow")
        return value

    @field_validator("twilio_auth_token")
    @classmethod
    def _tokens(cls, value: list[SecretStr]) -> list[SecretStr]:
        if not value:
            raise ValueError("there is none in it")
        if not all(re.fullmatch(r"[!-~]+", token.get_secret_value()) for token in value):
            raise ValueError("a token has letters and digits only")
        return value

    @field_validator("secret_key")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().strip()) < SHORTEST_SECRET:
            raise ValueError(f"write {SHORTEST_SECRET} characters or more")
        return value

    @field_validator("clinic_name")
    @classmethod
    def _name(cls, value: str) -> str:
        value = value.strip()
        if not value or not value.isprintable():
            raise ValueError("write the name in one line of printable characters")
        return value

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = _parts(value)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write http://… or https://…")
        if parts.username is not None:
            raise ValueError("write an address without user and password")
        if parts.query or parts.fragment or not value.isascii() or any(sign <= " " for sign in value):
            raise ValueError("write an address without ?, #, spaces or letters beyond a-z")
        return value.rstrip("/")

    @field_validator("data_keys")
    @classmethod
    def _keys(cls, value: list[SecretStr]) -> list[SecretStr]:
        if not value:
            raise ValueError("there is none in it; `bot keys new` makes one")
        for key in value:
            try:
                raw = base64.urlsafe_b64decode(key.get_secret_value() + "==")
            except (binascii.Error, ValueError):
                raw = b""
            if len(raw) != 32:
                raise ValueError("each key is 32 random bytes in URL-safe base64; `bot keys new` makes one")
        return value

    @field_validator("clinic_phone", "twilio_phone_number")
    @classmethod
    def _phone(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            number = phonenumbers.parse(value.removeprefix("whatsapp:"), None)
        except phonenumbers.NumberParseException:
            raise ValueError("write the number with its country code, such as +16015550100") from None
        if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
            raise ValueError("no such number is possible")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    @field_validator("clinic_timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError):
            raise ValueError("no such IANA time zone; write one like America/Chicago") from None
        return value

    @field_validator("quiet_hours", "office_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        try:
            parse_hours(value)
        except ValueError:
            raise ValueError("write two times of day, such as 20:00-08:00") from None
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_mail(value.get_secret_value())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: list[str]) -> list[str]:
        for address in value:
            ipaddress.ip_network(address, strict=False)
        return value

    @field_validator("twilio_phone_number", mode="after")
    @classmethod
    def _sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        # On a field, as a validator of the whole is not asked once anything else is wrong; after the service's.
        if value is None and info.data.get("twilio_messaging_service_sid", "malformed, and told already") is None:
            raise ValueError(NO_SENDER)
        return value

    @property
    def country(self) -> str:
        """ISO 3166 country in which national phone numbers are read."""
        number = phonenumbers.parse(self.clinic_phone, None)
        region = phonenumbers.region_code_for_number(number)
        # By its calling code where the number's own range is not known: a new one, or one kept for fiction.
        region = region or phonenumbers.region_code_for_country_code(number.country_code or 1)
        return region if region.isalpha() else "US"  # "001" belongs to no country

    @property
    def quiet(self) -> tuple[time, time]:
        """Start and end of the quiet hours; equal means none."""
        return parse_hours(self.quiet_hours)

    @property
    def office(self) -> tuple[time, time]:
        """Start and end of the office hours."""
        return parse_hours(self.office_hours)

    @property
    def mail(self) -> MailServer | None:
        """The mail server, if there is one."""
        return parse_mail(self.smtp_url.get_secret_value()) if self.smtp_url is not None else None

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """Twilio's auth tokens, the newest first; any of them verifies a signature."""
        return tuple(token.get_secret_value() for token in self.twilio_auth_token)


def parse_hours(text: str) -> tuple[time, time]:
    """Read `HH:MM-HH:MM`. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", text.strip(), re.ASCII)
    if found is None:
        raise ValueError("not two times of day")
    return time.fromisoformat(found[1]), time.fromisoformat(found[2])


def parse_mail(url: str) -> MailServer:
    """Read SMTP_URL. Raises ValueError, without quoting it."""
    parts = _parts(url)
    senders = parse_qs(parts.query).get("from", []) if parts is not None else []
    if parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("write smtps://user:password@host:465?from=texts@clinic.example")
    if len(senders) != 1 or not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", senders[0]):
        raise ValueError("write at its end whom the mail is from: ?from=texts@clinic.example")
    tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, parts.port or (465 if tls else 587), tls, user, password, senders[0])


def _check_options(options: dict[str, Any]) -> None:
    try:
        make_conninfo(**options)
    except (psycopg.ProgrammingError, TypeError):
        raise ValueError("there are no such options as stand after its ?") from None


def load(**overrides: Any) -> Settings:
    """Settings from the environment. Raises SettingsError that names every missing or malformed one."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError([_fault(item) for item in error.errors(include_input=False, include_url=False)]) from None


def _fault(item: Any) -> str:
    if not item["loc"]:
        return str(item["msg"]).removeprefix("Value error, ")
    name = str(item["loc"][0]).upper()
    if item["type"] == "missing":
        return f"{name} is not set: {Settings.model_fields[name.lower()].description}"
    said = str(item["msg"]).removeprefix("Value error, ")
    return f"{name} is {'not set' if said == NO_SENDER else 'malformed'}: {said}"
