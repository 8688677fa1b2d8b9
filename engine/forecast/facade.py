"""The facade of the models: forecasts, the statuses derived from them, evaluations, backtests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.doubts import WithheldError, withheld_reason
from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.files import FileLock
from engine.core.records import Forecast
from engine.core.sources import is_simulated
from engine.forecast import build_status
from engine.forecast import status as derived
from engine.forecast.status import Status
from engine.market.staleness import bars_behind
from engine.settings.facade import Context, Facade

if TYPE_CHECKING:
    from engine.core.symbol_details import ModelSummary

    Built = Callable[[Mapping[str, Status | None]], object]
    Forecasted = Callable[[str, Status], object]


class ModelsFacade(Facade):
    """The live models; `built` and `forecasted` receive statuses, for the packages above."""

    def __init__(self, context: Context, *, built: Built, forecasted: Forecasted) -> None:
        super().__init__(context)
        self._built = built
        self._forecasted = forecasted

    def predict(
        self, symbols: Iterable[str], *, accept_doubts: bool = False, horizon: int = 1
    ) -> dict[str, Forecast | StockmlError]:
        """The forecast of each symbol `horizon` sessions ahead, or the reason why there is none.

        A withheld one is a WithheldError; with `accept_doubts` it is made, and not kept. That of
        five sessions is in no ledger.
        """
        names = self.checked(symbols)
        if accept_doubts:
            self.refresh_status(names)
        statuses = self._build(names, accept_doubts)
        if horizon > 1:
            return self._weeks(statuses, accept_doubts)
        return {symbol: self._forecast(symbol, status) for symbol, status in statuses.items()}

    def _weeks(
        self, statuses: Mapping[str, Status | None], accept_doubts: bool
    ) -> dict[str, Forecast | StockmlError]:
        """The range of five sessions for each symbol with a forecast of the next one."""
        from engine.forecast.serving import StoredBars, stored_week

        bars = StoredBars(self.home, self.context.settings, self.clock, accept_doubts)
        return {
            symbol: stored_week(bars, symbol, status.source, status.forecast.tolerance)
            if status is not None and status.forecast is not None
            else self._reason(symbol, status)
            for symbol, status in statuses.items()
        }

    def _forecast(self, symbol: str, status: Status | None) -> Forecast | StockmlError:
        if status is None or status.forecast is None:
            return self._reason(symbol, status)
        if not withheld_reason(status.doubts):
            self._forecasted(symbol, status)
        return status.forecast

    def _reason(self, symbol: str, status: Status | None) -> StockmlError:
        """Why there is no forecast."""
        if status is None:
            return NoDataError(f"{symbol} has no model", f"stockml train {symbol}")
        if status.withheld:
            return WithheldError(symbol, status.doubts)
        return NoDataError(status.problem) if status.kind == "ok" else ModelError(status.problem)

    def refresh_status(self, symbols: Iterable[str] | None = None) -> None:
        """Rebuild the status of symbols whose model or bars changed; loads numpy if one did."""
        settings = self.context.settings
        configured = self.context.configured_source
        outdated = []
        for symbol in symbols or settings.names:
            stored = derived.read(self.home.status(symbol))
            source = self.source or derived.usual_source(stored, configured)
            key = derived.current_key(self.home, symbol, source, settings)
            if key is None:
                continue
            if stored is None or not derived.current(stored, key, source) or self._is_over(stored):
                outdated.append(symbol)
        if outdated:
            self._build(outdated)

    def _is_over(self, stored: Status) -> bool:
        """Whether a session ended since: the simulated market goes on without a file to change."""
        if not is_simulated(stored.source) or stored.model is None or not stored.key.last_bar:
            return False
        settle_minutes = self.context.settings.market.settle_minutes
        return bars_behind(stored.key.last_bar, self.clock.now(), settle_minutes) > 0

    def refresh_alone(self) -> bool:
        """Rebuild outdated statuses unless another process does; whether this one did."""
        with FileLock(self.home.locks / ".status") as lock:
            if not lock.acquire(f"status refresh, pid {os.getpid()}"):
                return False
            self.refresh_status()
        return True

    def rebuild_status(self, symbol: str) -> None:
        """Rebuild the status of a symbol whose model was replaced."""
        build_status.build(self.home, self.context.settings, symbol, self.clock, self.source or "")

    def _build(
        self, symbols: Sequence[str], accept_doubts: bool = False
    ) -> dict[str, Status | None]:
        """The statuses of these symbols, built and stored where the disk can keep them."""
        statuses = build_status.build_all(
            self.home,
            self.context.settings,
            symbols,
            self.clock,
            self.source or "",
            accept_doubts=accept_doubts,
        )
        if not accept_doubts:
            self._built(statuses)
        return statuses

    def verify_file(self, path: Path) -> None:
        """Read a model file as a forecast would; ModelError when it cannot be used."""
        from engine.forecast.inference import load_forecaster
        from engine.vault.model_reader import read_model

        load_forecaster(read_model(self.home, path))

    def summary(self, symbol: str) -> ModelSummary:
        """Closes, held-out record and calibration of one symbol; loads numpy and h5py."""
        from engine.forecast.model_summary import model_summary

        settings = self.context.settings
        return model_summary(self.home, settings, symbol, self.clock, self.source or "")

    def evaluate(self, symbols: Iterable[str]) -> dict[str, Any]:
        """Live models scored on sessions they have not seen; `folder` is the report's, or None."""
        from engine.forecast.evaluate import Evaluation, evaluate
        from engine.forecast.evaluation_document import document
        from engine.forecast.report import write_report

        names = self.checked(symbols)
        results = evaluate(self.home, self.context.settings, names, self.clock, self.source or "")
        tree = document(results, self.clock)
        scored = any(isinstance(result, Evaluation) for result in results.values())
        folder = write_report(self.home, results, tree, self.clock.now()) if scored else None
        return {"folder": str(folder) if folder else None, **tree}

    def backtest(
        self,
        symbols: tuple[str, ...],
        first: date,
        last: date,
        retrain_every: int,
        *,
        members: tuple[str, ...] | None,
        epochs: int | None,
        progress: Callable[[str, int, int], None],
        baselines: bool = False,
    ) -> dict[str, Any]:
        """The walk-forward table on stored bars; `progress` is called after every fold."""
        from engine.forecast.backtest import BacktestRequest, backtest

        settings = self.context.settings
        request = BacktestRequest(
            symbols=symbols,
            source=self.source or self.context.configured_source,
            first=first,
            last=last,
            retrain_every=retrain_every,
            members=members or settings.training.members,
            epochs=epochs or settings.training.epochs,
            baselines=baselines,
        )
        return backtest(self.home, settings, request, self.clock, progress)
