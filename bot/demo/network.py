"""The emulated phone network: Twilio's API on one side, patients' phones on the other, and a page that shows them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Event, Thread
from typing import Any

from aiohttp import web

from bot.demo.network_faults import FaultPlan, Faults
from bot.demo.network_page import Page
from bot.demo.network_phones import Exchange, Outcome
from bot.demo.network_rest import RestApi
from bot.demo.network_state import NetworkMessage, NetworkSettings, NetworkState
from bot.demo.network_wire import Wire

WAIT_SECONDS = 30.0


class Network:
    """One network, listening once it is started; it belongs to the event loop that starts it."""

    def __init__(self, settings: NetworkSettings, plan: FaultPlan | None = None) -> None:
        self.state = NetworkState(settings)
        self.faults = Faults(plan or FaultPlan())
        self._runner: web.AppRunner | None = None
        self._wire: Wire | None = None
        self.exchange: Exchange | None = None

    async def start(self, *, host: str = "127.0.0.1", port: int = 0, listening: socket.socket | None = None) -> int:
        """Listen, on a socket that does so already if one is given; the port, which is a free one for 0."""
        self._wire = Wire(self.state, self.faults)
        self.exchange = Exchange(self.state, self._wire)
        app = web.Application(client_max_size=2**20)
        RestApi(self.state, self.faults, self._wire).add_routes(app)
        Page(self.state, self.faults, self.exchange).add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = (
            web.SockSite(self._runner, listening, backlog=1024)
            if listening is not None
            else web.TCPSite(self._runner, host, port, backlog=1024)
        )
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening and drop what is under way."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._wire is not None:
            await self._wire.close()


class RunningNetwork:
    """A network in a thread of its own, for tests and benchmarks: `with RunningNetwork(settings) as network: …`."""

    def __init__(self, settings: NetworkSettings | None = None, plan: FaultPlan | None = None) -> None:
        self._network = Network(settings or NetworkSettings(), plan)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="phone network", daemon=True)
        self._ready = Event()
        self.port = 0

    def __enter__(self) -> RunningNetwork:
        self._thread.start()
        if not self._ready.wait(WAIT_SECONDS):
            raise RuntimeError("the emulated network did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_SECONDS)

    @property
    def url(self) -> str:
        """For TWILIO_API_URL, and the page of phones."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> NetworkSettings:
        """The account that it serves."""
        return self._network.state.settings

    @property
    def struck(self) -> Mapping[str, int]:
        """How often each fault has struck."""
        return self._network.faults.struck

    @property
    def alerts(self) -> Sequence[str]:
        """The webhooks that failed."""
        return tuple(self._network.state.alerts)

    def connect_app(self, app_url: str) -> None:
        """From now on patients' texts go to this app."""
        self._network.state.settings = replace(self.settings, app_url=app_url)

    def set_faults(self, plan: FaultPlan) -> None:
        """Another plan from now on."""
        self._loop.call_soon_threadsafe(self._network.faults.replace, plan)

    def text(self, number: str, body: str, **extra: Any) -> Outcome:
        """A text from that phone; returns when the app has answered or Twilio would have given up."""
        if self._network.exchange is None:
            raise RuntimeError("start the network first")
        asked = asyncio.run_coroutine_threadsafe(self._network.exchange.receive(number, body, **extra), self._loop)
        return asked.result(WAIT_SECONDS)

    def messages(self, number: str | None = None) -> tuple[NetworkMessage, ...]:
        """Everything accepted or brought, oldest first; of one phone, if one is named."""
        return tuple(message for message in list(self._all()) if number in (None, message.phone))

    def count(self) -> int:
        """How many these are, which costs nothing however many."""
        return len(self._network.state.messages)

    def _all(self) -> Sequence[NetworkMessage]:
        return list(self._network.state.messages.values())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self.port = self._loop.run_until_complete(self._network.start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._network.stop())
        self._loop.close()


async def serve(
    settings: NetworkSettings, plan: FaultPlan, *, host: str, port: int, listening: socket.socket | None = None
) -> None:
    """Listen until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    network = Network(settings, plan)
    await network.start(host=host, port=port, listening=listening)
    await stopped.wait()
    await network.stop()


if __name__ == "__main__":
    from bot.demo.network_command import main  # the command imports this module in its turn

    main()
