"""The scikit-learn member: stored as arrays, equal to what scikit-learn predicts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from engine.forecast.dataset import build_dataset
from engine.forecast.members import sklearn as member
from engine.forecast.members.base import Cancelled, FitOptions
from engine.forecast.members.enhanced import CUT
from engine.forecast.scaler import Scaler
from tests.forecast.samples import QUICK, walk
from tests.helpers import ROOT

RAW = build_dataset(walk(700), {"SPY": walk(700, 9, "SPY")})
TRAIN, VALIDATION = np.arange(400), np.arange(400, 480)
DATA = Scaler.fit(RAW, TRAIN).apply(RAW)
ROWS = np.arange(480, 600)


def test_trees_as_arrays_equal_scikit_learn() -> None:
    """The exported forest predicts what scikit-learn's does, on rows it never saw and on values
    at a threshold."""
    inputs, outcome = DATA.features[TRAIN], DATA.scaled_target[TRAIN]
    trees = member.fitted_trees(inputs, outcome, 5)
    forest = member.flatten(trees)
    np.testing.assert_allclose(
        forest.predict(DATA.features[ROWS]), trees.predict(DATA.features[ROWS]), rtol=1e-12
    )
    inner = forest.feature != member.LEAVES_ONLY
    edges = np.zeros((int(inner.sum()), inputs.shape[1]))
    edges[np.arange(len(edges)), forest.feature[inner]] = forest.threshold[inner]
    np.testing.assert_allclose(forest.predict(edges), trees.predict(edges), rtol=1e-12)


def test_the_member_equals_its_estimators() -> None:
    """The forecast is the mean of both estimators' own predictions, times the volatility
    forecast."""
    inputs, outcome = DATA.features[TRAIN], np.clip(DATA.scaled_target[TRAIN], -CUT, CUT)
    linear, trees = (
        member.fitted_ridge(inputs, outcome),
        member.fitted_trees(inputs, outcome, QUICK.seed),
    )
    expected = (
        0.5
        * (linear.predict(DATA.features[ROWS]) + trees.predict(DATA.features[ROWS]))
        * DATA.scale[ROWS]
    )
    np.testing.assert_allclose(
        member.fit(DATA, TRAIN, VALIDATION, QUICK).predict(DATA, ROWS), expected, rtol=1e-9
    )


def test_a_stored_member_forecasts_the_same_bit_for_bit() -> None:
    """Rows one at a time from stored arrays equal all rows at once from the fit;
    no array holds an object."""
    found = member.fit(DATA, TRAIN, VALIDATION, QUICK)
    arrays = found.arrays()
    assert all(array.dtype.kind in "fi" for array in arrays.values())
    alone = np.concatenate([member.load(arrays).predict(DATA, np.array([row])) for row in ROWS])
    assert np.array_equal(found.predict(DATA, ROWS), alone)


def test_the_seed_decides() -> None:
    """The same seed gives the same forest, another one another."""
    first, again = (
        member.fit(DATA, TRAIN, VALIDATION, FitOptions(seed=1)).predict(DATA, ROWS)
        for _ in range(2)
    )
    other = member.fit(DATA, TRAIN, VALIDATION, FitOptions(seed=2)).predict(DATA, ROWS)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_loading_imports_no_scikit_learn() -> None:
    """Serving reads arrays: the module and its `load` leave scikit-learn out."""
    script = (
        "import sys, engine.forecast.inference, engine.forecast.members.sklearn; print('sklearn' in"
        " sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "False", done.stderr


def test_a_cancelled_fit_stops() -> None:
    """Asked to stop, the member raises Cancelled."""
    with pytest.raises(Cancelled):
        member.fit(DATA, TRAIN, VALIDATION, FitOptions(cancelled=lambda: True))
