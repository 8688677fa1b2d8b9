"""The Alerts screen: firing, acknowledged and resolved alerts, and undelivered messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.clock import parse_duration
from engine.core.errors import UsageError
from engine.core.records import Level
from engine.core.snapshot import Alert, AlertState
from engine.watch.records import ANY, LATELY, Waiting
from engine.words import times
from engine.words.sources import SIMULATED
from engine.words.tables import meanings
from tui.alerts.text import HEADS, STATE_WORDS, alert_lines, alert_row, name, waiting_lines
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Line, Span, line
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice

AlertsLook = tuple[tuple[Alert, ...], tuple[Waiting, ...], str]
"""Alerts, undelivered messages and the reason why nothing can be sent."""


class AlertsScreen(LiveScreen):
    """The list above, the chosen alert and the outbox below."""

    GROUP = "alerts"
    NAME = "Alerts"
    TAB = "alerts"
    BINDINGS: ClassVar[list[BindingType]] = bindings("alerts")

    value: AlertsLook | None

    def look(self) -> AlertsLook:
        engine = self.shell.engine
        return (
            engine.alerts.list(LATELY),
            engine.alerts.undelivered(),
            engine.alerts.delivery_closed(),
        )

    def compose_body(self) -> ComposeResult:
        yield Picker(id="alerts")
        yield ScrollLines(id="page")

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ()
        alerts, waiting, _ = self.value
        firing = sum(alert.state == AlertState.FIRING and not alert.acked for alert in alerts)
        rest = len(alerts) - firing
        snapshot = self.shell.snapshot
        spans: list[Span] = [(SIMULATED, "mark")] if snapshot and snapshot.simulated else []
        spans.append((f"{firing} firing", "crit") if firing else ("nothing fires", "ok"))
        if rest:
            spans.append((f"{rest} acknowledged, pending or over", "dim"))
        if waiting:
            spans.append((f"{len(waiting)} undelivered", "warn"))
        return spans

    def sections(self) -> Sections:
        return (("Columns", meanings(HEADS)), ("State words", STATE_WORDS))

    def draw(self) -> None:
        rows, page = self.query_one(Picker), self.query_one(ScrollLines)
        if self.value is None:
            rows.fill((), (), self.waiting("reading the alerts"))
            return
        alerts, waiting, closed = self.value
        now = self.shell.wall.now()
        cells = [alert_row(alert, now) for alert in alerts]
        header, lines = table(HEADS, cells, rows.size.width - 2)
        names = [name(alert) for alert in alerts]
        rows.fill(header, list(zip(names, lines, strict=True)), self._empty())
        current, width = self.current(), page.size.width
        above: tuple[Line, ...] = (line(self.failure, "crit"),) if self.failure else ()
        above += (*alert_lines(current, now, width), line("")) if current else ()
        page.fill((*above, *waiting_lines(waiting, closed, now, width)))

    def _empty(self) -> tuple[Line, ...]:
        snapshot = self.shell.snapshot
        checked = snapshot.checked_at if snapshot else None
        if checked is None:
            then = f"{key('alerts_to_dashboard')}, then {key('check')} checks every model"
            return (line(f"no alert fires, no check yet: {then}", "warn"),)
        return (line(f"no alert fires; last check at {times.moment(checked)}", "ok"),)

    def current(self) -> Alert | None:
        """The alert under the cursor."""
        chosen = self.query_one(Picker).chosen
        alerts = self.value[0] if self.value else ()
        return next((alert for alert in alerts if name(alert) == chosen), None)

    # -- keys -----------------------------------------------------------------------------------

    def do_acknowledge(self) -> None:
        alert = self.current()
        if alert is None:
            self.tell(Notice("there is no alert", "only what fires is acknowledged"))
        elif alert.state != AlertState.FIRING or alert.acked:
            state = "acknowledged" if alert.acked else alert.state
            self.tell(Notice(f"{name(alert)} is {state}", "only what fires is acknowledged"))
        else:
            self._acknowledge(alert.rule, alert.symbol, name(alert))

    def do_acknowledge_all(self) -> None:
        self._acknowledge(ANY, ANY, "everything that fires")

    def _acknowledge(self, rule: str, symbol: str, about: str) -> None:
        def done(count: int) -> None:
            text = f"{about}: {count} acknowledged; not sent again while it fires"
            self.tell(Notice(text if count else "nothing fires"))
            self._changed()

        self.shell.ask(
            "acknowledge", lambda: self.shell.engine.alerts.acknowledge(rule, symbol), done
        )

    def do_silence(self) -> None:
        alert = self.current()
        if alert is None or alert.state == AlertState.RESOLVED:
            hint = "stockml alerts silence RULE SYMBOL --for 2h"
            self.tell(Notice("there is no alert to silence here", hint))
            return
        text = "Mute this alert for 30m, 2h, 1d. It stays in the list."
        prompt = PromptScreen(f"silence {name(alert)} for: ", "2h", above=(line(text, "dim"),))
        ask_text(self.shell, prompt, lambda text: self._silence(alert, text) if text else None)

    def _silence(self, alert: Alert, text: str) -> None:
        try:
            duration: timedelta = parse_duration(text)
        except UsageError as error:
            self.tell(Notice(error.message, error.hint, level=Level.CRIT))
            return
        self.shell.ask(
            "silence",
            lambda: self.shell.engine.alerts.silence(alert.rule, alert.symbol, duration),
            self._silenced,
        )

    def _silenced(self, until: datetime) -> None:
        self.tell(Notice(f"silent until {times.moment(until)}"))
        self._changed()

    def do_test(self) -> None:
        def done(fault: str) -> None:
            if fault:
                hint = "docs/alerts.md shows how to set a receiver"
                self.tell(Notice(f"not delivered: {fault}", hint, level=Level.CRIT))
            else:
                self.tell(Notice("the test message was delivered, and all that waited"))
            self._changed()

        self.shell.ask("test of the delivery", self.shell.engine.alerts.send_test, done)

    def _changed(self) -> None:
        self._poller.poke()
        self.shell.look_now()
