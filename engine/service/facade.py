"""The facade of the prediction service: whether one runs, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.client.service_client import ServiceReply, ServiceState
    from engine.service.overview import Overview


class ServiceFacade(Facade):
    """The running service of the home; each request is answered within its deadline."""

    def state(self, deadline_s: float = 2.0) -> ServiceState:
        """Whether the service runs, and its own health."""
        from engine.client.service_client import service_state

        return service_state(self.home, deadline_s)

    def ask(self, path: str, deadline_s: float = 2.0) -> ServiceReply:
        """GET a path of the service; a reply in any case, its fault in words."""
        from engine.client.service_client import ask_service

        return ask_service(self.home, path, deadline_s)

    def overview(self, deadline_s: float = 1.0) -> Overview:
        """The service for a person: state, figures, models; or what is in its way."""
        from engine.service.overview import overview

        return overview(self.home, self.context.settings, deadline_s)
