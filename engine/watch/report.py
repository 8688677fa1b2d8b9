"""The report of the newest checks, which `performance --report` prints and writes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.core.clock import iso
from engine.core.errors import FileError
from engine.core.files import write_json
from engine.core.history import reading, record_of
from engine.core.paths import Home
from engine.core.reading import read_end
from engine.core.snapshot import Meter
from engine.watch.schema import SCHEMA


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The newest check of one symbol; seconds, percent, days."""

    symbol: str
    at: str
    via: str
    source: str
    response_time: float | None
    confidence: float | None
    status: str
    direction_accuracy: float | None
    mape: float | None
    age_days: float | None
    generation: int | None
    basis: str
    text: str


_WINDOW = 65_536
_COLUMNS = ", ".join(LastCheck.__dataclass_fields__)


def last_checks(home: Home) -> dict[str, LastCheck]:
    """The newest check of every symbol; empty before the first."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return {}
        newest = "SELECT MAX(id) FROM watch_checks GROUP BY symbol"
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM watch_checks WHERE id IN ({newest})"  # noqa: S608 - ours
        )
        names = LastCheck.__dataclass_fields__
        return {row[0]: record_of(LastCheck, dict(zip(names, row, strict=True))) for row in rows}


def history_path(home: Home) -> Path:
    """logs/monitoring/performance_history.jsonl."""
    return home.logs / "monitoring" / "performance_history.jsonl"


def recent_lines(home: Home, count: int) -> tuple[dict[str, Any], ...]:
    """The newest lines of performance_history.jsonl, oldest first, without broken ones."""
    try:
        raw = read_end(history_path(home), _WINDOW).splitlines()[-count:]
    except (OSError, FileError):
        return ()
    lines = []
    for line in raw:
        try:
            tree = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if (
            isinstance(tree, dict)
            and isinstance(tree.get("timestamp"), str)
            and isinstance(tree.get("symbol"), str)
        ):
            lines.append(tree)
    return tuple(lines)


def write_report(
    home: Home, symbols: tuple[str, ...], meters: tuple[Meter, ...], now: datetime
) -> tuple[Path, dict[str, Any]]:
    """Write evaluation_results/performance_report_YYYYMMDD.json; its path and its contents."""
    newest = last_checks(home)
    checks = [newest[symbol] for symbol in symbols if symbol in newest]
    tree = {
        "timestamp": iso(now),
        "monitoring_period": [
            min((check.at for check in checks), default=None),
            max((check.at for check in checks), default=None),
        ],
        "symbols_monitored": [check.symbol for check in checks],
        "total_symbols": len(symbols),
        "not_checked": [symbol for symbol in symbols if symbol not in newest],
        "system_status": [{**asdict(meter), "level": str(meter.level)} for meter in meters],
        "checks": [asdict(check) for check in checks],
        "generated_by": "stockml performance --report",
    }
    path = home.evaluations / f"performance_report_{now.astimezone():%Y%m%d}.json"
    write_json(path, tree, name="report")
    return path, tree
