"""Weights: within their bounds, moved by evidence alone, and a blend that stays near the last
close."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.ensemble import LIMIT, PRIOR, blend, learn_weights, nearest_allowed
from engine.forecast.metrics import score


def noisy(seed: int, count: int, edge: float) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Outcomes in volatilities, of which `enhanced` knows the share `edge` and `sklearn`
    nothing."""
    random = np.random.default_rng(seed)
    signal, outcome = random.normal(size=count) * 0.1, random.normal(size=count)
    forecasts = {
        "naive": np.zeros(count),
        "enhanced": signal,
        "sklearn": random.normal(size=count) * 0.1,
    }
    return forecasts, outcome + edge * signal


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 400), st.floats(-20, 20), st.floats(0, 5))
def test_weights_are_shares(seed: int, count: int, edge: float, size: float) -> None:
    """Every weight is at least 0 and together they are 1, naive's being what is left."""
    forecasts, outcome = noisy(seed, count, edge)
    found = learn_weights({name: size * values for name, values in forecasts.items()}, outcome)
    assert list(found) == ["naive", "enhanced", "sklearn"]
    assert all(weight >= 0.0 for weight in found.values())
    assert sum(found.values()) == pytest.approx(1.0)


def test_thin_evidence_leaves_the_prior() -> None:
    """A few sessions of noise move no weight far from its prior."""
    found = learn_weights(*noisy(1, 10, 0.0))
    assert found["enhanced"] == pytest.approx(PRIOR["enhanced"], abs=0.03)
    assert found["naive"] > 0.4


def test_an_edge_earns_weight_and_its_opposite_loses_it() -> None:
    """A member that is right over and over takes all the weight, one that is wrong over and over
    none."""
    assert learn_weights(*noisy(1, 4000, 3.0))["enhanced"] > 0.85
    assert learn_weights(*noisy(1, 4000, -3.0))["enhanced"] == 0.0


def test_without_naive_the_rest_still_weighs_at_most_one() -> None:
    """Naive need not be a member: what the others do not take goes to no change."""
    forecasts, outcome = noisy(1, 200, 0.0)
    del forecasts["naive"]
    assert sum(learn_weights(forecasts, outcome).values()) <= 1.0
    assert learn_weights({"naive": np.zeros(5)}, np.zeros(5)) == {"naive": 1.0}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_no_allowed_weights_are_better(seed: int) -> None:
    """Against a thousand random weights within the bounds, the solution has the least loss."""
    random = np.random.default_rng(seed)
    root = random.normal(size=(5, 3))
    gram, moment = root.T @ root + 0.1 * np.eye(3), random.normal(size=3) * 3
    found = nearest_allowed(gram, moment)
    others = random.dirichlet(np.ones(4), 1000)[:, :3]

    def loss(weights: np.ndarray) -> np.ndarray:
        return np.asarray(np.einsum("...i,ij,...j", weights, gram, weights) / 2 - weights @ moment)

    assert (found >= 0).all()
    assert found.sum() <= 1 + 1e-9
    assert loss(found) <= loss(others).min() + 1e-9


def test_a_blend_cannot_lose_much_to_naive() -> None:
    """Even with all weight on a member that shouts nonsense, the error stays within 2 % of
    naive's."""
    random = np.random.default_rng(3)
    scale = np.full(20_000, 0.02)
    target = 1.2 * scale * random.normal(size=20_000)
    found = blend({"sklearn": random.choice([-1.0, 1.0], 20_000)}, {"sklearn": 1.0}, scale)
    assert np.abs(found).max() == pytest.approx(LIMIT * 0.02)
    mase = score(found, target).mase
    assert mase is not None
    assert 1.0 < mase < 1.02
