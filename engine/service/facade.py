"""The facade of the prediction service: its state and its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.core.audit import audited
from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.client.records import ServicePlace, ServiceReply, ServiceState
    from engine.service.records import Overview


class ServiceFacade(Facade):
    """The running service of the home; each request is answered within its deadline."""

    def state(self, deadline_s: float = 2.0) -> ServiceState:
        """Whether the service runs, and its own health."""
        from engine.client.service_client import service_state

        return service_state(self.home, deadline_s)

    def ask(self, path: str, deadline_s: float = 2.0) -> ServiceReply:
        """GET a path of the service; always returns a reply, with any fault in words."""
        from engine.client.service_client import ask_service

        return ask_service(self.home, path, deadline_s)

    def place(self) -> ServicePlace:
        """The address of this home's service."""
        from engine.client.place import find_place

        return find_place(self.home)

    def make_token(self) -> None:
        """Write a new bearer token into secrets.toml; RefusedError when there is one."""
        from engine.client.token import make_token

        make_token(self.home)

    def serve(
        self,
        host: str | None,
        port: int | None,
        started: Callable[[str, bool], None],
        *,
        fetching: bool = True,
    ) -> int:
        """Serve HTTP until a signal, and return it; `host` and `port` default to the settings.

        `started` gets the URL and whether a token is set; port 0 picks a free one. Never trains.
        """
        from engine.service.server import Address, serve

        settings = self.context.settings
        address = Address(
            host or settings.service.host, settings.service.port if port is None else port
        )
        return serve(
            self.home,
            settings,
            address,
            self.source,
            lambda running: started(running.url, bool(running.policy.token)),
            fetching=fetching,
        )

    @audited("serve", lambda words: {"detach": " ".join(words) or "yes"})
    def start(self, words: Sequence[str]) -> ServicePlace:
        """Start the service in the background with these words of `serve`; where it listens.

        Raises BusyError while one runs, StockmlError when it ends at once.
        """
        from engine.service.background import start

        source = ["--source", self.source] if self.source else []
        return start(self.home, [*words, *source], self.clock)

    @audited("serve", lambda: {"stop": "yes"})
    def stop(self) -> str:
        """End the running service in order, and return its text; RefusedError when none runs."""
        from engine.service.background import stop

        return stop(self.home, self.clock)

    def overview(self, deadline_s: float = 1.0) -> Overview:
        """The service's state, figures and models for display, or why they are missing."""
        from engine.service.overview import overview

        return overview(self.home, self.context.settings, deadline_s)
