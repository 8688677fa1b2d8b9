"""The table of an evaluation as text: one row a symbol, the pooled one last."""

from __future__ import annotations

from typing import Any

from engine.core.text import clean
from engine.forecast.evaluation_document import ALWAYS_UP, ENSEMBLE, NAIVE
from engine.words import figures
from engine.words.sources import SIMULATED

HEADS = (
    "SYMBOL",
    "ON",
    "N",
    "FROM",
    "TO",
    "MAPE%",
    "NAIVE%",
    "MASE",
    "DIR%",
    "95% INTERVAL",
    "UP%",
    "IN 80%",
    "IN 95%",
    "CONF%",
    "KEPT%",
    "ECE",
    "SOURCE",
)
RIGHT = (2, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15)
"""The columns that are aligned right."""
LEGEND = (
    "MAPE: mean |forecast - close| / close in percent; NAIVE: of the forecast next close = last"
    " close on the same sessions; MASE: their ratio, below 1 is better than naive. DIR: share of"
    " rising and falling sessions called right, with its 95 % Wilson interval; UP: what saying up"
    " every day would have scored. IN 80, IN 95: closes inside the stated intervals. CONF: mean"
    " stated confidence that the close lands within the tolerance of the forecast; KEPT: how often"
    " it did; ECE: expected calibration error of that confidence, a fraction."
)


def table_rows(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """The rows under HEADS, the pooled one last."""
    cells = [cells_of(entry) for entry in document["symbols"]]
    if len(cells) > 1:
        simulated = document["simulated"]
        cells.append(cells_of({**document["pooled"], "simulated": simulated, "source": ""}))
    return cells


def cells_of(entry: dict[str, Any]) -> tuple[str, ...]:
    """One symbol, or all pooled, as cells under HEADS."""
    rows = entry["rows"]
    ensemble = rows[ENSEMBLE]
    low, high = ensemble["direction_low"], ensemble["direction_high"]
    source = clean(str(entry.get("source", "")).partition(":")[0], 20)
    return (
        entry.get("symbol", "pooled"),
        entry.get("part", ""),
        str(entry["n"]),
        entry.get("first") or "",
        entry.get("last") or "",
        figures.number(ensemble["mape"], 2),
        figures.number(rows[NAIVE]["mape"], 2),
        figures.number(ensemble["mase"], 3),
        figures.number(ensemble["direction"], 1),
        figures.interval(low, high, 1),
        figures.number(rows[ALWAYS_UP]["direction"], 1),
        figures.number(ensemble["coverage80"], 1),
        figures.number(ensemble["coverage95"], 1),
        figures.number(ensemble["confidence"], 1),
        figures.number(ensemble["kept"], 1),
        figures.number(ensemble["ece"], 3),
        SIMULATED if entry.get("simulated") else source,
    )
