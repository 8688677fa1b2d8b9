"""Walking forward: the folds, what each may see, and the table."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import NoDataError
from engine.forecast import walk
from engine.forecast.dataset import Dataset
from engine.forecast.members.base import FitOptions
from engine.forecast.scoreboard import scoreboard
from engine.forecast.walk import CODE, DRIFT, ENSEMBLE, Fold, join, plan_folds, walk_fold
from engine.settings import load as config
from engine.settings.home import default_settings
from engine.settings.schema import Settings

MEMBERS = ("naive", "enhanced", "sklearn")


@pytest.fixture(scope="module")
def settings() -> Settings:
    text = default_settings().replace("holdout_sessions = 120", "holdout_sessions = 40")
    found, problems = config.parse(text, "packaged", {})
    assert found is not None, problems
    return found


def dataset(rows: int = 420, seed: int = 3) -> Dataset:
    """Rows with noise for features and outcomes."""
    draw = np.random.default_rng(seed)
    returns = 0.02 * draw.standard_normal(rows)
    close = 100.0 * np.exp(np.cumsum(returns))
    dates = np.datetime64("2022-01-03", "D") + np.arange(rows)
    target = np.append(returns[1:], np.nan)
    return Dataset(
        symbol="NVDA",
        dates=dates,
        close=close,
        features=draw.standard_normal((rows, 4)),
        names=("a", "b", "c", "d"),
        scale=np.full(rows, 0.02),
        sigma=np.full(rows, 0.02),
        target=target,
        report=None,
        report_known=False,
        report_day=np.zeros(rows, dtype=bool),
    )


def test_folds_cover_every_target_session_once() -> None:
    """The rows of all folds are those whose next session lies from first to last, both included,
    each once."""
    data = dataset()
    first, last = data.dates[300], data.dates[350]
    folds = plan_folds(data, first, last, 21)
    rows = [row for fold in folds for row in range(fold.start, fold.stop)]

    assert [str(first), str(last)] == [str(data.dates[rows[0] + 1]), str(data.dates[rows[-1] + 1])]
    assert list(range(299, 350)) == rows
    assert [21, 21, 9] == [fold.stop - fold.start for fold in folds]


def test_sessions_outside_the_bars_make_no_fold() -> None:
    """Dates after the last bar have no outcome, so nothing is forecast for them."""
    data = dataset()
    assert () == plan_folds(data, data.dates[-1] + 1, data.dates[-1] + 30, 5)
    assert plan_folds(data, data.dates[-1], data.dates[-1] + 30, 5)[-1].stop == len(data) - 1


def test_a_fold_sees_nothing_after_its_close(settings: Settings) -> None:
    """Scrambling every row after the fold's close changes neither its weights nor the first
    forecast of any row."""
    data, fold = dataset(), Fold("NVDA", 0, 380, 400)
    other = dataset(seed=99)
    scrambled = replace(
        data,
        close=np.append(data.close[:381], other.close[381:]),
        features=np.concatenate([data.features[:381], other.features[381:]]),
        target=np.append(data.target[:380], other.target[380:]),
    )
    one = walk_fold(data, fold, MEMBERS, settings, FitOptions())
    two = walk_fold(scrambled, fold, MEMBERS, settings, FitOptions())

    assert one.weights == two.weights
    assert set(one.forecasts) == {ENSEMBLE, DRIFT, *MEMBERS}
    # The drift is learned from every row whose outcome is known, the newest too: one row too many
    # shows there first.
    assert {name: values[0] for name, values in one.forecasts.items()} == {
        name: values[0] for name, values in two.forecasts.items()
    }
    assert one.forecasts[ENSEMBLE][1] != two.forecasts[ENSEMBLE][1]


def test_too_little_history_says_how_much_is_needed(settings: Settings) -> None:
    """A fold too early in the bars is refused with the number of bars needed."""
    with pytest.raises(NoDataError, match="are needed"):
        walk_fold(dataset(), Fold("NVDA", 0, 150, 170), MEMBERS, settings, FitOptions())


def test_the_first_statement_does_not_depend_on_any_outcome(settings: Settings) -> None:
    """Interval, confidence and P(up) of the first row rest on the outcomes before it, whatever
    comes."""
    data, fold = dataset(), Fold("NVDA", 0, 380, 400)
    found = walk_fold(data, fold, MEMBERS, settings, FitOptions())
    wild = replace(data, target=np.where(np.arange(len(data)) >= 380, 0.5, data.target))
    one, two = (join(each, [(fold, found)], 0, 0.05).stated for each in (data, wild))
    for name in one:
        for column in ("half80", "half95", "confidence", "p_up"):
            first, second = getattr(one[name], column), getattr(two[name], column)
            assert first[0] == second[0], (name, column)
            assert first[-1] != second[-1], (name, column)


def test_scoreboard_pools_sessions_not_symbols(settings: Settings) -> None:
    """The pooled figures are those of all sessions together, naive's MASE is 1, always-up has a
    direction and no price."""
    walks = []
    for seed, rows in ((3, 390), (4, 420)):
        data = dataset(rows, seed)
        folds = plan_folds(data, data.dates[370], data.dates[-1], 25)
        done = [(fold, walk_fold(data, fold, MEMBERS, settings, FitOptions())) for fold in folds]
        walks.append(join(data, done, 0, 0.05))
    table = scoreboard(walks, 0.05)
    pooled, symbols = table["pooled"], table["symbols"]

    assert pooled["n"] == sum(entry["n"] for entry in symbols) == 20 + 50
    assert [ENSEMBLE, "naive"] == list(pooled["rows"])[:2]
    assert {"drift", "enhanced", "always_up"} <= set(pooled["rows"])
    assert pooled["rows"]["naive"]["mase"] == 1.0
    assert pooled["rows"]["naive"]["direction"] == 0.0
    assert pooled["rows"]["always_up"]["mape"] is None
    ups = np.concatenate([walk.target for walk in walks]) > 0
    assert pooled["rows"]["always_up"]["direction"] == pytest.approx(100 * ups.mean())
    assert sum(each["n"] for each in pooled["reliability"]) == pooled["n"]
    assert 0.8 < pooled["rows"][ENSEMBLE]["mase"] < 1.2


def test_a_planted_edge_shows_in_the_table(settings: Settings) -> None:
    """A member that is shown tomorrow's move scores a MASE far below 1: the table can tell good
    from bad."""
    data = dataset()
    features = data.features.copy()
    features[:-1, 0] = data.target[:-1] / 0.02
    known = data.with_features(features)
    fold = Fold("NVDA", 0, 380, 419)
    table = scoreboard(
        [join(known, [(fold, walk_fold(known, fold, MEMBERS, settings, FitOptions()))], 0, 0.05)],
        0.05,
    )

    assert table["pooled"]["rows"]["sklearn"]["mase"] < 0.9
    assert table["pooled"]["rows"]["sklearn"]["direction"] > 80


def test_the_list_of_forecasting_code_is_complete() -> None:
    """The table of members and every module of this package that the walk imports, at once or when
    it fits, are in the list, and nothing else is."""
    engine = Path(walk.__file__).parents[1]
    pending, code = ["forecast/walk.py"], {"forecast/__init__.py", "forecast/members/__init__.py"}
    while pending:
        name = pending.pop()
        if name not in code:
            code.add(name)
            pending += [file for file in _named_in(engine / name) if (engine / file).is_file()]

    assert code == set(CODE)
    assert len(CODE) == len(set(CODE))
    others = {"charts.py", "report.py", "model_summary.py", "scoreboard.py", "backtest.py"}
    assert {f"forecast/{name}" for name in others}.isdisjoint(CODE)
    assert all((engine / "forecast" / name).is_file() for name in others)


def _named_in(path: Path) -> list[str]:
    """The files of forecasting that a module names in an import or, as the table of members does,
    in a text."""
    named = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            named += [f"{node.module}", *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            named += [name.name for name in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named.append(node.value)
    inside = [name for name in named if name.startswith(("engine.forecast", "engine.core.members"))]
    files = [name.removeprefix("engine.").replace(".", "/") for name in inside]
    return [path for file in files for path in (f"{file}.py", f"{file}/__init__.py")]
