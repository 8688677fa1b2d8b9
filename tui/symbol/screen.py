"""The Symbol screen: facts from files, and the forecast record from a short-lived child."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.events import Callback

from engine.core.errors import StockmlError
from engine.core.records import Job
from engine.core.snapshot import SymbolRow
from engine.vault.records import Backup
from engine.words.sources import SIMULATED
from tui.dashboard.columns import STATE_STYLES
from tui.dashboard.train_verbs import TrainVerbs
from tui.keys.table import bindings
from tui.screens.base import Sections
from tui.screens.page import PageScreen
from tui.service.test_request import ServiceTest
from tui.symbol.text import MEANINGS, WORDS, SymbolPage
from tui.symbol.text import page as symbol_page
from tui.widgets.lines import Line, Span
from tui.work.background import post

if TYPE_CHECKING:
    from engine.children.messages import SymbolDetails


class SymbolScreen(PageScreen):
    """A detail of the dashboard, with its verbs for this symbol."""

    GROUP = "symbol"
    UNDER = "dashboard"
    VERBS = (TrainVerbs, ServiceTest)
    NAME = "Symbol"
    EVERY = 2.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("symbol")

    value: SymbolPage | None

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self._symbol = symbol
        self.details: SymbolDetails | None = None
        """The child's answer; asked again when the model or its last bar changes."""
        self._asked: object = None
        self.unread = ""
        """Why the child gave no answer; empty while it works and after an answer."""

    def look(self) -> SymbolPage | None:
        """Read the files, and ask the child only when its answer is out of date."""
        engine, snapshot = self.shell.engine, self.shell.snapshot
        row = snapshot.row(self._symbol) if snapshot else None
        if row is None:
            return None
        job = self._last_job(row)
        backups: tuple[Backup, ...] = ()
        with suppress(StockmlError):  # the lineage then has the live generation alone
            backups = tuple(
                backup for backup in engine.backups.list() if backup.entry(self._symbol)
            )
        runs = tuple(run for run in engine.runs.recent(200) if run.job(self._symbol))
        key = (
            row.model.digest if row.model else "",
            row.forecast.last_bar if row.forecast else "",
            row.retrain,
            row.hold,
        )
        if self._asked != key:
            self._asked = key
            post(self, Callback(self._ask_details))
        return SymbolPage(
            row=row,
            job=job,
            backups=backups,
            runs=runs,
            max_age_days=engine.settings.current.thresholds.max_model_age_days,
        )

    def _last_job(self, row: SymbolRow) -> Job | None:
        for run_id in (row.run_id, row.model.run_id if row.model else ""):
            if run_id:
                with suppress(StockmlError, StopIteration):  # `clean` may have removed the run
                    job = self.shell.engine.runs.show(run_id).job(self._symbol)
                    if job and job.losses:
                        return job
        return None

    def _ask_details(self) -> None:
        def answered(details: SymbolDetails) -> None:
            self.details = details
            self.redraw()

        def read() -> SymbolDetails:
            try:
                return self.shell.engine.children.show_symbol(self._symbol)
            except Exception as error:
                self.unread = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
                raise

        self.unread = ""
        self.shell.ask(f"reading {self._symbol}", read, answered)

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ((self._symbol, ""),)
        row = self.value.row
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
        if self.value is None:
            return self.waiting("reading the symbol")
        content = replace(self.value, details=self.details, unread=self.unread)
        now, ascii_only = self.shell.wall.now(), self.shell.ascii_only
        return symbol_page(content, width, height, now, ascii_only=ascii_only)

    def current_symbol(self) -> str:
        return self._symbol

    def do_log(self) -> None:
        from tui.logs.viewer import LogView

        self.app.push_screen(LogView(self.shell.engine.home.training_log, f"={self._symbol}"))

    def do_refresh(self) -> None:
        if self.unread:
            self._asked = None
        super().do_refresh()
