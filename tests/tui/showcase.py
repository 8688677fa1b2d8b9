"""The home that the pictures of the documentation show: a simulated market, at a clock that
stands still."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.core.events import Event
from engine.core.paths import Home
from engine.core.records import (
    EpochLoss,
    Forecast,
    Job,
    JobState,
    Level,
    Metrics,
    ModelInfo,
    NextReport,
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
from engine.core.symbols import Priority
from engine.runs.training_log import event_text, log_line
from engine.settings import load as config
from engine.settings.home import prepare
from tests.tui.scenes import NOW

HOME = "/home/op/stockml"
SESSIONS = 200
UNSEEN = 120
_RUN = "20261021-143647-5e1f0c"
LAST_RUN = "20261018-060003-91d4aa"
CHRONIC = (
    "chronic, left to the age limit (the naive forecast breaks the same limit on the same"
    " sessions); MAPE 6.46 % > 5 %, naive 6.37 % (held-out, n=120, at its training)"
)
CHECKED = NOW - timedelta(hours=4, minutes=37)
_REFUSED = "the new model is worse on the same 118 sessions: MASE 1.021 against 1.003"
# symbol: close, volatility of a day in percent, generation, age in days, MAPE, the naive
# forecast's, direction
FACTS: dict[str, tuple[float, float, int, float, float, float, float]] = {
    "NVDA": (187.35, 2.6, 9, 3.3, 1.97, 1.99, 53.4),
    "TSLA": (412.80, 3.4, 9, 3.3, 2.61, 2.60, 49.2),
    "AAPL": (251.12, 1.5, 8, 3.3, 1.12, 1.13, 52.5),
    "MSFT": (518.44, 1.4, 8, 3.3, 1.06, 1.06, 50.8),
    "GOOGL": (246.07, 1.7, 7, 3.3, 1.30, 1.32, 54.2),
    "AMZN": (221.90, 1.9, 8, 3.3, 1.42, 1.42, 51.7),
    "AUR": (5.83, 4.4, 6, 3.3, 3.31, 3.30, 47.5),
    "PLTR": (178.26, 3.9, 9, 3.3, 2.96, 2.98, 52.5),
    "SMCI": (54.11, 4.3, 7, 6.3, 3.22, 3.21, 48.3),
    "TSM": (292.60, 2.1, 8, 3.3, 1.57, 1.58, 51.7),
    "MP": (71.48, 4.0, 5, 3.3, 3.05, 3.04, 50.0),
    "SMR": (38.94, 6.9, 6, 3.3, 6.46, 6.37, 46.7),
    "SPY": (668.45, 0.9, 9, 3.3, 0.66, 0.66, 53.3),
}
REPORTS = {
    "TSLA": NextReport(date="2026-10-21", time="after", in_sessions=1, factor=1.0),
    "MSFT": NextReport(date="2026-10-20", time="after", in_sessions=0, factor=2.5),
    "AMZN": NextReport(date="2026-10-29", time="after", in_sessions=7, factor=1.0),
    "AAPL": NextReport(date="2026-10-29", time="after", in_sessions=7, factor=1.0, estimated=True),
}
ALERTS = (
    Alert(
        "chronic",
        "SMR",
        AlertState.FIRING,
        NOW - timedelta(days=3),
        CHRONIC,
        sent_at=NOW - timedelta(days=3),
        delivery=AlertDelivery.DELIVERED,
    ),
    Alert("slow", "", AlertState.PENDING, CHECKED, "the slowest prediction took 11.0 s"),
    Alert(
        "disk",
        "",
        AlertState.RESOLVED,
        NOW - timedelta(hours=21),
        "DISK 96 % in use",
        True,
        sent_at=NOW - timedelta(days=1),
        delivery=AlertDelivery.DELIVERED,
    ),
)
METERS = (
    Meter("CPU", 14.0, "%", Level.OK),
    Meter("MEM", 43.0, "%", Level.OK, "4.5 GB free"),
    Meter("DISK", 61.0, "%", Level.OK, "18.2 GB free"),
    Meter("LOAD", 0.31, "", Level.OK, "2 cores"),
)
_WEIGHTS = (("naive", 0.55), ("enhanced", 0.31), ("lstm", 0.09), ("sklearn", 0.05))


def _model(symbol: str) -> ModelInfo:
    _, _, generation, age, mape, naive, direction = FACTS[symbol]
    return ModelInfo(
        symbol=symbol,
        generation=generation,
        digest=f"{generation:016x}",
        trained_at=NOW - timedelta(days=age),
        size_bytes=117_300 + 13 * len(symbol),
        source="simulated",
        first_bar="2024-01-09",
        last_bar="2026-10-16",
        n_bars=700,
        reason="auto: age",
        run_id=LAST_RUN,
        metrics=Metrics(UNSEEN, direction, mape, naive, mape / naive, 88.0),
        weights=_WEIGHTS,
    )


def forecast_of(symbol: str) -> Forecast:
    close, volatility = FACTS[symbol][:2]
    ahead = close * (1 + (len(symbol) * 7 + ord(symbol[0])) % 9 / 3000 - 0.001)
    wide = close * volatility / 100
    return Forecast(
        last_bar="2026-10-20",
        last_close=close,
        next_close=ahead,
        low80=ahead - 1.25 * wide,
        high80=ahead + 1.3 * wide,
        low95=ahead - 2.1 * wide,
        high95=ahead + 2.2 * wide,
        p_up=50.0 + 400 * (ahead / close - 1) / volatility,
        confidence=100 * math.erf(5 / volatility / math.sqrt(2)),
        target_session="2026-10-21",
        report=REPORTS.get(symbol),
        report_known=symbol != "AUR",
        tolerance=5.0,
    )


def _row(symbol: str, company: str, priority: Priority) -> SymbolRow:
    age = FACTS[symbol][3]
    return SymbolRow(
        symbol=symbol,
        company=company,
        priority=priority,
        state=SymbolState.FRESH if age <= 5 else SymbolState.AGING,
        model=_model(symbol),
        forecast=forecast_of(symbol),
        age_days=age,
        run_id=LAST_RUN,
        retrain=Retrain(PlannedAction.CHRONIC, "mape", CHRONIC, CHECKED)
        if symbol == "SMR"
        else None,
    )


def _losses(epochs: int) -> tuple[EpochLoss, ...]:
    return tuple(
        EpochLoss(n, 0.62 * 0.86**n + 0.31, 0.58 * 0.83**n + 0.36 + 0.004 * (n % 3))
        for n in range(1, epochs + 1)
    )


def _ended(symbol: str) -> Job:
    model = _model(symbol)
    return Job(
        symbol,
        JobState.DONE,
        "publish",
        8,
        8,
        0.4,
        0.45,
        started_at=NOW - timedelta(days=3, hours=8),
        ended_at=NOW - timedelta(days=3, hours=8),
        duration_s=5.2,
        generation=model.generation,
        metrics=model.metrics,
        losses=_losses(8),
        exit_code=0,
    )


def _refused() -> Job:
    worse, better = Metrics(118, 47.5, 3.28, 3.21, 1.021, 80.0), _model("SMCI").metrics
    return Job(
        "SMCI",
        JobState.REFUSED,
        "score",
        8,
        8,
        duration_s=5.4,
        message=_REFUSED,
        metrics=worse,
        champion=better,
        losses=_losses(8),
        exit_code=5,
        ended_at=NOW - timedelta(days=3, hours=8),
    )


def _weekly(names: tuple[str, ...]) -> Run:
    """The run of the Sunday before."""
    start = NOW - timedelta(days=3, hours=8, minutes=37)
    jobs = tuple(_refused() if name == "SMCI" else _ended(name) for name in names)
    return Run(
        LAST_RUN,
        "train",
        "auto: age",
        "simulated",
        start,
        "cron, weekly",
        JobState.DONE,
        jobs,
        start + timedelta(seconds=31),
        message="12 done, 1 refused",
    )


def _earlier(names: tuple[str, ...]) -> list[Run]:
    """The Sundays before, and a training by hand between two of them."""
    newest = _weekly(names)
    runs = []
    for back, reason in enumerate(("manual", "auto: age", "auto: age", "auto: drift"), 1):
        start = newest.created_at - timedelta(days=7 * back - 2 * (back % 2))
        jobs = newest.jobs[: 2 if back % 2 else len(names)]
        took = timedelta(seconds=29 + back)
        runs.append(
            replace(
                newest,
                id=f"{start:%Y%m%d-%H%M%S}-{back:06x}",
                reason=reason,
                created_at=start,
                ended_at=start + took,
                jobs=jobs,
                message="",
            )
        )
    return runs


def trained(folder: Path) -> Snapshot:
    """Everything trained on Sunday;
    one challenger refused, one symbol whose error training does not mend."""
    home = Home(folder)
    prepare(home)
    symbols = config.load(home, {}).symbols
    rows = {name: _row(name, symbol.company, symbol.priority) for name, symbol in symbols.items()}
    rows["MP"] = replace(
        rows["MP"], state=SymbolState.HELD, hold="a merger is being voted on (until 2026-10-31)"
    )
    rows["SMCI"] = replace(
        rows["SMCI"], state=SymbolState.REFUSED, last_job=_refused(), note=_REFUSED
    )
    return Snapshot(
        taken_at=NOW,
        host="prod-1",
        home=HOME,
        source="simulated",
        simulated=True,
        rows=tuple(rows.values()),
        meters=METERS,
        runs=(_weekly(tuple(rows)), *_earlier(tuple(rows))),
        log_tail=tuple(told(NOW - timedelta(days=3, hours=8, minutes=37))[-8:]),
        alerts=ALERTS[:2],
        checked_at=CHECKED,
    )


def training(folder: Path) -> Snapshot:
    """The same home while all symbols are trained: six done, two at it, five wait."""
    seen = trained(folder)
    jobs: list[Job] = []
    for at, row in enumerate(seen.rows):
        if at < 6:
            jobs.append(
                replace(_ended(row.symbol), ended_at=NOW, generation=FACTS[row.symbol][2] + 1)
            )
        elif at < 8:
            done = 11 - 4 * (at - 6)
            jobs.append(
                Job(
                    row.symbol,
                    JobState.RUNNING,
                    "fit",
                    done,
                    50,
                    0.4237,
                    0.4411,
                    14.0 + at,
                    NOW - timedelta(seconds=3),
                    losses=_losses(done),
                )
            )
        else:
            jobs.append(Job(row.symbol))
    run = Run(
        _RUN,
        "train",
        "manual",
        "simulated",
        NOW - timedelta(seconds=24),
        "console of op",
        JobState.RUNNING,
        tuple(jobs),
    )
    words = {
        JobState.DONE: SymbolState.DONE,
        JobState.RUNNING: SymbolState.TRAIN,
        JobState.QUEUED: SymbolState.QUEUED,
    }
    rows = tuple(
        (
            replace(
                row,
                state=words[job.state],
                model=_renewed(row.symbol),
                run_id=run.id,
                age_days=0.0,
                note="",
            )
            if job.state.ended
            else replace(row, state=words[job.state], job=job, run_id=run.id, note="")
        )
        for row, job in zip(seen.rows, jobs, strict=True)
    )
    meters = (
        Meter("CPU", 97.0, "%", Level.OK),
        *METERS[1:3],
        Meter("LOAD", 2.12, "", Level.OK, "2 cores"),
    )
    log = tuple(
        log_line(
            "SUCCESS",
            NOW - timedelta(seconds=9 - at),
            f"{job.symbol}: SIMULATED published generation {job.generation}",
        )
        for at, job in enumerate(jobs[:6])
    )
    return replace(seen, rows=rows, meters=meters, runs=(run, *seen.runs), log_tail=log)


def _renewed(symbol: str) -> ModelInfo:
    model = _model(symbol)
    return replace(
        model, generation=model.generation + 1, trained_at=NOW, reason="manual", run_id=_RUN
    )


def told(at: datetime) -> list[str]:
    """What training.log says of the run, in the words of those who write it."""
    lines = []
    for number, symbol in enumerate(FACTS):
        told: list[tuple[str, dict[str, Any]]] = [("started", {})]
        if symbol == "AUR":
            told.append(("warning", {"message": "1 session missing before 2026-09-08"}))
        figures = _model(symbol).metrics
        told.append(
            ("scored", {"metrics": {name: getattr(figures, name) for name in figures.__slots__}})
        )
        told.append(
            ("refused", {"message": _REFUSED})
            if symbol == "SMCI"
            else ("published", {"generation": _model(symbol).generation})
        )
        for step, (kind, data) in enumerate(told):
            when = at + timedelta(seconds=5 + 2 * number + step // 2)
            words = event_text(
                Event(0, when, 0.0, LAST_RUN, "worker-1", symbol, kind, data), "simulated"
            )
            assert words is not None
            lines.append(log_line(words[0], when, words[1]))
    return lines
