"""Why a home is WARN or CRIT: the causes behind the one word, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from engine.core.records import Level, Run, SymbolState
from engine.core.snapshot import Alert, AlertState, Cause, Meter, Subject, SymbolRow
from engine.words import figures
from engine.words.phrases import plural

_ROW_LEVELS = {
    SymbolState.CORRUPT: Level.CRIT,
    SymbolState.FOREIGN: Level.CRIT,
    SymbolState.FAILED: Level.WARN,
    SymbolState.LOST: Level.WARN,
}
_SHOWN_SYMBOLS = 3
"""More symbols in one state are counted, not named."""
_ORDER = (Level.CRIT, Level.WARN, Level.OK)


def calm_while_training(meters: Sequence[Meter], runs: Iterable[Run]) -> tuple[Meter, ...]:
    """The meters with a CPU that our own run keeps busy as OK: that is no fault."""
    if not any(run.live for run in runs):
        return tuple(meters)
    return tuple(
        replace(meter, level=Level.OK, detail="busy with a run") if _is_busy(meter) else meter
        for meter in meters
    )


def _is_busy(meter: Meter) -> bool:
    return meter.name == "CPU" and meter.level is not Level.OK


def causes_of(
    meters: Iterable[Meter],
    rows: Iterable[SymbolRow],
    alerts: Iterable[Alert],
    problems: Iterable[str],
) -> tuple[Cause, ...]:
    """The causes, the worst first; none while all is well."""
    causes = (
        *_row_causes(rows),
        *_meter_causes(meters),
        *_alert_causes(alerts),
        *(Cause(level=Level.WARN, subject=Subject.HOME, text=text) for text in problems),
    )
    return tuple(sorted(causes, key=lambda cause: _ORDER.index(cause.level)))


def _meter_causes(meters: Iterable[Meter]) -> Iterator[Cause]:
    for meter in meters:
        if meter.level is not Level.OK:
            unit = " %" if meter.unit == "%" else meter.unit
            text = f"{meter.name.lower()} {figures.number(meter.value, 0)}{unit}"
            yield Cause(level=meter.level, subject=Subject.HOST, text=text)


def _row_causes(rows: Iterable[SymbolRow]) -> Iterator[Cause]:
    symbols: dict[SymbolState, list[str]] = {state: [] for state in _ROW_LEVELS}
    for row in rows:
        if row.state in symbols:
            symbols[row.state].append(row.symbol)
    for state, names in symbols.items():
        if names:
            few = len(names) <= _SHOWN_SYMBOLS
            who = " ".join(names) if few else plural(len(names), "symbol")
            text = f"{who} {state.value}"
            level = _ROW_LEVELS[state]
            yield Cause(level=level, subject=Subject.SYMBOL, text=text, symbol=names[0])


def _alert_causes(alerts: Iterable[Alert]) -> Iterator[Cause]:
    firing = sum(alert.state is AlertState.FIRING and not alert.acked for alert in alerts)
    if firing:
        text = plural(firing, "alert")
        yield Cause(level=Level.WARN, subject=Subject.ALERTS, text=text)
