"""The facade of the alerts: what fires, what was not delivered, and what an operator does."""

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
        """What is pending or firing, firing first; then what was resolved `lately`."""
        return alerts.alert_list(self.home, self.clock.now(), lately)

    def undelivered(self) -> tuple[Waiting, ...]:
        """Messages that nobody took yet."""
        return deliver.outbox(self.home)

    def delivery_closed(self) -> str:
        """Why no message can be sent now, in words; empty when one can."""
        return deliver.closed(self.home, self.context.settings)

    def deliver(self) -> str:
        """Send what waits through a short-lived child; what went wrong, in words."""
        return deliver.deliver(self.home, self.context.settings) if self.undelivered() else ""

    @audited(
        "ack",
        lambda rule, symbol: {"rule": rule, "symbol": symbol},
        lambda count: {"marked": count},
    )
    def acknowledge(self, rule: str, symbol: str) -> int:
        """Mark firing alerts as seen; `*` stands for all. How many were marked."""
        return alerts.acknowledge(self.home, rule, symbol, self.clock.now())

    @audited(
        "silence",
        lambda rule, symbol, *_: {"rule": rule, "symbol": symbol},
        lambda end: {"until": iso(end)},
    )
    def silence(self, rule: str, symbol: str, span: timedelta) -> datetime:
        """Send nothing of these alerts for `span`; when it ends."""
        return alerts.silence(self.home, rule, symbol, span, self.clock.now())

    @audited(
        "alert-test",
        dict,
        lambda fault: {"fault": fault, "outcome": AuditOutcome.FAILED} if fault else {},
    )
    def send_test(self) -> str:
        """Queue a test message and deliver it; what went wrong, in words."""
        alerts.queue_test(self.home, self.clock.now())
        return self.deliver()
