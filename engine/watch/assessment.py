"""Assessments: each symbol's facts and the verdicts of every trigger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.progress import counted
from engine.core.sources import has_report_dates
from engine.market.report_lookup import refresh_reports
from engine.settings.schema import Settings
from engine.watch.decisions import Histories, job_failed
from engine.watch.facts import facts_of, histories_of
from engine.watch.reason_history import NO_HISTORY, after_check
from engine.watch.symbol_inputs import BarLoader, SymbolInputs, inputs_or_fault, without_inputs
from engine.watch.trigger_facts import SymbolFacts, TriggerVerdict
from engine.watch.triggers import verdicts


@dataclass(frozen=True, slots=True)
class Assessment:
    """One symbol and every trigger's verdict."""

    inputs: SymbolInputs
    facts: SymbolFacts
    verdicts: tuple[TriggerVerdict, ...]
    histories: Histories

    @property
    def symbol(self) -> str:
        return self.inputs.symbol

    def after_check(self, settings: Settings) -> Assessment:
        """This assessment with its histories updated after the check."""
        updated = {
            verdict.reason: after_check(
                self.histories.get(verdict.reason, NO_HISTORY),
                verdict,
                settings,
                self.inputs.last_bar,
            )
            for verdict in self.verdicts
        }
        return replace(self, histories={**self.histories, **updated})


def assess(
    inputs: SymbolInputs, home: Home, settings: Settings, now: datetime, others: bool | None = None
) -> Assessment:
    """The assessment of loaded inputs; `others` as in `facts_of`. StockmlError from history.db.

    Whatever else goes wrong is the symbol's fault: it is assessed without its model and bars.
    """
    try:
        return _assess(inputs, home, settings, now, others)
    except StockmlError:
        raise
    except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
        bare = without_inputs(inputs.symbol, inputs.source, error)
        return _assess(bare, home, settings, now, others)


def _assess(
    inputs: SymbolInputs, home: Home, settings: Settings, now: datetime, others: bool | None
) -> Assessment:
    facts = facts_of(inputs, home, settings, now, others)
    histories = histories_of(inputs, home, now, job_failed(home))
    return Assessment(inputs, facts, verdicts(facts, settings), histories)


def assess_all(
    home: Home,
    settings: Settings,
    symbols: Iterable[str],
    source: str | None,
    clock: Clock,
    *,
    fetch: bool,
) -> list[Assessment]:
    """Every symbol assessed, on bars from the network when `fetch`."""
    now = clock.now()
    loader = BarLoader(home, settings, clock, fetch)
    inputs = [inputs_or_fault(loader, symbol, source) for symbol in counted(symbols)]
    if fetch:
        look_up_reports(home, settings, inputs, clock)
    return [assess(symbol_inputs, home, settings, now) for symbol_inputs in inputs]


def look_up_reports(
    home: Home, settings: Settings, inputs: Iterable[SymbolInputs], clock: Clock
) -> str:
    """Look up the report dates of the symbols that have them; return what failed, in words."""
    symbols = [each.symbol for each in inputs if has_report_dates(each.source)]
    return refresh_reports(home, symbols, clock) if settings.watch.earnings and symbols else ""
