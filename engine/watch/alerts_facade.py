"""The facade of the alerts: list, deliver, acknowledge and silence them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.core.audit import AuditOutcome, audited
from engine.core.clock import iso
from engine.core.snapshot import Alert
from engine.settings.facade import Facade
from engine.watch import alerts, deliver

if TYPE_CHECKING:
    from engine.watch.records import Waiting


class AlertsFacade(Facade):
    """The alerts of the home and the messages about them."""

    def list(self, lately: timedelta | None = None) -> tuple[Alert, ...]:
        """Firing alerts, then pending ones, then those resolved `lately`."""
        return alerts.alert_list(self.home, self.clock.now(), lately)

    def undelivered(self) -> tuple[Waiting, ...]:
        """Messages that were not delivered yet."""
        return deliver.outbox(self.home)

    def delivery_closed(self) -> str:
        """Why no message can be sent now, in words; empty when one can."""
        return deliver.closed(self.home, self.context.settings)

    def deliver(self) -> str:
        """Send waiting messages through a short-lived child; return what went wrong."""
        return deliver.deliver(self.home, self.context.settings) if self.undelivered() else ""

    @audited(
        "ack",
        lambda rule, symbol: {"rule": rule, "symbol": symbol},
        lambda count: {"marked": count},
    )
    def acknowledge(self, rule: str, symbol: str) -> int:
        """Acknowledge firing alerts (`*` for all); return how many."""
        return alerts.acknowledge(self.home, rule, symbol, self.clock.now())

    @audited(
        "silence",
        lambda rule, symbol, *_: {"rule": rule, "symbol": symbol},
        lambda end: {"until": iso(end)},
    )
    def silence(self, rule: str, symbol: str, span: timedelta) -> datetime:
        """Mute these alerts for `span`; return when it ends."""
        return alerts.silence(self.home, rule, symbol, span, self.clock.now())

    @audited(
        "alert-test",
        dict,
        lambda fault: {"fault": fault, "outcome": AuditOutcome.FAILED} if fault else {},
    )
    def send_test(self) -> str:
        """Queue a test message and deliver it; return what went wrong."""
        alerts.queue_test(self.home, self.clock.now())
        return self.deliver()
