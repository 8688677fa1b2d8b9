"""The dataset: what a row means, and what is said of bars that cannot make one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import NoDataError
from engine.forecast.dataset import build_dataset
from engine.forecast.features import WARMUP
from engine.market.bars import day
from tests.forecast.samples import walk

SPY = walk(300, 9, "SPY")
ABC = walk(300, 1)


def test_the_target_is_the_return_of_the_next_session() -> None:
    """target[t] = log(close[t+1] / close[t]), and open in the last row."""
    data = build_dataset(ABC, {"SPY": SPY})
    assert len(data) == len(ABC) - WARMUP
    assert np.array_equal(data.dates, ABC.dates[WARMUP:])
    np.testing.assert_allclose(np.exp(data.target[:-1]), data.close[1:] / data.close[:-1])
    assert np.isnan(data.target[-1])


def test_rows_until_a_day_are_those_of_the_bars_until_then() -> None:
    """Cutting the dataset at a row equals building it from the bars that were there on that day."""
    whole, row = build_dataset(ABC, {"SPY": SPY}), 100
    cut, built = whole.until(row), build_dataset(ABC.until(day(whole.dates[row])), {"SPY": SPY})
    for name in ("dates", "close", "features", "scale", "target"):
        assert np.array_equal(
            getattr(cut, name), getattr(built, name), equal_nan=name == "target"
        ), name
    assert len(cut) == row + 1


def test_too_few_bars_are_counted() -> None:
    """The message says how many bars there are and how many are needed."""
    with pytest.raises(NoDataError, match=rf"ABC: {WARMUP} bars.*at least {WARMUP + 1}"):
        build_dataset(ABC.tail(WARMUP), {})


def test_an_impossible_price_is_named() -> None:
    """A price of 0 ends in an error that names the feature and the day, not in a NaN."""
    close = ABC.close.copy()
    close[250] = np.nan
    with pytest.raises(NoDataError, match=str(ABC.dates[250])):
        build_dataset(replace(ABC, close=close), {"SPY": SPY})


def test_without_market_bars_its_columns_are_left_out() -> None:
    """No column is invented for a context that is not there."""
    alone, whole = build_dataset(ABC, {}), build_dataset(ABC, {"SPY": SPY})
    assert not any(name.startswith("market") for name in alone.names)
    assert np.array_equal(whole.features[:, : len(alone.names)], alone.features)


def test_a_session_the_market_lacks_is_neutral() -> None:
    """A missing market session gives 0 there and changes no other row."""
    keep = np.arange(len(SPY)) != 299
    holed = replace(
        SPY,
        **{
            name: getattr(SPY, name)[keep]
            for name in ("dates", "open", "high", "low", "close", "volume")
        },
    )
    data, whole = build_dataset(ABC, {"SPY": holed}), build_dataset(ABC, {"SPY": SPY})
    market = [name.startswith("market") for name in data.names]
    assert (data.features[-1, market] == 0.0).all()
    assert (whole.features[-1, market] != 0.0).any()
    assert np.array_equal(data.features[:-1], whole.features[:-1])


def test_the_market_itself_is_its_own_context() -> None:
    """SPY has the same columns as every other symbol, with or without a context."""
    data = build_dataset(SPY, {})
    assert data.names == build_dataset(ABC, {"SPY": SPY}).names
    assert np.array_equal(
        data.features[:, data.names.index("market_1")],
        data.features[:, data.names.index("return_1")],
    )
