"""A model: fitted on its rows, taken apart into arrays, and put together again."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import ModelError
from engine.core.members import MEMBERS
from engine.forecast.dataset import build_dataset
from engine.forecast.ensemble import blend
from engine.forecast.model import Model, fit_model, module_of
from engine.forecast.splits import split_rows
from tests.forecast.samples import QUICK, rules, walk

DATA = build_dataset(walk(420), {"SPY": walk(420, 9, "SPY")})
SPLIT = split_rows(DATA, rules(10, 0.2, 80))


@pytest.fixture(scope="module")
def model() -> Model:
    return fit_model(DATA, SPLIT, tuple(MEMBERS), QUICK)


def test_apart_and_together_again(model: Model) -> None:
    """Loaded from arrays and layers, every member and the blend forecast the same."""
    again = Model.load(model.names, model.weights, model.layers(10), model.arrays())
    first, second = model.predict(DATA, SPLIT.heldout), again.predict(DATA, SPLIT.heldout)
    assert np.array_equal(first.blended, second.blended)
    assert all(
        np.array_equal(values, second.members[name]) for name, values in first.members.items()
    )
    assert list(first.members) == list(MEMBERS)


def test_the_blend_is_the_weighted_sum(model: Model) -> None:
    """What is served is the members' forecasts under the weights on show."""
    found = model.predict(DATA, SPLIT.heldout)
    assert np.array_equal(
        found.blended, blend(found.members, model.weights, DATA.scale[SPLIT.heldout])
    )
    assert sum(model.weights.values()) == pytest.approx(1.0)


def test_the_network_is_stored_once(model: Model) -> None:
    """The lstm's parameters are the file's layers, not arrays beside them."""
    assert not any("lstm" in name for name in model.arrays())
    assert any(weight.any() for layer in model.layers(10) for weight in layer.weights)


def test_other_columns_are_refused(model: Model) -> None:
    """Features of another training, or in another order, are named instead of multiplied."""
    with pytest.raises(ModelError, match="market_1"):
        model.predict(build_dataset(walk(420), {}), SPLIT.heldout)


def test_every_member_is_a_module_with_fit_and_load() -> None:
    """Each row of the table leads to a module that keeps the protocol; another name is refused."""
    for name in MEMBERS:
        assert callable(module_of(name).fit)
        assert callable(module_of(name).load)
    with pytest.raises(ModelError, match="known: naive"):
        module_of("oracle")
