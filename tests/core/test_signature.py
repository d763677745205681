"""Our signature check agrees with Twilio's own validator on every form, and refuses everything else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from bot.core.signature import sign, valid, valid_json

TOKEN = "a-token-of-the-tests"
URL = "https://clinic.example.com/webhooks/twilio/message"
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.sampled_from(["Body", "From", "FromCity", "To", "MediaUrl0", "a", "b"]) | text
pairs = st.lists(st.tuples(names, st.just("") | text), max_size=12)
urls = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["clinic.example.com", "127.0.0.1", "bot.local"]),
    st.sampled_from(["", ":443", ":80", ":8443"]),
    st.sampled_from(["/webhooks/twilio/message", "/webhooks/twilio/status", "/"]),
    st.sampled_from(["", "?message=0198", "?a=1&b=%20x"]),
)


@given(urls, pairs)
def test_what_twilio_signs_is_valid(url, params):
    signature = RequestValidator(TOKEN).compute_signature(url, MultiDict(params))

    assert sign(url, params, TOKEN) == signature
    assert valid(url, params, signature, [TOKEN])
    assert valid(url, reversed(params), signature, ["newer", TOKEN])
    assert not valid(url, params, signature, ["newer"])


@given(urls, pairs)
def test_our_signatures_pass_twilios_validator(url, params):
    assert RequestValidator(TOKEN).validate(url, MultiDict(params), sign(url, params, TOKEN))


@given(pairs.filter(bool), names, text)
def test_a_changed_form_is_refused(params, name, value):
    signature = sign(URL, params, TOKEN)
    agrees = RequestValidator(TOKEN).validate(URL, MultiDict([*params, (name, value)]), signature)

    assert valid(URL, [*params, (name, value)], signature, [TOKEN]) == agrees


@pytest.mark.parametrize(
    ("signed", "asked"),
    [
        ("https://clinic.example.com/x", "https://clinic.example.com:443/x"),
        ("https://clinic.example.com:443/x", "https://clinic.example.com/x"),
        ("http://clinic.example.com/x?a=1", "http://clinic.example.com:80/x?a=1"),
        ("https://clinic.example.com/x", "https://clinic.example.com:8443/x"),
    ],
)
def test_the_port_is_tolerated(signed, asked):
    assert valid(asked, [("Body", "yes")], sign(signed, [("Body", "yes")], TOKEN), [TOKEN])


@pytest.mark.parametrize(
    ("asked", "signature"),
    [
        (URL, ""),
        (URL, "é" * 28),
        (URL, "\udcff"),
        (URL + "/", sign(URL, [], TOKEN)),
        (URL.replace("https", "http"), sign(URL, [], TOKEN)),
        ("https://[broken/x", sign(URL, [], TOKEN)),
        ("https://clinic.example.com:port/x", sign(URL, [], TOKEN)),
    ],
)
def test_other_requests_are_refused_without_an_error(asked, signature):
    assert not valid(asked, [], signature, [TOKEN])


def test_broken_unicode_is_judged_without_an_error():
    assert not valid(URL, [("Body", "\ud800")], "x", [TOKEN])


@given(st.binary(max_size=200))
def test_json_bodies_are_signed_through_the_url(body):
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = sign(url, [], TOKEN)

    assert valid_json(url, body, signature, [TOKEN])
    assert not valid_json(url, body + b" ", signature, [TOKEN])
    assert not valid_json(URL, body, sign(URL, [], TOKEN), [TOKEN])
    assert not valid_json("https://[broken/x", body, signature, [TOKEN])
