"""An evaluation as a document, pooled and by symbol: percent; reliability and ece as fractions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from engine.core.clock import Clock, iso
from engine.core.errors import StockmlError
from engine.forecast.calibration import StatedForecasts
from engine.forecast.evaluate import Evaluation, Evaluations
from engine.forecast.figures import point_figures, reliability_rows, statement_figures
from engine.forecast.members.base import Floats
from engine.forecast.metrics import Booleans, within_tolerance
from engine.forecast.problems import problem_entry
from engine.forecast.scores import LOSSES, mean_losses, report_day_figures, skills
from engine.forecast.week_scores import week_table

ALWAYS_UP, ENSEMBLE, NAIVE = "always_up", "ensemble", "naive"
Tree = dict[str, Any]
_NO_SCORES: Tree = dict.fromkeys((*LOSSES, "report_days", "skill"))
"""Of a row that states no distribution."""


def document(evaluations: Evaluations, clock: Clock) -> Tree:
    """The document of `evaluate --json`, without the sessions."""
    scored = scored_of(evaluations)
    return {
        "evaluated_at": iso(clock.now()),
        "simulated": any(evaluation.simulated for evaluation in scored),
        "pooled": {**_table(scored), "reliability": reliability_of(scored)} if scored else None,
        "symbols": [symbol_entry(evaluation) for evaluation in scored],
        "problems": [
            problem_entry(symbol, error)
            for symbol, error in evaluations.items()
            if isinstance(error, StockmlError)
        ],
    }


def scored_of(evaluations: Evaluations) -> list[Evaluation]:
    """The symbols that could be scored."""
    return [scored for scored in evaluations.values() if isinstance(scored, Evaluation)]


def symbol_entry(evaluation: Evaluation) -> Tree:
    """One symbol's figures, and the model and sessions behind them."""
    dates = evaluation.record.dates
    model = evaluation.model
    return {
        "symbol": evaluation.symbol,
        "part": evaluation.part,
        "why": evaluation.why,
        "first": str(dates[0]) if len(dates) else None,
        "last": str(dates[-1]) if len(dates) else None,
        **_table([evaluation]),
        "tolerance": 100.0 * evaluation.tolerance,
        "weights": dict(model.weights),
        "generation": model.generation,
        "digest": model.digest,
        "trained_at": iso(model.trained_at),
        "last_bar": model.last_bar,
        "source": evaluation.source,
        "simulated": evaluation.simulated,
    }


def _table(evaluations: Sequence[Evaluation]) -> Tree:
    """{"n", "rows"}: the ensemble's figures, and the point figures of naive, members, always-up."""
    target = _joined_target(evaluations)
    stated = _joined_statements(evaluations)
    baselines = _joined_baselines(evaluations)
    dates = np.concatenate([each.record.dates for each in evaluations])
    rows: dict[str, Tree] = {
        ENSEMBLE: {
            **point_figures(stated.forecast, target),
            **statement_figures(stated, target, kept_of(evaluations)),
            "report_days": report_day_figures(stated, target, _report_day(evaluations)),
            "skill": {
                name: msgspec.to_builtins(skills(stated, baseline, target, dates))
                for name, baseline in baselines.items()
            },
            "confidence": _percent(stated.confidence),
            "kept": _percent(kept_of(evaluations)),
        },
        NAIVE: point_figures(np.zeros(len(target)), target),
    }
    rows |= {
        name: {
            **point_figures(baseline.forecast, target),
            **mean_losses(baseline, target),
            "report_days": report_day_figures(baseline, target, _report_day(evaluations)),
        }
        for name, baseline in baselines.items()
    }
    for name in _common_members(evaluations):
        forecast = np.concatenate([scored.record.members[name] for scored in evaluations])
        rows[name] = point_figures(forecast, target)
    rows[ALWAYS_UP] = {**point_figures(np.ones(len(target)), target), "mape": None, "mase": None}
    return {
        "n": len(target),
        "rows": {name: _NO_SCORES | row for name, row in rows.items()},
        "week": week_table([each.week for each in evaluations], evaluations[0].tolerance),
    }


def _joined_baselines(evaluations: Sequence[Evaluation]) -> dict[str, StatedForecasts]:
    """The baselines of every record; none where one is a record of 0.1.0."""
    records = [evaluation.record for evaluation in evaluations]
    return {
        name: StatedForecasts.joined([record.baselines[name] for record in records])
        for name in records[0].baselines
        if all(name in record.baselines for record in records)
    }


def _report_day(evaluations: Iterable[Evaluation]) -> Booleans:
    return np.concatenate([each.record.report_day == 1.0 for each in evaluations])


def _percent(fractions: Floats | Booleans) -> float | None:
    return 100.0 * float(fractions.mean()) if len(fractions) else None


def _common_members(evaluations: Sequence[Evaluation]) -> list[str]:
    """The members of every model, but naive."""
    records = [evaluation.record for evaluation in evaluations]
    return [
        name
        for name in records[0].members
        if name != NAIVE and all(name in record.members for record in records)
    ]


def _joined_target(evaluations: Iterable[Evaluation]) -> Floats:
    return np.concatenate([evaluation.record.target for evaluation in evaluations])


def _joined_statements(evaluations: Iterable[Evaluation]) -> StatedForecasts:
    return StatedForecasts.joined([evaluation.record.stated for evaluation in evaluations])


def kept_of(evaluations: Iterable[Evaluation]) -> Booleans:
    """[n] whether each close landed within its model's tolerance of the forecast."""
    return np.concatenate(
        [
            within_tolerance(scored.record.forecast, scored.record.target, scored.tolerance)
            for scored in evaluations
        ]
    )


def reliability_of(evaluations: Sequence[Evaluation]) -> dict[str, list[Tree]]:
    """Reliability bins of the confidence and of P(up)."""
    stated = _joined_statements(evaluations)
    rose = _joined_target(evaluations) > 0.0
    return {
        "confidence": reliability_rows(stated.confidence, kept_of(evaluations)),
        "p_up": reliability_rows(stated.p_up, rose),
    }


def sessions(evaluation: Evaluation) -> list[Tree]:
    """Each scored session, stated and actual; prices in dollars unless indexed."""
    record = evaluation.record
    before = evaluation.before
    columns = {
        "last_close": before,
        "forecast": before * np.exp(record.forecast),
        "actual": before * np.exp(record.target),
    }
    for level, half in (("80", record.half80), ("95", record.half95)):
        columns[f"low{level}"] = before * np.exp(record.forecast - half)
        columns[f"high{level}"] = before * np.exp(record.forecast + half)
    columns["confidence"] = 100.0 * record.confidence
    columns["p_up"] = 100.0 * record.p_up
    names = ("session", *columns)
    rows = zip(
        record.dates.astype(str).tolist(),
        *(values.tolist() for values in columns.values()),
        strict=True,
    )
    return [dict(zip(names, row, strict=True)) for row in rows]
