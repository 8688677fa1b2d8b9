"""The distributions to beat: each sees only returns before its session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.core.errors import ConfigError
from engine.forecast import baselines
from engine.forecast.baselines import (
    CONSTANT,
    EWMA,
    GARCH,
    baseline_statements,
    check_arch,
    constant,
    ewma_volatility,
    garch_variance,
)
from engine.forecast.dataset import Dataset, build_dataset
from engine.forecast.members.base import Floats
from engine.forecast.scale import RANGE_EWMA
from tests.forecast.samples import walk

DATA = build_dataset(walk(700), {})
ROWS = np.arange(400, 480)
FITTED = (0.05, 0.08, 0.9, 6.0)


@pytest.fixture(autouse=True)
def _fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fit of GARCH that needs no package."""
    monkeypatch.setattr(baselines, "fit_garch", lambda _returns: FITTED)


def later_changed(data: Dataset, row: int) -> Dataset:
    """The rows with every outcome after `row` another."""
    target = np.where(np.arange(len(data)) > row, 0.3, data.target)
    return replace(data, target=target)


def test_rows_of_their_own() -> None:
    """The scale of 0.1.0 and constant volatility always, the others where they are asked for."""
    blended = np.zeros(len(ROWS))

    assert set(baseline_statements(DATA, ROWS, blended, 0.05, 0)) == {RANGE_EWMA, CONSTANT}
    stated = baseline_statements(DATA, ROWS, blended, 0.05, 21)
    assert set(stated) == {RANGE_EWMA, CONSTANT, EWMA, GARCH}
    for each in stated.values():
        assert np.isfinite(each.crps).all()
        assert (each.half80 < each.half95).all()
        assert 0.6 < np.mean(np.abs(DATA.target[ROWS]) <= each.half80) < 0.95


def test_later_returns_change_nothing() -> None:
    """Up to a row all statements are bit-equal when later outcomes are others."""
    blended = np.zeros(len(ROWS))
    first = baseline_statements(DATA, ROWS, blended, 0.05, 21)
    second = baseline_statements(later_changed(DATA, 440), ROWS, blended, 0.05, 21)

    for name, each in first.items():
        assert np.array_equal(each.half95[:41], second[name].half95[:41])
        assert not np.array_equal(each.half95, second[name].half95)


def test_constant_is_the_newest_returns() -> None:
    """Its 80 % interval is the conformal quantile of 250 absolute returns."""
    stated = constant(DATA, ROWS, 0.05)
    sizes = np.sort(np.abs(DATA.target[150:400]))

    assert stated.half80[0] == pytest.approx(sizes[int(np.ceil(251 * 0.8)) - 1])


def test_an_ewma_by_hand() -> None:
    """0.94 of the variance before and 0.06 of the newest square."""
    sigma = ewma_volatility(DATA)
    expected = 0.94 * sigma[299] ** 2 + 0.06 * DATA.target[299] ** 2

    assert sigma[300] ** 2 == pytest.approx(expected)


def test_the_variance_of_garch_by_hand() -> None:
    """omega + alpha r² + beta v, of percent returns; as a fraction."""
    returns = np.array([0.01, -0.02])
    variance = garch_variance(returns, 0.05, 0.1, 0.8) * 10_000

    assert variance == pytest.approx([2.5, 0.05 + 0.1 + 2.0, 0.05 + 0.4 + 0.8 * 2.15])


def test_garch_states_its_own_t() -> None:
    """Quantiles of a t with the fitted freedom and variance."""
    from scipy.stats import t

    stated = baselines.garch(DATA, ROWS[:1], 21, 0.05)
    sigma = np.sqrt(garch_variance(DATA.target[:400], *FITTED[:3])[400])

    assert stated.half95[0] == pytest.approx(t.ppf(0.975, 6.0) * sigma * np.sqrt(4 / 6))


def test_the_fit_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """On returns of a known GARCH, where the package is installed."""
    pytest.importorskip("arch")
    monkeypatch.undo()
    returns = simulated(4000)
    _, alpha, beta, freedom = baselines.fit_garch(returns) or (0.0, 0.0, 0.0, 0.0)

    assert alpha == pytest.approx(0.08, abs=0.04)
    assert beta == pytest.approx(0.9, abs=0.05)
    assert 4.0 < freedom < 10.0
    assert baselines.fit_garch(returns[:100]) is None


def simulated(count: int) -> Floats:
    draw = np.random.default_rng(2).standard_t(6.0, count) * np.sqrt(4 / 6)
    returns, variance = np.empty(count), 2.5
    for row, shock in enumerate(draw):
        returns[row] = np.sqrt(variance) * shock
        variance = 0.05 + 0.08 * returns[row] ** 2 + 0.9 * variance
    return returns / 100.0


def test_a_package_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first fold is fitted, with the words to install it."""

    def absent(_name: str) -> Any:
        return None

    monkeypatch.setattr(baselines, "find_spec", absent)
    with pytest.raises(ConfigError) as error:
        check_arch()
    assert "stockml[baselines]" in error.value.hint
