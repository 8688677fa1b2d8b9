"""What a test of the console can show: rows, runs, snapshots, alerts, a symbol's details."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from engine.children.messages import MachineExamined, SymbolDetails
from engine.core.recent import recent_text
from engine.core.records import (
    EpochLoss,
    Forecast,
    Job,
    JobState,
    Level,
    Metrics,
    ModelInfo,
    Run,
    SymbolState,
)
from engine.core.snapshot import (
    Alert,
    AlertDelivery,
    AlertState,
    Meter,
    PlannedAction,
    Retrain,
    Snapshot,
    SymbolRow,
)
from engine.core.symbol_details import CalibrationBin, Close, ModelSummary, RecordedSession
from engine.core.symbols import Priority
from engine.watch.records import Item
from tests.fake_clock import FakeClock

NOW = datetime(2026, 10, 21, 14, 37, 11, tzinfo=UTC)
NAMES = (
    "NVDA",
    "TSLA",
    "AAPL",
    "MSFT",
    "GOOGL",
    "AMZN",
    "AUR",
    "PLTR",
    "SMCI",
    "TSM",
    "MP",
    "SMR",
    "SPY",
)
RUN_ID = "20261021-143401-ab12cd"


def clock() -> FakeClock:
    """A clock that stands at NOW."""
    return FakeClock(NOW)


def model(symbol: str, index: int = 0, source: str = "yahoo") -> ModelInfo:
    """A live model with figures that differ by `index`."""
    return ModelInfo(
        symbol=symbol,
        generation=index + 1,
        digest="d" * 16,
        trained_at=NOW - timedelta(days=index, hours=3),
        size_bytes=412_345 + index,
        source=source,
        first_bar="2020-11-18",
        last_bar="2026-10-20",
        n_bars=1480,
        reason="manual",
        run_id=RUN_ID,
        metrics=Metrics(118, 52.3 + index / 10, 1.52 + index / 7, 1.55, 0.981 + index / 100, 91.0),
    )


def forecast(index: int = 0) -> Forecast:
    """A forecast some tenths of a percent away from its last close."""
    close = 101.25 + 40 * index
    next_close = close * (1.004 - index / 1000)
    return Forecast(
        "2026-10-20",
        close,
        next_close,
        close * 0.98,
        close * 1.02,
        close * 0.96,
        close * 1.05,
        53.1,
        88.4,
        "2026-10-21",
    )


def recent(symbol: str) -> str:
    """The newest sessions of the symbol's details, ending on the row's last bar."""
    told = details(symbol).model
    return recent_text(told.closes, told.record)


def row(
    symbol: str, index: int = 0, state: SymbolState = SymbolState.FRESH, **changes: Any
) -> SymbolRow:
    """A row with a model and a forecast."""
    found = SymbolRow(
        symbol=symbol,
        company=f"{symbol} Corporation",
        priority=Priority.HIGH if index < 3 else Priority.LOW,
        state=state,
        model=model(symbol, index),
        forecast=forecast(index),
        age_days=index + 0.125,
        recent=recent(symbol),
    )
    return replace(found, **changes)


def empty_row(symbol: str, index: int = 0, **changes: Any) -> SymbolRow:
    """A row without a model."""
    blank = row(
        symbol,
        index,
        SymbolState.NONE,
        model=None,
        forecast=None,
        age_days=None,
        recent="",
        note="not trained yet",
    )
    return replace(blank, **changes)


METERS = (
    Meter("CPU", 61.2, "%", Level.OK),
    Meter("MEM", 43.0, "%", Level.OK, "8.1 GB free"),
    Meter("DISK", 82.4, "%", Level.WARN, "20.0 GB free"),
    Meter("LOAD", 1.93, "", Level.OK, "2 cores"),
)


def training_job(symbol: str, epoch: int = 23) -> Job:
    """A job in the middle of its epochs."""
    losses = tuple(EpochLoss(n, 1.0 / n, 1.1 / n) for n in range(1, epoch + 1))
    return Job(
        symbol,
        JobState.RUNNING,
        "fit",
        epoch,
        50,
        0.0123,
        0.0131,
        187.0,
        NOW - timedelta(minutes=2),
        losses=losses,
    )


def live_run() -> Run:
    """A run of all symbols: four done, one failed, two running, the others queued."""
    jobs = []
    for index, name in enumerate(NAMES):
        if index < 4:
            jobs.append(
                Job(name, JobState.DONE, ended_at=NOW - timedelta(minutes=1), generation=index + 1)
            )
        elif index == 4:
            jobs.append(
                Job(
                    name,
                    JobState.FAILED,
                    message="bars.csv line 33: high 10 is below low 12",
                    ended_at=NOW,
                )
            )
        elif index < 7:
            jobs.append(training_job(name, 20 + index))
        else:
            jobs.append(Job(name))
    return Run(
        RUN_ID,
        "train",
        "manual",
        "yahoo",
        NOW - timedelta(minutes=3, seconds=10),
        "cron",
        JobState.RUNNING,
        tuple(jobs),
    )


def ended_run() -> Run:
    """A run that ended an hour ago."""
    jobs = tuple(Job(name, JobState.DONE) for name in NAMES)
    start = NOW - timedelta(hours=2)
    return Run(
        "20261021-120000-000001",
        "train",
        "manual",
        "yahoo",
        start,
        "cron",
        JobState.DONE,
        jobs,
        ended_at=NOW - timedelta(hours=1),
    )


LOG = tuple(
    f"2026-10-21 14:3{n}:00 published symbol={name} generation={n}"
    for n, name in enumerate(NAMES[:7])
)


def snapshot(rows: tuple[SymbolRow, ...], **changes: Any) -> Snapshot:
    """A snapshot of `rows` on a host with all meters."""
    return replace(
        Snapshot(
            taken_at=NOW,
            host="prod-1",
            home="/srv/stockml",
            source="yahoo",
            simulated=False,
            rows=rows,
            meters=METERS,
        ),
        **changes,
    )


def empty_home() -> Snapshot:
    """A home in which nothing was ever trained."""
    return snapshot(tuple(empty_row(name, index) for index, name in enumerate(NAMES)))


def trained_home() -> Snapshot:
    """All models live, one of each word that needs no run."""
    states = (
        SymbolState.FRESH,
        SymbolState.FRESH,
        SymbolState.DONE,
        SymbolState.AGING,
        SymbolState.STALE,
        SymbolState.REFUSED,
        SymbolState.HELD,
    )
    rows = [row(name, index, states[index % len(states)]) for index, name in enumerate(NAMES)]
    rows[4] = replace(
        rows[4], state=SymbolState.FAILED, note="bars.csv line 33: high 10 is below low 12"
    )
    rows[11] = empty_row(
        "SMR",
        11,
        state=SymbolState.CORRUPT,
        note="the model file is truncated: 1200 of 412345 bytes",
    )
    return snapshot(tuple(rows), log_tail=LOG, runs=(ended_run(),), worst=Level.WARN)


def training_home() -> Snapshot:
    """Two symbols train, the others wait or have ended."""
    run = live_run()
    words = {
        JobState.RUNNING: SymbolState.TRAIN,
        JobState.QUEUED: SymbolState.QUEUED,
        JobState.FAILED: SymbolState.FAILED,
        JobState.DONE: SymbolState.DONE,
    }
    rows = tuple(
        row(job.symbol, index, words[job.state], job=job, run_id=run.id, note=job.message)
        for index, job in enumerate(run.jobs)
    )
    return snapshot(rows, log_tail=LOG, runs=(run, ended_run()), worst=Level.WARN)


def retrain(action: str, reason: str, text: str) -> Retrain:
    """A decision of the newest check, an hour ago."""
    return Retrain(PlannedAction(action), reason, text, NOW - timedelta(hours=1))


CHRONIC = (
    "chronic, left to the age limit (the naive forecast breaks the same limit on the same"
    " sessions); MAPE 6.46 % > 5 %, naive 6.37 % (held-out, n=120, at its training)"
)
ALERTS = (
    Alert(
        "prediction",
        "TSLA",
        AlertState.FIRING,
        NOW - timedelta(minutes=37),
        "model: output is not finite",
        False,
        False,
        None,
        NOW,
        AlertDelivery.WAITING,
    ),
    Alert(
        "chronic",
        "SMR",
        AlertState.FIRING,
        NOW - timedelta(days=3),
        CHRONIC,
        True,
        False,
        None,
        NOW - timedelta(days=3),
        AlertDelivery.DELIVERED,
    ),
    Alert(
        "disk",
        "",
        AlertState.FIRING,
        NOW - timedelta(hours=4),
        "DISK 96 % in use",
        False,
        True,
        NOW + timedelta(hours=2),
    ),
    Alert(
        "slow",
        "",
        AlertState.PENDING,
        NOW - timedelta(hours=1),
        "the slowest prediction took 11.0 s",
    ),
    Alert(
        "corrupt",
        "NVDA",
        AlertState.RESOLVED,
        NOW - timedelta(hours=9),
        "digest does not match",
        sent_at=NOW - timedelta(hours=12),
    ),
)


def watched_home() -> Snapshot:
    """Every kind of reason to retrain or not, a hold, alerts in every state."""
    found = {
        "NVDA": retrain(
            "train",
            "drift",
            "the returns of the newest 60 sessions differ from the 252 before: KS 0.337 > 0.313",
        ),
        "TSLA": retrain(
            "cooldown",
            "accuracy",
            "trained for it on Oct 19 18:00, again from Oct 25 18:00 on; direction 43.7 % < 45 %",
        ),
        "AAPL": retrain(
            "waits",
            "volatility",
            "the market is open until 16:00; volatility 1.67 times that of the sessions before",
        ),
        "GOOGL": retrain(
            "busy", "age", f"run {RUN_ID} (cron) trains it; 7.2 days old, 5 sessions (limit 7 days)"
        ),
        "SMR": retrain("chronic", "mape", CHRONIC),
    }
    rows = [row(name, index, retrain=found.get(name)) for index, name in enumerate(NAMES)]
    rows[3] = replace(
        rows[3],
        state=SymbolState.HELD,
        hold="audit (until 2026-10-30)",
        note="on hold: audit (until 2026-10-30)",
    )
    rows[3] = replace(
        rows[3],
        retrain=retrain(
            "held",
            "age",
            "on hold: audit (until 2026-10-30); 8.1 days old, 6 sessions (limit 7 days)",
        ),
    )
    return snapshot(
        tuple(rows),
        log_tail=LOG,
        runs=(ended_run(),),
        worst=Level.WARN,
        alerts=ALERTS[:-1],
        undelivered=1,
        checked_at=NOW,
    )


def details(symbol: str = "NVDA", sessions: int = 60) -> SymbolDetails:
    """What the child answers of a symbol: closes that rise and fall, a record that beats naive by
    half."""
    closes = [
        Close(f"2026-{1 + at // 28:02d}-{1 + at % 28:02d}", 100.0 + 5 * math.sin(at / 9))
        for at in range(200)
    ]
    record = []
    for before, close in pairwise(closes[-sessions - 1 :]):
        made = (before.price + close.price) / 2
        record.append(
            RecordedSession(close.day, before.price, made, made - 2, made + 2, close.price)
        )
    model = ModelSummary(
        closes=tuple(closes),
        record=tuple(record),
        calibration=(CalibrationBin(low=90.0, high=95.0, n=60, stated=92.0, came=91.0),),
        figures={"coverage80": 81.0, "coverage95": 95.0, "ece": 0.012, "mase_naive": 1.0},
    )
    return SymbolDetails(symbol=symbol, model=model, live=None, retrain=None)


SCENES: dict[str, Callable[[], Snapshot]] = {
    "empty": empty_home,
    "trained": trained_home,
    "training": training_home,
    "watched": watched_home,
}


def hostile() -> Snapshot:
    """Escape codes wherever text from outside can stand."""
    bad = "\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\x1b[?1049l\x07\r\x08evil"
    rows = (
        row("NVDA", 0, SymbolState.FAILED, company=bad, note=bad),
        *(row(name, index) for index, name in enumerate(NAMES[1:], 1)),
    )
    run = replace(live_run(), reason=bad, starter=bad)
    return snapshot(rows, host=f"host{bad}", log_tail=(bad,) * 200, problems=(bad,), runs=(run,))


SCENES["hostile"] = hostile


DOCTOR = MachineExamined(
    (
        Item("terminal", Level.OK, "none: output goes to a pipe or file"),
        Item("link", Level.OK, "not measured: no console was open"),
        Item("cron", Level.WARN, "no cron daemon runs", "start it, or move the jobs"),
        Item("disk", Level.OK, "71,374 MB free, 128 MB needed"),
    )
)
"""What the doctor says, shortened."""
