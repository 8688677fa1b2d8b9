"""The scaler: training rows only, constant columns, cut outliers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import ModelError
from engine.forecast.dataset import build_dataset
from engine.forecast.scaler import LIMIT, Scaler
from tests.forecast.samples import flat, scaled_from, walk


def test_training_rows_become_standard() -> None:
    """Mean 0 and spread 1 over the training rows; other rows do not enter."""
    data = build_dataset(walk(300), {})
    train = np.arange(100)
    found = Scaler.fit(data, train)
    rows = (data.features[train] - found.mean) / found.spread
    np.testing.assert_allclose(rows.mean(0), 0.0, atol=1e-12)
    np.testing.assert_allclose(rows.std(0), 1.0)
    other = data.with_features(np.where(np.arange(len(data))[:, None] < 100, data.features, 99.0))
    assert np.array_equal(Scaler.fit(other, train).mean, found.mean)


def test_a_constant_column_becomes_zero_and_a_jump_is_cut() -> None:
    """Nothing is divided by 0, and no value exceeds the limit."""
    data = build_dataset(flat(200), {})
    assert (Scaler.fit(data, np.arange(50)).apply(data).features == 0.0).all()
    jump = build_dataset(scaled_from(walk(300), 200, 1.51), {})
    assert np.abs(Scaler.fit(jump, np.arange(50)).apply(jump).features).max() == LIMIT


def test_other_columns_are_refused() -> None:
    """A dataset with another number of columns is not scaled silently."""
    data = build_dataset(walk(300), {})
    with pytest.raises(ModelError, match="train it again"):
        Scaler(np.zeros(3), np.ones(3)).apply(data)
