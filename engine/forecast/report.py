"""The report of an evaluation: one tree of figures, and the folder with its JSON, Markdown and
HTML."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.clock import Clock, iso
from engine.core.errors import StockmlError
from engine.core.files import fsync_dir, temporary_name, write_atomic, write_json
from engine.core.paths import Home
from engine.core.text import clean
from engine.forecast.evaluate import Evaluation
from engine.forecast.members.base import Floats
from engine.forecast.metrics import (
    brier,
    coverage,
    expected_calibration_error,
    relative_errors,
    reliability,
    score,
)
from engine.forecast.record import width
from engine.words.sources import SIMULATED

ALWAYS_UP, ENSEMBLE, NAIVE = "always_up", "ensemble", "naive"
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
LEGEND = (
    "MAPE: mean |forecast - close| / close in percent; NAIVE: of the forecast next close = last"
    " close on the same sessions; MASE: their ratio, below 1 is better than naive. DIR: share of"
    " rising and falling sessions called right, with its 95 % Wilson interval; UP: what saying up"
    " every day would have scored. IN 80, IN 95: closes inside the stated intervals. CONF: mean"
    " stated confidence that the close lands within the tolerance of the forecast; KEPT: how often"
    " it did; ECE: expected calibration error of that confidence, a fraction."
)

Tree = dict[str, Any]


def document(found: Mapping[str, Evaluation | StockmlError], clock: Clock) -> Tree:
    """Everything that was measured: pooled over all symbol-sessions, and one entry a symbol;
    percent as percent."""
    scored = [each for each in found.values() if isinstance(each, Evaluation)]
    return {
        "evaluated_at": iso(clock.now()),
        "simulated": any(each.simulated for each in scored),
        "pooled": {**_table(scored), "reliability": diagram(scored)} if scored else None,
        "symbols": [entry(each) for each in scored],
        "problems": [
            {
                "symbol": name,
                "message": each.message,
                "hint": each.hint,
                "exit_code": int(each.exit_code),
            }
            for name, each in found.items()
            if isinstance(each, StockmlError)
        ],
    }


def entry(found: Evaluation) -> Tree:
    """One symbol."""
    dates = found.record.dates
    return {
        "symbol": found.symbol,
        "part": found.part,
        "why": found.why,
        "first": str(dates[0]) if len(dates) else None,
        "last": str(dates[-1]) if len(dates) else None,
        **_table([found]),
        "tolerance": 100.0 * found.tolerance,
        "weights": dict(found.model.weights),
        "generation": found.model.generation,
        "digest": found.model.digest,
        "trained_at": iso(found.model.trained_at),
        "last_bar": found.model.last_bar,
        "source": found.source,
        "simulated": found.simulated,
    }


def _table(found: Sequence[Evaluation]) -> Tree:
    """{"n", "rows"}: the ensemble with everything it states;
    naive, members and always-up with their point figures."""
    target = _joined(found, "target")
    common = [
        name
        for name in found[0].record.members
        if all(name in each.record.members for each in found)
    ]
    members = {
        name: np.concatenate([each.record.members[name] for each in found])
        for name in common
        if name != NAIVE
    }
    rows = {ENSEMBLE: {**_point(_joined(found, "forecast"), target), **_stated(found)}}
    rows |= {NAIVE: _point(np.zeros(len(target)), target)} | {
        name: _point(each, target) for name, each in members.items()
    }
    rows[ALWAYS_UP] = {**_point(np.ones(len(target)), target), "mape": None, "mase": None}
    return {"n": len(target), "rows": rows}


def _point(forecast: Floats, target: Floats) -> Tree:
    found = score(forecast, target)
    names = ("mape", "mase", "direction", "direction_low", "direction_high")
    return {name: getattr(found, name) for name in names}


def _stated(found: Sequence[Evaluation]) -> Tree:
    """How true intervals and chances were."""
    forecast, target, confidence, up = (
        _joined(found, name) for name in ("forecast", "target", "confidence", "p_up")
    )
    figures: Tree = {}
    for level in ("80", "95"):
        half = _joined(found, f"half{level}")
        figures[f"coverage{level}"] = coverage(forecast - half, forecast + half, target)
        figures[f"width{level}"] = width(forecast, half)
    came = kept(found)
    figures |= {
        "confidence": 100.0 * float(confidence.mean()) if len(target) else None,
        "kept": 100.0 * float(came.mean()) if len(target) else None,
        "ece": expected_calibration_error(confidence, came),
        "brier": brier(confidence, came),
    }
    return figures | {
        "ece_up": expected_calibration_error(up, target > 0.0),
        "brier_up": brier(up, target > 0.0),
    }


def kept(found: Sequence[Evaluation]) -> Any:
    """[n] whether each close landed within its model's tolerance of the forecast."""
    return np.concatenate(
        [
            relative_errors(each.record.forecast, each.record.target) <= each.tolerance
            for each in found
        ]
    )


def diagram(found: Sequence[Evaluation]) -> Tree:
    """Reliability bins of the confidence and of P(up); fractions."""
    pairs = {"confidence": (_joined(found, "confidence"), kept(found))}
    pairs["p_up"] = (_joined(found, "p_up"), _joined(found, "target") > 0.0)
    return {
        name: [
            {"stated": each.stated, "observed": each.observed, "n": each.n}
            for each in reliability(*pair)
        ]
        for name, pair in pairs.items()
    }


def _joined(found: Sequence[Evaluation], name: str) -> Floats:
    return np.concatenate([getattr(each.record, name) for each in found])


def sessions(found: Evaluation) -> list[Tree]:
    """Each scored session: what was stated before it, and what came;
    prices in dollars unless indexed."""
    record = found.record
    columns = {
        "last_close": found.before,
        "forecast": found.before * np.exp(record.forecast),
        "actual": found.before * np.exp(record.target),
        **{
            f"{side}{level}": (
                found.before * np.exp(record.forecast + sign * getattr(record, f"half{level}"))
            )
            for level in ("80", "95")
            for side, sign in (("low", -1.0), ("high", 1.0))
        },
        "confidence": 100.0 * record.confidence,
        "p_up": 100.0 * record.p_up,
    }
    names = ("session", *columns)
    rows = zip(
        record.dates.astype(str).tolist(),
        *(values.tolist() for values in columns.values()),
        strict=True,
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def cells(tree: Tree) -> tuple[str, ...]:
    """One symbol, or all pooled, as cells under HEADS."""
    rows = tree["rows"]
    ours = rows[ENSEMBLE]
    low, high = ours["direction_low"], ours["direction_high"]
    source = (
        SIMULATED
        if tree.get("simulated")
        else clean(str(tree.get("source", "")).partition(":")[0], 20)
    )
    return (
        tree.get("symbol", "pooled"),
        tree.get("part", ""),
        str(tree["n"]),
        tree.get("first") or "",
        tree.get("last") or "",
        _number(ours["mape"], 2),
        _number(rows[NAIVE]["mape"], 2),
        _number(ours["mase"], 3),
        _number(ours["direction"], 1),
        "-" if low is None else f"{low:.1f} to {high:.1f}",
        _number(rows[ALWAYS_UP]["direction"], 1),
        *(_number(ours[name], 1) for name in ("coverage80", "coverage95", "confidence", "kept")),
        _number(ours["ece"], 3),
        source,
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def table(tree: Tree) -> list[tuple[str, ...]]:
    """The rows under HEADS, pooled last."""
    rows = [cells(each) for each in tree["symbols"]]
    if len(rows) > 1:
        rows.append(cells({**tree["pooled"], "simulated": tree["simulated"], "source": ""}))
    return rows


def write_report(
    home: Home, found: Mapping[str, Evaluation | StockmlError], tree: Tree, now: datetime
) -> Path:
    """evaluation_results/YYYYMMDD_HHMMSS/ (local time) with evaluation.json, report.md and
    report.html; it appears whole."""
    from engine.forecast.page import page

    scored = [each for each in found.values() if isinstance(each, Evaluation)]
    home.evaluations.mkdir(parents=True, exist_ok=True)
    final = _free(home.evaluations / f"{now.astimezone():%Y%m%d_%H%M%S}")
    making = temporary_name(final)
    making.mkdir()
    try:
        whole = {
            **tree,
            "symbols": [
                {**entry(each), "indexed": each.indexed, "sessions": sessions(each)}
                for each in scored
            ],
        }
        write_json(making / "evaluation.json", whole)
        write_atomic(making / "report.md", markdown(tree).encode())
        write_atomic(making / "report.html", page(scored, tree).encode())
        making.rename(final)
        fsync_dir(home.evaluations)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return final


def _free(path: Path) -> Path:
    """`path`, with a number behind it when a report of the same second is there."""
    return next(
        each
        for each in (path, *(path.with_name(f"{path.name}_{n}") for n in range(2, 1000)))
        if not each.exists()
    )


def markdown(tree: Tree) -> str:
    """The table, what it was scored on, the weights and what could not be scored."""
    lines = [f"# Evaluation, {tree['evaluated_at']}", ""]
    if tree["simulated"]:
        lines += ["**SIMULATED: not real prices.**", ""]
    lines += [_row(HEADS), _row(["---:" if at in RIGHT else "---" for at in range(len(HEADS))])]
    lines += [_row(row) for row in table(tree)]
    lines += ["", LEGEND, "", "## Scored on", ""]
    lines += [
        f"- {each['symbol']} generation {each['generation']}: {each['part']}, {clean(each['why'])}"
        for each in tree["symbols"]
    ]
    lines += ["", "## Weights", ""]
    for each in tree["symbols"]:
        lines.append(
            f"- {each['symbol']}: "
            + ", ".join(f"{name} {value:.2f}" for name, value in each["weights"].items())
        )
    if tree["problems"]:
        lines += [
            "",
            "## Not scored",
            "",
            *(f"- {each['symbol']}: {clean(each['message'])}" for each in tree["problems"]),
        ]
    return "\n".join(lines) + "\n"


def _row(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
