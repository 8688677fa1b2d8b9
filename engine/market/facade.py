"""The facade of the bars: fetched from the source, or as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from engine.core.audit import audited
from engine.core.errors import UsageError
from engine.core.sources import has_report_dates
from engine.settings.facade import Facade

if TYPE_CHECKING:
    from pathlib import Path

    from engine.core.doubts import Doubt
    from engine.market.bars import Bars
    from engine.market.due import RequestsDue
    from engine.market.import_plan import ImportPlan
    from engine.market.reports import ReportDates, ReportTime


class BarsFacade(Facade):
    """Bars of the source of the engine, or of the configured one."""

    @audited(
        "data fetch",
        lambda symbol, *, accept_rebase=False: (
            {"symbols": [symbol], "accept_rebase": True} if accept_rebase else None
        ),
    )
    def fetch(self, symbol: str, *, accept_rebase: bool = False) -> Bars:
        """Bars fresh from the source, checked and stored; `accept_rebase`: on a new base too."""
        from engine.market.fetch import fetch_bars

        settings, source = self.context.settings, self._source()
        return fetch_bars(
            self.home, settings, source, symbol, self.clock, accept_rebase=accept_rebase
        )

    def requests_due(self, symbols: Iterable[str]) -> RequestsDue:
        """How many requests a fetch of the symbols begins with, and how long they take."""
        from engine.core.sources import parse_source
        from engine.market.due import requests_due
        from engine.market.request import BarsRequest

        settings, source = self.context.settings, parse_source(self._source())
        return requests_due(
            BarsRequest(self.home, settings, source, symbol, self.clock) for symbol in symbols
        )

    def stored(self, symbol: str) -> Bars:
        """The stored bars; never the network."""
        from engine.market.fetch import stored_bars

        return stored_bars(self.home, self.context.settings, self._source(), symbol, self.clock)

    @audited(
        "data accept",
        lambda symbol, kind, day, reason: {
            "symbols": [symbol],
            "kind": kind,
            "day": str(day),
            "reason": reason,
        },
    )
    def accept(self, symbol: str, kind: str, day: date, reason: str) -> Doubt:
        """Close an open doubt about the stored bars for good; UsageError when there is none."""
        from engine.market.acceptance import accept

        return accept(self.home, self.stored(symbol), kind, day, reason)

    def plan_import(self, file: Path, symbol: str) -> ImportPlan:
        """How a file of another program is understood; UsageError for a source but csv:DIR."""
        from engine.core.sources import parse_source
        from engine.market.csv_import import plan_import
        from engine.market.request import BarsRequest

        source = parse_source(self._source())
        settings = self.context.settings
        return plan_import(BarsRequest(self.home, settings, source, symbol, self.clock), file)

    @audited(
        "data import",
        lambda plan: {
            "symbols": [plan.bars.symbol],
            "file": str(plan.file),
            "target": str(plan.target),
            "bars": len(plan.bars),
        },
        lambda kept: {"kept": [str(path) for path in kept]},
    )
    def import_file(self, plan: ImportPlan) -> tuple[Path, ...]:
        """Write what was planned; return where the files before are kept."""
        from engine.market.csv_import import write_import

        return write_import(plan, self.clock.now())

    def reports(self, symbol: str) -> ReportDates:
        """The report dates of a symbol, as far as they are known."""
        from engine.market.report_dates import report_dates

        now = self.clock.now()
        return report_dates(self.home, self.context.settings, self._source(), symbol, now)

    @audited(
        "set report date", lambda symbol, day, time: {"symbols": [symbol], "date": f"{day} {time}"}
    )
    def set_report(self, symbol: str, day: date, time: ReportTime) -> None:
        """Set the date of a report by hand; UsageError for one too far ahead."""
        from engine.market.calendar import exchange_day
        from engine.market.report_edits import set_date
        from engine.market.reports import FARTHEST, ReportDate

        today = exchange_day(self.clock.now())
        if day - today > FARTHEST:
            raise UsageError(f"{day} lies more than a year ahead", "is the year right?")
        # A past date says when a report was, not since when somebody knew.
        known = today if day > today else None
        report = ReportDate(day=day, time=time, known=known, by_hand=True)
        set_date(self.home, self._source(), symbol, report)

    @audited("drop report date", lambda symbol, day: {"symbols": [symbol], "date": str(day)})
    def drop_report(self, symbol: str, day: date) -> None:
        """Drop the report of a day; UsageError when there is none."""
        from engine.market.report_edits import drop_date

        if all(report.day != day for report in self.reports(symbol).reports):
            raise UsageError(
                f"{symbol} has no report on {day}", f"`stockml data reports {symbol}` lists them"
            )
        drop_date(self.home, self._source(), symbol, day)

    def look_up_reports(self, symbols: Iterable[str]) -> str:
        """Look up report dates where the source has them; return what failed, in words."""
        from engine.market.report_lookup import refresh_reports

        if not self.context.settings.watch.earnings or not has_report_dates(self._source()):
            return ""
        return refresh_reports(self.home, symbols, self.clock)

    def _source(self) -> str:
        return self.source or self.context.configured_source
