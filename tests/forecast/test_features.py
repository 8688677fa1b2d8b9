"""Features: bit-equal wherever a row stands, neutral where there is nothing to divide by, free
of price levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.dataset import build_dataset
from engine.forecast.features import FLOOR, WARMUP, deviation, faded, feature_columns, range_ewma
from engine.market.bars import Bars
from tests.forecast.samples import flat, scaled_from, walk

SPY = walk(400, 9, "SPY")
ABC = walk(400, 1)


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 250), length=st.integers(WARMUP + 1, 150))
def test_rows_do_not_depend_on_the_history_around_them(start: int, length: int) -> None:
    """Training on long history and serving from its last bars give bit-equal features, scale and
    close."""
    whole = build_dataset(ABC, {"SPY": SPY})
    part = build_dataset(
        ABC._rows(slice(start, start + length)), {"SPY": SPY._rows(slice(start, start + length))}
    )
    same = slice(start, start + len(part))
    assert np.array_equal(part.features, whole.features[same])
    assert np.array_equal(part.scale, whole.scale[same])
    assert np.array_equal(part.sigma, whole.sigma[same])
    assert np.array_equal(part.target[:-1], whole.target[same][:-1])


def test_rows_do_not_depend_on_where_the_numbers_lie_in_memory() -> None:
    """Bars that are columns of one table, as a reader may hand them over, give bit-equal rows."""
    table = np.stack([ABC.open, ABC.high, ABC.low, ABC.close, ABC.volume], axis=1)
    strided = Bars(
        ABC.symbol,
        ABC.source,
        ABC.dates,
        table[:, 0],
        table[:, 1],
        table[:, 2],
        table[:, 3],
        table[:, 4],
    )
    first, second = build_dataset(ABC, {"SPY": SPY}), build_dataset(strided, {"SPY": SPY})
    assert np.array_equal(first.features, second.features)
    assert np.array_equal(first.scale, second.scale)
    assert np.array_equal(first.target[:-1], second.target[:-1])


def test_features_know_no_price_level() -> None:
    """A history ten times as dear has the same features: nothing but ratios enters."""
    dear = build_dataset(scaled_from(ABC, 0, 10.0), {"SPY": SPY})
    np.testing.assert_allclose(dear.features, build_dataset(ABC, {"SPY": SPY}).features, atol=1e-9)


@pytest.mark.parametrize(
    "bars",
    [
        flat(200),
        scaled_from(ABC, 300, 1.51),
        scaled_from(ABC, 300, 0.1),
        scaled_from(flat(200), 150, 1.51),
    ],
    ids=[
        "constant without volume",
        "+51 % in a day",
        "10:1 split unadjusted",
        "constant, then +51 %",
    ],
)
def test_degenerate_bars_have_finite_features(bars: Bars) -> None:
    """No impossible number comes out of a constant price, volume 0 or a jump, and the volatility
    stays positive."""
    data = build_dataset(bars, {"SPY": SPY})
    assert np.isfinite(data.features).all()
    assert (data.scale >= FLOOR).all()


def test_a_constant_series_is_neutral() -> None:
    """Without moves and volume every own feature is 0 but the range, which is one unit short."""
    found = {name: column[WARMUP:] for name, column in feature_columns(flat(200), None).items()}
    for name, column in found.items():
        np.testing.assert_allclose(
            column, -1.0 if name == "range" else 0.0, atol=1e-9, err_msg=name
        )


def test_volatility_is_that_of_the_walk() -> None:
    """On a walk of 1 % a day with Brownian ranges the forecast stands near 1 %."""
    random, count = np.random.default_rng(5), 2000
    paths = np.cumsum(random.normal(0.0, 0.01 / np.sqrt(390), (count, 390)), axis=1)
    ends = np.cumsum(paths[:, -1])
    begins = ends - paths[:, -1]
    high, low = begins + np.maximum(paths.max(1), 0.0), begins + np.minimum(paths.min(1), 0.0)
    shape = walk(count)
    start, top, bottom, close = (np.exp(values) for values in (begins, high, low, ends))
    bars = Bars("ABC", "csv:/tests", shape.dates, start, top, bottom, close, shape.volume)
    assert np.nanmean(range_ewma(bars)) == pytest.approx(0.01, rel=0.06)


def test_windows_agree_with_plain_numpy() -> None:
    """Moving deviation and exponential mean are what numpy computes on each window."""
    values = np.random.default_rng(1).normal(size=50)
    assert deviation(values, 20)[40] == pytest.approx(values[21:41].std())
    weights = (1 - 2 / 13.0) ** np.arange(30)
    assert faded(values, 12, 30)[40] == pytest.approx(
        np.average(values[11:41][::-1], weights=weights)
    )
