"""The Alerts screen: what rings, what was acknowledged, what is over, and which messages nobody
took."""

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

Found = tuple[tuple[Alert, ...], tuple[Waiting, ...], str]
"""Alerts, undelivered messages, why nothing can be sent."""


class AlertsScreen(LiveScreen):
    """The list above, the chosen alert and the outbox below."""

    GROUP = "alerts"
    NAME = "Alerts"
    TAB = "alerts"
    BINDINGS: ClassVar[list[BindingType]] = bindings("alerts")

    value: Found | None

    def look(self) -> Found:
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
        fresh = sum(each.state == AlertState.FIRING and not each.acked for each in alerts)
        rest = len(alerts) - fresh
        snapshot = self.shell.snapshot
        told: list[Span] = [(SIMULATED, "mark")] if snapshot and snapshot.simulated else []
        told += [(f"{fresh} firing" if fresh else "nothing fires", "crit" if fresh else "ok")]
        if rest:
            told.append((f"{rest} acknowledged, pending or over", "dim"))
        return (*told, (f"{len(waiting)} undelivered", "warn")) if waiting else told

    def sections(self) -> Sections:
        return (("Columns", meanings(HEADS)), ("State words", STATE_WORDS))

    def draw(self) -> None:
        rows, page = self.query_one(Picker), self.query_one(ScrollLines)
        if self.value is None:
            rows.fill((), (), self.waiting("reading the alerts"))
            return
        alerts, waiting, closed = self.value
        now = self.shell.wall.now()
        header, lines = table(HEADS, [alert_row(each, now) for each in alerts], rows.size.width - 2)
        rows.fill(
            header,
            [(name(each), text) for each, text in zip(alerts, lines, strict=True)],
            self._empty(),
        )
        current, width = self.current(), page.size.width
        told: tuple[Line, ...] = (line(self.failure, "crit"),) if self.failure else ()
        told += (*alert_lines(current, now, width), line("")) if current else ()
        page.fill((*told, *waiting_lines(waiting, closed, now, width)))

    def _empty(self) -> tuple[Line, ...]:
        snapshot = self.shell.snapshot
        checked = snapshot.checked_at if snapshot else None
        if checked is None:
            then = f"{key('alerts_to_dashboard')}, then {key('check')} checks every model"
            return (line(f"nothing rings, and no check was made yet: {then}", "warn"),)
        return (line(f"nothing rings; the newest check was at {times.moment(checked)}", "ok"),)

    def current(self) -> Alert | None:
        """The alert under the cursor."""
        chosen = self.query_one(Picker).chosen
        return next(
            (each for each in (self.value[0] if self.value else ()) if name(each) == chosen), None
        )

    # -- keys -----------------------------------------------------------------------------------

    def do_acknowledge(self) -> None:
        found = self.current()
        if found is None or found.state != AlertState.FIRING or found.acked:
            what = (
                "there is no alert"
                if found is None
                else f"{name(found)} is {'acknowledged' if found.acked else found.state}"
            )
            self.tell(Notice(what, "only what fires is acknowledged"))
            return
        self._acknowledge(found.rule, found.symbol, name(found))

    def do_acknowledge_all(self) -> None:
        self._acknowledge(ANY, ANY, "everything that fires")

    def _acknowledge(self, rule: str, symbol: str, what: str) -> None:
        def done(count: int) -> None:
            self.tell(
                Notice(
                    f"{what}: {count} acknowledged; not sent again while it fires"
                    if count
                    else "nothing fires"
                )
            )
            self._changed()

        self.shell.ask(
            "acknowledge", lambda: self.shell.engine.alerts.acknowledge(rule, symbol), done
        )

    def do_silence(self) -> None:
        found = self.current()
        if found is None or found.state == AlertState.RESOLVED:
            self.tell(
                Notice(
                    "there is no alert to silence here",
                    "stockml alerts silence RULE SYMBOL --for 2h",
                )
            )
            return
        told = (
            line(
                "Send nothing of this alert for a time: 30m, 2h, 1d. It still stands here.", "dim"
            ),
        )
        prompt = PromptScreen(f"silence {name(found)} for: ", "2h", above=told)
        ask_text(self.shell, prompt, lambda text: self._silence(found, text) if text else None)

    def _silence(self, alert: Alert, text: str) -> None:
        try:
            time: timedelta = parse_duration(text)
        except UsageError as error:
            self.tell(Notice(error.message, error.hint, level=Level.CRIT))
            return
        self.shell.ask(
            "silence",
            lambda: self.shell.engine.alerts.silence(alert.rule, alert.symbol, time),
            self._silenced,
        )

    def _silenced(self, until: datetime) -> None:
        self.tell(Notice(f"silent until {times.moment(until)}"))
        self._changed()

    def do_test(self) -> None:
        def done(fault: str) -> None:
            if fault:
                self.tell(
                    Notice(
                        f"not delivered: {fault}",
                        "docs/alerts.md tells how to set a receiver",
                        level=Level.CRIT,
                    )
                )
            else:
                self.tell(Notice("the test message was delivered, and all that waited"))
            self._changed()

        self.shell.ask("test of the delivery", self.shell.engine.alerts.send_test, done)

    def _changed(self) -> None:
        self._poller.poke()
        self.shell.look_now()
