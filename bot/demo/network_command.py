"""`python -m bot.demo.network`: the emulated phone network as a process of its own."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import click

from bot.demo.network import serve
from bot.demo.network_faults import read_plan
from bot.demo.network_state import Keywords, NetworkSettings


def _json(_: click.Context, __: click.Parameter, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(context_settings={"show_default": True})
@click.option("--host", default="127.0.0.1", help="Where to listen.")
@click.option("--port", type=int, default=0, help="Where to listen; becomes part of TWILIO_API_URL.")
@click.option("--fd", type=int, help="Listen on this socket instead, which the parent process has opened.")
@click.option("--account-sid", envvar="TWILIO_ACCOUNT_SID", default=NetworkSettings().account_sid)
@click.option("--auth-token", envvar="TWILIO_AUTH_TOKEN", default=NetworkSettings().auth_token, show_default=False)
@click.option("--phone-number", envvar="TWILIO_PHONE_NUMBER", default=NetworkSettings().phone_number)
@click.option("--messaging-service-sid", envvar="TWILIO_MESSAGING_SERVICE_SID")
@click.option("--public-url", envvar="PUBLIC_URL", help="The app that patients' texts go to.")
@click.option("--fallback-url", help="Where a text goes when the app's webhook fails.")
@click.option("--timezone", envvar="CLINIC_TIMEZONE", default=NetworkSettings().timezone, help="Of the times shown.")
@click.option("--keywords", type=click.Choice([word.value for word in Keywords]), default=Keywords.RECORD.value)
@click.option("--latency-ms", type=float, help="How long the API takes to answer.")
@click.option("--carrier-ms", type=float, help="How long a text takes to its phone.")
@click.option("--seed", type=int, help="Of what goes wrong by chance.")
@click.option("--faults", default="{}", callback=_json, help="What goes wrong: JSON as for /network/faults.")
def main(
    host: str,
    port: int,
    *,
    fd: int | None,
    faults: dict[str, Any],
    keywords: str,
    latency_ms: float | None,
    carrier_ms: float | None,
    seed: int | None,
    auth_token: str,
    public_url: str | None,
    **account: str,
) -> None:
    """Run the emulated phone network until it is told to stop."""
    given = {"latency_ms": latency_ms, "carrier_ms": carrier_ms, "seed": seed}
    try:
        plan = read_plan({**faults, **{name: value for name, value in given.items() if value is not None}})
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--faults") from error
    settings = NetworkSettings(
        # While a token is being rotated, Twilio signs with the primary one.
        auth_token=auth_token.split(",")[0].strip(),
        app_url=public_url.rstrip("/") if public_url else None,
        keywords=Keywords(keywords),
        **account,
    )
    inherited = socket.socket(fileno=fd) if fd is not None else None
    asyncio.run(serve(settings, plan, host=host, port=port, listening=inherited))
