"""What stands in the home of the documentation's pictures beside its rows: stories, backups,
logs, crontab, record."""

from __future__ import annotations

import json
import math
import os
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.children.messages import SymbolDetails
from engine.core.clock import iso
from engine.core.recent import recent_text
from engine.core.snapshot import PlannedAction, Snapshot, SymbolRow
from engine.core.symbol_details import (
    CalibrationBin,
    Close,
    ModelSummary,
    RecordedSession,
    RetrainExplanation,
    TriggerReport,
)
from engine.schedule.record import begin_run, end_run, write_changes
from engine.schedule.records import JobOutcome, JobTrigger, ScheduleChange
from engine.vault.records import Backup, BackupEntry
from tests.tui.fake import FakeEngine
from tests.tui.fake_service import service_up
from tests.tui.scenes import NOW
from tests.tui.showcase import (
    ALERTS,
    CHECKED,
    CHRONIC,
    FACTS,
    HOME,
    LAST_RUN,
    SESSIONS,
    UNSEEN,
    forecast_of,
    told,
)


def _details(symbol: str) -> SymbolDetails:
    """A walk of closes that ends on the row's last close, and forecasts near each close before."""
    close, volatility = FACTS[symbol][:2]
    chance, walk = random.Random(f"stockml {symbol}"), [0.0]
    for _ in range(SESSIONS - 1):
        walk.append(walk[-1] + chance.gauss(0.0, volatility / 100))
    # Every walk begins near where it ends, so that each picture has its whole range.
    drift = walk[-1] / (SESSIONS - 1)
    closes = [close * math.exp(value - drift * at) for at, value in enumerate(walk)]
    days = [f"{day}" for day in _weekdays(SESSIONS)]
    record = []
    for at in range(SESSIONS - UNSEEN, SESSIONS):
        made = closes[at - 1] * (1 + chance.gauss(0.0005, 0.001))
        wide = 1.28 * volatility / 100 * closes[at - 1]
        record.append(
            RecordedSession(days[at], closes[at - 1], made, made - wide, made + wide, closes[at])
        )
    held = 100 * sum(day.low80 <= day.actual <= day.high80 for day in record) / len(record)
    near = 100 * sum(abs(day.actual / day.forecast - 1) <= 0.05 for day in record) / len(record)
    stated = float(round(forecast_of(symbol).confidence))
    model = ModelSummary(
        closes=tuple(Close(day, price) for day, price in zip(days, closes, strict=True)),
        record=tuple(record),
        calibration=(
            CalibrationBin(low=stated - 5.0, high=stated + 5.0, n=UNSEEN, stated=stated, came=near),
        ),
        figures={
            "coverage80": held,
            "coverage95": 95.0,
            "ece": 0.021,
            "mase_naive": 1.0,
            "mase_enhanced": 1.004,
            "mase_lstm": 1.019,
            "mase_sklearn": 1.011,
        },
    )
    return SymbolDetails(symbol=symbol, model=model, live=None, retrain=_retrain(symbol))


def _retrain(symbol: str) -> RetrainExplanation:
    """What the planner and every trigger say of a symbol."""
    _, volatility, _, age, mape, naive, direction = FACTS[symbol]
    chronic = symbol == "SMR"
    told = (
        ("age", False, f"{age:.1f} days old (limit 7 days)"),
        ("accuracy", False, f"direction {direction} % >= 45 % (held-out, n=120, at its training)"),
        (
            "mape",
            chronic,
            (
                f"MAPE {mape:.2f} % {'>' if chronic else '<='} 5 %, naive {naive:.2f} % (held-out,"
                " n=120, at its training)"
            ),
        ),
        (
            "volatility",
            False,
            (
                f"volatility {0.8 + volatility / 20:.2f} times that of the sessions before (limit"
                " 1.70, n=10)"
            ),
        ),
        (
            "drift",
            False,
            "the returns of the newest 60 sessions against the 252 before: KS 0.143 <= 0.302",
        ),
    )
    verdicts = tuple(
        TriggerReport(
            reason=reason,
            fired=fired,
            text=text,
            chronic="the naive forecast breaks the same limit" if fired else "",
        )
        for reason, fired, text in told
    )
    fine = (PlannedAction.FINE, "", f"{age:.1f} days old, no trigger fires")
    action, reason, text = (PlannedAction.CHRONIC, "mape", CHRONIC) if chronic else fine
    return RetrainExplanation(
        action=action,
        reason=reason,
        text=text,
        verdicts=verdicts,
        next_auto_train=datetime(2026, 10, 25, 6, tzinfo=UTC),
        checked_at=CHECKED,
    )


def _weekdays(count: int) -> list[date]:
    """The `count` weekdays that end on the last bar."""
    day = date(2026, 10, 20)
    found: list[date] = []
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day -= timedelta(days=1)
    return found[::-1]


def furnish(engine: FakeEngine) -> None:
    """Stories, backups, logs, a crontab with its history: what the other screens show."""
    for symbol in FACTS:
        engine.details[symbol] = _details(symbol)
    engine.backups_there = tuple(_backups())
    engine.alerts_there = ALERTS
    engine.overview = service_up()
    if isinstance(engine.snap, Snapshot):
        engine.snap = replace(engine.snap, rows=tuple(map(_with_recent, engine.snap.rows)))
    _schedule(engine)
    _logs(engine)


def _with_recent(row: SymbolRow) -> SymbolRow:
    model = _details(row.symbol).model
    return replace(row, recent=recent_text(model.closes, model.record))


def _backups() -> list[Backup]:
    def entry(symbol: str, back: int) -> BackupEntry:
        made = (NOW - timedelta(days=3.3 + 7 * back)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return BackupEntry(
            symbol=symbol,
            file=f"{symbol.lower()}_lstm_model.h5",
            kind="model",
            size_bytes=117_352,
            sha256="a" * 64,
            generation=FACTS[symbol][2] - back,
            trained_at=made,
        )

    first = NOW - timedelta(days=3, hours=8, minutes=36)
    rows = (
        (NOW - timedelta(hours=5), ("NVDA", "TSLA", "AAPL"), 0, "manual", ""),
        (first, tuple(FACTS), 1, "automatic", LAST_RUN),
        (first - timedelta(days=7), tuple(FACTS), 2, "automatic", "20261011-060002-7be210"),
    )
    return [
        Backup(
            Path(HOME, "persistent_data/ml_models") / f"backup_{at:%Y%m%d_%H%M%S}",
            at,
            tuple(entry(name, back) for name in names),
            reason,
            run,
        )
        for at, names, back, reason, run in rows
    ]


def _logs(engine: FakeEngine) -> None:
    """The logs of the Sunday; the files have the times of the clock that stands still."""
    at = NOW - timedelta(days=3, hours=8, minutes=37)
    logs = engine.home.logs
    cron = f"{iso(at)} weekly: started by cron, due {iso(at.replace(second=0))}"
    checked = NOW - timedelta(hours=4, minutes=36)
    files = {
        engine.home.training_log: (at + timedelta(seconds=31), told(at)),
        logs / "training" / "cron.log": (at, [cron]),
        logs / "monitoring" / "cron.log": (
            checked,
            [f"{iso(checked)} performance: 13 symbols checked, none to train (exit 0)"],
        ),
    }
    files[engine.home.audit_log] = (NOW - timedelta(hours=5), _record())
    for path, (written, text) in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(text) + "\n")
        os.utime(path, (written.timestamp(), written.timestamp()))


def _record() -> list[str]:
    """Who did what, as logs/audit.log has it."""
    cron, person = (
        {"user": "op", "pid": 2201, "from": "cron weekly"},
        {"user": "op", "ssh": "203.0.113.7", "tty": "pts/1", "pid": 8112},
    )
    sunday = NOW - timedelta(days=3, hours=8, minutes=37)
    rows: tuple[tuple[datetime, dict[str, Any], str, str, dict[str, Any]], ...] = (
        (
            sunday,
            cron,
            "train",
            "started",
            {"symbols": list(FACTS), "run": LAST_RUN, "reason": "auto: age"},
        ),
        (
            sunday + timedelta(seconds=31),
            cron,
            "train",
            "done",
            {"run": LAST_RUN, "jobs": "12 done, 1 refused"},
        ),
        (
            NOW - timedelta(hours=26),
            {**person, "from": "console"},
            "hold",
            "done",
            {"symbol": "MP", "reason": "a merger"},
        ),
        (
            NOW - timedelta(hours=5),
            {**person, "from": "command"},
            "backup",
            "done",
            {"symbols": ["NVDA", "TSLA", "AAPL"]},
        ),
    )
    return [
        json.dumps({"at": iso(at), "v": 1, **who, "what": what, "outcome": outcome, "about": about})
        for at, who, what, outcome, about in rows
    ]


def _schedule(engine: FakeEngine) -> None:
    """The standard jobs below a line of somebody else, and what cron made of them;
    one was missed."""
    engine.crontab.tab = (
        b"# nightly copy of the web site\n15 1 * * * /usr/local/bin/copy-site --quiet\n"
    )
    scheduler = engine.schedule.scheduler()
    scheduler.write(scheduler.install(scheduler.current(), (), Path("/bin/true")))
    since = NOW - timedelta(days=30)
    lines = scheduler.current().lines
    write_changes(
        engine.home,
        tuple(
            ScheduleChange(
                since, one.job, expression=one.expression, enabled=True, backend="crontab"
            )
            for one in lines
        ),
    )
    ran = (
        ("monthly", timedelta(days=20, hours=9, minutes=37), 34.0, 0, ""),
        ("weekly", timedelta(days=3, hours=8, minutes=37), 31.0, 0, ""),
        ("clean", timedelta(hours=7, minutes=37), 0.4, 0, ""),
        ("performance", timedelta(hours=4, minutes=37), 6.2, 0, ""),
    )
    for job, ago, seconds, code, message in ran:
        slot = NOW.replace(second=0) - ago
        number = begin_run(engine.home, job, JobTrigger.CRON, slot, slot + timedelta(seconds=2))
        end_run(
            engine.home,
            number,
            slot + timedelta(seconds=2 + seconds),
            code,
            JobOutcome.DONE,
            message,
        )
