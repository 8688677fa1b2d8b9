"""Records with known figures, and an engine that plays them: for commands whose subject is words
and exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from click.testing import CliRunner, Result

from engine.api import Engine
from engine.cli.main import cli
from engine.cli.session import Session
from engine.core.clock import Clock, SystemClock
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import (
    Forecast,
    Job,
    JobState,
    Level,
    Metrics,
    ModelInfo,
    NextReport,
    Run,
    StartedRun,
    SymbolState,
    TrainRequest,
)
from engine.core.snapshot import Meter, Snapshot, SymbolRow
from engine.core.symbols import Priority
from engine.market.due import RequestsDue
from engine.service.facade import ServiceFacade
from engine.settings.facade import Context, SettingsFacade
from tests.fake_clock import FakeClock

NOW = datetime(2025, 8, 13, 12, 0, tzinfo=UTC)
METRICS = Metrics(
    n_scored=120, direction_accuracy=52.5, mape=2.14, naive_mape=2.2, mase=0.973, confidence=91.4
)
FORECAST = Forecast(
    last_bar="2025-08-12",
    last_close=100.0,
    next_close=101.0,
    low80=98.0,
    high80=104.0,
    low95=95.0,
    high95=107.0,
    p_up=55.0,
    confidence=91.0,
    target_session="2025-08-13",
    report=NextReport(date="2025-08-14", time="after", in_sessions=2, factor=1.0),
    report_known=True,
    tolerance=5.0,
    p_up_tells=True,
)
MODEL = ModelInfo(
    symbol="NVDA",
    generation=3,
    digest="ab12",
    trained_at=NOW - timedelta(days=2),
    size_bytes=241_000,
    source="yahoo",
    first_bar="2015-08-13",
    last_bar="2025-08-12",
    n_bars=1500,
    reason="manual",
    run_id="run-1",
    metrics=METRICS,
    weights=(("naive", 0.25), ("lstm", 0.75)),
)


def done(symbol: str, **more: Any) -> Job:
    """A job that published."""
    return replace(
        Job(symbol, JobState.DONE, duration_s=23.0, metrics=METRICS, generation=4, exit_code=0),
        **more,
    )


def make_run(
    *jobs: Job, state: JobState = JobState.DONE, run_id: str = "run-1", **more: Any
) -> Run:
    """A run of these jobs."""
    return replace(
        Run(run_id, "train", "manual", "yahoo", NOW, "stockml, pid 7", state, jobs), **more
    )


def make_snapshot(*rows: SymbolRow, **more: Any) -> Snapshot:
    """A snapshot of these rows."""
    meters = (
        Meter("CPU", 12.0, "%", Level.OK),
        Meter("DISK", 91.0, "%", Level.CRIT, "4.0 GB free"),
    )
    return replace(Snapshot(NOW, "host-a", "/srv/stockml", "yahoo", False, rows, meters), **more)


def trained(symbol: str = "NVDA", **more: Any) -> SymbolRow:
    """The row of a trained symbol."""
    model = replace(MODEL, symbol=symbol)
    row = SymbolRow(
        symbol,
        "Company",
        Priority.HIGH,
        SymbolState.FRESH,
        model,
        FORECAST,
        age_days=2.0,
        run_id="run-1",
        last_run_reason="manual",
    )
    return replace(row, last_job=done(symbol, ended_at=NOW - timedelta(days=2)), **more)


def untrained(symbol: str) -> SymbolRow:
    """The row of a symbol without a model."""
    return SymbolRow(symbol, "Company", Priority.LOW, SymbolState.NONE, note="not trained yet")


@dataclass
class FakeEngine:
    """Plays snapshots and runs in order, the last one for ever, and writes down what it was
    asked."""

    home: Home
    source: str | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    plays: list[Run] = field(default_factory=list)
    started: StartedRun | StockmlError | None = None
    forecasts: dict[str, Forecast | StockmlError] = field(default_factory=dict)
    horizons: list[int] = field(default_factory=list)
    """How many sessions ahead each `predict` asked for."""
    requests: list[TrainRequest] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=lambda: FakeClock(NOW))

    def __post_init__(self) -> None:
        self.service = ServiceFacade(Context(self.home, SystemClock()))
        self.models = SimpleNamespace(predict=self.predict, refresh_status=self.refresh_status)
        self.watch = SimpleNamespace(snapshot=self.snapshot, recent_checks=lambda count: ())
        self.bars = SimpleNamespace(requests_due=lambda symbols: RequestsDue(0, 0.0))
        self.runs = SimpleNamespace(
            start=self.start_training,
            cancel=self.cancelled.append,
            show=self.run,
            recent=self.recent,
        )
        self.schedule = SimpleNamespace(view=lambda: SimpleNamespace(lines=lambda: ()))

    @property
    def settings(self) -> SettingsFacade:
        return SettingsFacade(Context(self.home, SystemClock()))

    def snapshot(self) -> Snapshot:
        return self.snapshots.pop(0) if len(self.snapshots) > 1 else self.snapshots[0]

    def refresh_status(self, symbols: Iterable[str] | None = None) -> None:
        self.refreshed.extend(symbols or ())

    def start_training(self, request: TrainRequest) -> StartedRun:
        self.requests.append(request)
        if isinstance(self.started, StockmlError):
            raise self.started
        return self.started or StartedRun("run-1", request.symbols)

    def run(self, run_id: str) -> Run:
        return self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]

    def recent(self, limit: int = 50) -> tuple[Run, ...]:
        newest = {run.id: run for run in reversed(self.plays)}
        return tuple(newest.values())[::-1][:limit]

    def predict(
        self, symbols: Iterable[str], *, horizon: int = 1
    ) -> dict[str, Forecast | StockmlError]:
        self.horizons.append(horizon)
        return {symbol: self.forecasts[symbol] for symbol in symbols}


def invoke(engine: FakeEngine, *words: str) -> Result:
    """Run the command line on a fake engine; an expected fault stays in `result.exception`."""

    def make(home: Home, source: str | None) -> Engine:
        engine.source = source
        return cast(Engine, engine)

    session = Session(make_engine=make)
    return CliRunner().invoke(
        cli, ["--home", str(engine.home.root), *words], obj=session, standalone_mode=False
    )


def fake(folder: Path, **what: Any) -> FakeEngine:
    """A fake engine on a new home."""
    from tests.helpers import new_home

    return FakeEngine(new_home(folder / "home"), **what)
