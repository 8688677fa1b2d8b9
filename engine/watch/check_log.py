"""Records each check in two logs and in history.db.

logs/monitoring/performance_history.jsonl   one JSON object a symbol
logs/monitoring/monitoring.log              one line a symbol, for people
history.db                                  watch_checks, watch_host
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.core.clock import iso
from engine.core.files import append_line
from engine.core.paths import Home
from engine.core.text import clean
from engine.watch.check_report import history_line
from engine.watch.probe import ProbeFault, ProbeResult
from engine.watch.report import history_path
from engine.watch.schema import writing
from engine.watch.symbol_inputs import SymbolInputs
from engine.words import figures, times

if TYPE_CHECKING:
    from engine.watch.check_report import CheckReport, SymbolCheck

MAX_TEXT = 300
"""Characters of a symbol's words."""


def write_probes(
    home: Home, now: datetime, probes: Iterable[tuple[SymbolInputs, ProbeResult]]
) -> None:
    """Store what triggers need of this check: confidences by last bar, and faults."""
    rows = []
    for inputs, probe in probes:
        model = inputs.status.model if inputs.status else None
        # No model at all is the trigger `missing`, not a failing model.
        fault = probe.fault if inputs.status else ProbeFault.DATA
        rows.append(
            {
                "at": iso(now),
                "symbol": inputs.symbol,
                "source": inputs.source,
                "via": probe.via,
                "response_time": probe.seconds,
                "confidence": probe.confidence,
                "last_bar": probe.forecast.last_bar if probe.forecast else None,
                "status": "failed" if probe.fault else "answered",
                "fault": str(fault),
                "generation": model.generation if model else None,
                "text": probe.problem,
            }
        )
    with writing(home) as connection:
        connection.executemany(
            "INSERT INTO watch_checks (at, symbol, source, via, response_time, confidence,"
            " last_bar, status, fault, generation, basis, text) VALUES (:at, :symbol, :source,"
            " :via, :response_time, :confidence, :last_bar, :status, :fault, :generation, '',"
            " :text)",
            rows,
        )


def write_report(home: Home, report: CheckReport) -> None:
    """Write the check and host rows, and a line per symbol to each log that can be written."""
    at = iso(report.at)
    host = {meter.name: meter.value for meter in report.meters}
    size = home_bytes(home)
    with writing(home) as connection:
        connection.execute(
            "INSERT INTO watch_host (at, cpu, memory, disk, load, home_bytes) VALUES (?, ?, ?, ?,"
            " ?, ?)",
            (at, *(host.get(name) for name in ("CPU", "MEM", "DISK", "LOAD")), size),
        )
        connection.executemany(
            "UPDATE watch_checks SET status=:status, direction_accuracy=:direction, mape=:mape,"
            " age_days=:age, basis=:basis, text=:text WHERE at=:at AND symbol=:symbol",
            [_row(check, at) for check in report.checks],
        )
    for check in report.checks:
        with suppress(OSError):
            line = history_line(check, report.at)
            append_line(history_path(home), json.dumps(line, allow_nan=False))
            mark = {"ok": "INFO", "warning": "WARNING"}.get(check.status, "ALERT")
            text = f"{check.symbol} {check.status}: {_words(check)}"
            append_line(home.monitoring_log, f"{at} {mark} {text}")


def _row(check: SymbolCheck, at: str) -> dict[str, Any]:
    return {
        "status": check.status,
        "direction": check.direction_accuracy,
        "mape": check.mape,
        "age": check.assessment.facts.age_days,
        "basis": check.basis,
        "text": _words(check),
        "at": at,
        "symbol": check.symbol,
    }


def _words(check: SymbolCheck) -> str:
    """One symbol's summary: its fault, else what fired, else its figures."""
    probe = check.probe
    if probe.fault:
        return clean(f"{probe.fault} fault: {probe.problem}", MAX_TEXT)
    if check.fired:
        return clean("; ".join(verdict.text for verdict in check.fired), MAX_TEXT)
    confidence = figures.percent(probe.confidence)
    return f"confidence {confidence}, answered in {times.latency(probe.seconds)} {probe.via}"


def home_bytes(home: Home) -> int:
    """The size of the home in bytes, without files that vanish meanwhile."""
    total = 0
    # pathlib's walk ends with an error where a folder vanishes.
    for folder, _, names in os.walk(home.root):
        for name in names:
            with suppress(OSError):
                # A tenth of the time of paths.
                status = os.lstat(os.path.join(folder, name))  # noqa: PTH118
                total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total
