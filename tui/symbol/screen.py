"""The Symbol screen: everything about one symbol.

Figures from files, the record from a short-lived child.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.events import Callback

from engine.core.errors import StockmlError
from engine.core.records import Job, Run
from engine.core.snapshot import SymbolRow
from engine.vault.backups import Backup
from engine.words.sources import SIMULATED
from tui.dashboard.columns import STATE_STYLES
from tui.dashboard.train_verbs import TrainVerbs
from tui.keys.table import bindings
from tui.screens.base import Sections
from tui.screens.page import PageScreen
from tui.service.test_request import ServiceTest
from tui.symbol.text import MEANINGS, WORDS
from tui.symbol.text import page as symbol_page
from tui.widgets.lines import Line, Span
from tui.work.background import post

Facts = tuple[SymbolRow | None, Job | None, tuple[Backup, ...], tuple[Run, ...], int]


class SymbolScreen(PageScreen):
    """A detail of the dashboard, with its verbs for this symbol."""

    GROUP = "symbol"
    VERBS = (TrainVerbs, ServiceTest)
    NAME = "Symbol"
    EVERY = 2.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("symbol")

    value: Facts | None

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self._symbol = symbol
        self.story: dict[str, Any] | None = None
        """What the child told; asked again when the model or its last bar changed."""
        self._asked: Any = None
        self.unread = ""
        """Why the child told nothing; empty while it is at work and when it did."""

    def look(self) -> Facts:
        """Light: the snapshot's row, the last training, backups and runs;
        the child when what it told is out of date."""
        engine, snapshot = self.shell.engine, self.shell.snapshot
        row = snapshot.row(self._symbol) if snapshot else None
        job = self._last_job(row)
        backups: tuple[Backup, ...] = ()
        with suppress(StockmlError):  # the lineage then tells of the live generation alone
            backups = tuple(
                backup for backup in engine.backups.list() if backup.entry(self._symbol)
            )
        runs = tuple(run for run in engine.runs.recent(200) if run.job(self._symbol))
        key = (
            row.model.digest if row and row.model else "",
            row.forecast.last_bar if row and row.forecast else "",
            (row.retrain, row.hold) if row else None,
        )
        if self._asked != key:
            self._asked = key
            post(self, Callback(self._ask_story))
        return row, job, backups, runs, engine.settings.current.thresholds.max_model_age_days

    def _last_job(self, row: SymbolRow | None) -> Job | None:
        if row is None or not (row.model or row.run_id):
            return None
        for run_id in (row.run_id, row.model.run_id if row.model else ""):
            if run_id:
                with suppress(StockmlError, StopIteration):  # `clean` may have removed the run
                    job = self.shell.engine.runs.show(run_id).job(self._symbol)
                    if job and job.losses:
                        return job
        return None

    def _ask_story(self) -> None:
        def told(story: dict[str, Any]) -> None:
            self.story = story
            self.redraw()

        def read() -> dict[str, Any]:
            try:
                return self.shell.engine.symbol_story(self._symbol)
            except Exception as error:
                self.unread = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
                raise

        self.unread = ""
        self.shell.ask(f"reading {self._symbol}", read, told)

    def facts(self) -> Sequence[Span]:
        row = self.value[0] if self.value else None
        if row is None:
            return ((self._symbol, ""),)
        simulated = bool(row.model and row.model.simulated)
        mark: tuple[Span, ...] = ((SIMULATED, "mark"),) if simulated else ()
        return (
            (row.symbol, "head"),
            (row.company, ""),
            (row.state.value, STATE_STYLES[row.state]),
            *mark,
        )

    def sections(self) -> Sections:
        return (("The page, from the top", MEANINGS), ("Words", WORDS))

    def page_lines(self, width: int, height: int) -> Sequence[Line]:
        row, job, backups, runs, days = self.value or (None, None, (), (), 0)
        if row is None:
            return self.waiting("reading the symbol")
        ascii_only, now = self.shell.ascii_only, self.shell.wall.now()
        facts = (row, self.story, job, backups, runs)
        return symbol_page(
            *facts, width, height, days, now, ascii_only=ascii_only, unread=self.unread
        )

    def current_symbol(self) -> str:
        return self._symbol

    def do_log(self) -> None:
        from tui.logs.viewer import LogView

        self.app.push_screen(LogView(self.shell.engine.home.training_log, f"={self._symbol}"))

    def do_refresh(self) -> None:
        if self.unread:
            self._asked = None
        super().do_refresh()
