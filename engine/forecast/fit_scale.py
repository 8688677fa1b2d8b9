"""Fits the constants of the scale again: writes scale.json.

    python -m engine.forecast.fit_scale BARS REPORTS --to 2018-08-31 --to 2024-08-30 --to 2025-08-29

One vintage a day; BARS and REPORTS are folders of SYM.csv. The target is the log of the next
session's true range, least squares with a ridge of 1 over the rows of all symbols together. The
shape of the residuals is fitted on the first vintage's rows alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from engine.core.clock import SystemClock
from engine.core.errors import NoDataError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.forecast.calibration import WINDOW
from engine.forecast.dataset import CONTEXT, packed
from engine.forecast.features import RANGE, WARMUP, Floats, log_returns, true_range
from engine.forecast.scale import (
    MARKET,
    NAMES,
    OWN,
    REPORTS,
    TABLE,
    Booleans,
    ScaleTable,
    Vintage,
    scale_columns,
    session_facts,
    set_name,
)
from engine.market.bars import Bars, Dates
from engine.market.csv_folder import fetch
from engine.market.report_dates import report_dates
from engine.market.request import BarsRequest
from engine.settings.keys import default_tree
from engine.settings.load import with_reports
from engine.settings.schema import Settings

RIDGE = 1.0
LEAST_RANGE = 1e-4
COMMAND = "python -m engine.forecast.fit_scale BARS REPORTS"
SHARES = (
    *np.arange(0.0, 0.9, 0.02).round(3).tolist(),
    *np.arange(0.9, 0.99, 0.01).round(3).tolist(),
    *(0.99, 0.992, 0.994, 0.996, 0.998),
)


@dataclass(frozen=True, slots=True, eq=False)
class ScaleRows:
    """The rows of one symbol that a fit may use."""

    targets: Dates
    """The sessions whose range is the outcome."""
    columns: dict[str, Floats]
    outcome: Floats
    moves: Floats
    """The log return of the target session."""
    known: Booleans


def load_rows(bars_folder: Path, reports_folder: Path) -> list[ScaleRows]:
    """The rows of every configured symbol that the folder has."""
    settings = with_reports(
        msgspec.convert(default_tree(), Settings), str(reports_folder.absolute())
    )
    bars = dict(_bars(bars_folder.absolute(), settings))
    market = bars.get(CONTEXT[0])
    return [_rows(each, market, settings) for each in bars.values()]


def _bars(folder: Path, settings: Settings) -> Iterator[tuple[str, Bars]]:
    source = parse_source(f"csv:{folder}")
    for symbol in settings.names:
        try:
            request = BarsRequest(Home(folder), settings, source, symbol, SystemClock())
            yield symbol, packed(fetch(request))
        except NoDataError:
            continue


def _rows(bars: Bars, market: Bars | None, settings: Settings) -> ScaleRows:
    reports = report_dates(Home(Path("/")), settings, bars.source, bars.symbol, SystemClock().now())
    facts = session_facts(bars.dates, reports)
    columns, has_market = scale_columns(bars, market, facts)
    size = np.log(np.maximum(true_range(bars), LEAST_RANGE))
    rows = np.arange(WARMUP, len(bars) - 1)
    rows = rows[has_market[rows]]
    return ScaleRows(
        targets=bars.dates[rows + 1],
        columns={name: column[rows] for name, column in columns.items()},
        outcome=size[rows + 1],
        moves=log_returns(bars.close)[rows + 1],
        known=facts.known[rows],
    )


def fit_vintage(rows: Sequence[ScaleRows], last: str) -> Vintage:
    """The coefficients of every set, from outcomes up to `last`."""
    sets = {}
    for known in (True, False):
        for market in (True, False):
            names = [*OWN, *(MARKET if market else ()), *(REPORTS if known else ())]
            sets[set_name(known, market)] = _fitted(rows, last, names, known)
    count = sum(int(np.sum(each.targets <= np.datetime64(last))) for each in rows)
    return Vintage(last, count, sets)


def _fitted(
    rows: Sequence[ScaleRows], last: str, names: list[str], known: bool
) -> dict[str, float]:
    used = [(each, _used(each, last, known)) for each in rows]
    inputs = np.concatenate(
        [np.stack([each.columns[name][use] for name in names], axis=1) for each, use in used]
    )
    outcome = np.concatenate([each.outcome[use] for each, use in used])
    penalty = RIDGE * np.diag([float(name != "b0") for name in names])
    solution = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ outcome)
    return dict(zip(names, solution.round(5).tolist(), strict=True))


def _used(rows: ScaleRows, last: str, known: bool) -> Booleans:
    use = rows.targets <= np.datetime64(last)
    return use & rows.known if known else use


def fit_shape(rows: Sequence[ScaleRows], vintage: Vintage) -> tuple[tuple[float, float], ...]:
    """The sizes of residuals relative to the mean of the WINDOW before them, by share."""
    sizes = []
    for each in rows:
        total = np.zeros(len(each.outcome))
        table = np.array(
            [
                [vintage.coefficients[set_name(known, True)].get(name, 0.0) for name in NAMES]
                for known in (False, True)
            ]
        )[each.known.astype(int)]
        for position, name in enumerate(NAMES):
            total += table[:, position] * each.columns[name]
        residuals = np.abs(each.moves) * RANGE / np.exp(total)
        residuals = residuals[each.targets <= np.datetime64(vintage.fitted_to)]
        if len(residuals) > WINDOW:
            sums = np.convolve(residuals, np.ones(WINDOW) / WINDOW, "valid")
            sizes.append(residuals[WINDOW:] / sums[:-1])
    values = np.quantile(np.concatenate(sizes), SHARES).round(4)
    return tuple(zip(SHARES, values.tolist(), strict=True))


def main(words: Sequence[str] | None = None) -> None:
    """Fit and write the table."""
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("bars", type=Path)
    parser.add_argument("reports", type=Path)
    parser.add_argument("--to", action="append", required=True, metavar="DATE")
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args(words)
    rows = load_rows(options.bars, options.reports)
    vintages = tuple(fit_vintage(rows, day) for day in sorted(options.to))
    first = vintages[0]
    command = " ".join([COMMAND, *(f"--to {each.fitted_to}" for each in vintages)])
    table = ScaleTable(command, vintages, first.fitted_to, fit_shape(rows, first))
    text = msgspec.json.format(msgspec.json.encode(table), indent=1)
    write_atomic(options.table, text + b"\n")


if __name__ == "__main__":
    main()
