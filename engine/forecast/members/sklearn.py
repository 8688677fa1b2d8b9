"""Two scikit-learn estimators, averaged: a ridge and a forest of shallow extremely random trees.

Both learn the next return in volatility forecasts, cut at CUT, and are stored as plain arrays, so
that a forecast needs no scikit-learn and no pickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.forecast.dataset import Dataset
from engine.forecast.members.base import Arrays, FitOptions, Fitted, Floats, IntArray
from engine.forecast.members.enhanced import CUT, project

ALPHAS = (1.0, 3.0, 10.0, 30.0, 100.0)
"""Ridge penalties tried by leave-one-out, in units of the features' own sum of squares."""
TREES = 100
DEPTH = 3
LEAF = 0.06
"""Least share of the training rows in a leaf."""
LEAVES_ONLY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees end to end: node i tests features[feature[i]] <= threshold[i], a leaf feature is -1."""

    roots: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats

    def predict(self, features: Floats) -> Floats:
        """[n] the mean over the trees, of float32 features as scikit-learn has them."""
        inputs = features.astype(np.float32)
        nodes = np.broadcast_to(self.roots, (len(inputs), len(self.roots))).copy()
        rows = np.arange(len(inputs))[:, None]
        while (inner := self.feature[nodes] != LEAVES_ONLY).any():
            tested = inputs[rows, np.maximum(self.feature[nodes], 0)]
            children = np.where(
                tested <= self.threshold[nodes], self.left[nodes], self.right[nodes]
            )
            nodes = np.where(inner, children, nodes)
        # accumulate adds tree by tree, as scikit-learn does; a sum may add in pairs, depending on
        # the number of rows.
        return np.asarray(np.add.accumulate(self.value[nodes], axis=1)[:, -1] / len(self.roots))


@dataclass(frozen=True, slots=True, eq=False)
class Sklearn:
    """coefficients [k], intercept [1], forest."""

    coefficients: Floats
    intercept: Floats
    forest: Forest

    def predict(self, data: Dataset, rows: IntArray) -> Floats:
        features = data.features[rows]
        linear = project(features, self.coefficients) + self.intercept[0]
        return np.asarray(0.5 * (linear + self.forest.predict(features)) * data.scale[rows])

    def arrays(self) -> Arrays:
        trees = {f"forest/{name}": getattr(self.forest, name) for name in Forest.__slots__}
        return {"coefficients": self.coefficients, "intercept": self.intercept, **trees}


def fit(
    data: Dataset,
    train: IntArray,
    validation: IntArray,  # noqa: ARG001 - the protocol
    options: FitOptions,
) -> Fitted:
    """Fit both on the training rows; the validation rows are not used."""
    options.check()
    inputs = data.features[train]
    outcome = np.clip(data.scaled_target[train], -CUT, CUT)
    linear = fitted_ridge(inputs, outcome)
    options.check()
    forest = flatten(fitted_trees(inputs, outcome, options.seed))
    intercept = np.array([float(linear.intercept_)])
    return Sklearn(np.asarray(linear.coef_, np.float64), intercept, forest)


def load(arrays: Arrays) -> Fitted:
    """The member that `arrays()` was taken from."""
    forest = Forest(**{name: arrays[f"forest/{name}"] for name in Forest.__slots__})
    return Sklearn(arrays["coefficients"], arrays["intercept"], forest)


def fitted_ridge(inputs: Floats, outcome: Floats) -> Any:
    """scikit-learn's ridge with the penalty that leave-one-out prefers."""
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=[alpha * len(inputs) for alpha in ALPHAS]).fit(inputs, outcome)


def fitted_trees(inputs: Floats, outcome: Floats, seed: int) -> Any:
    """scikit-learn's extremely randomised trees, kept shallow (Geurts et al. 2006)."""
    from sklearn.ensemble import ExtraTreesRegressor

    trees = ExtraTreesRegressor(
        n_estimators=TREES,
        max_depth=DEPTH,
        min_samples_leaf=LEAF,
        max_features=0.5,
        bootstrap=True,
        random_state=seed,
        n_jobs=1,
    )
    return trees.fit(inputs, outcome)


def flatten(trees: Any) -> Forest:
    """The nodes of all trees end to end, children as positions in the whole."""
    parts = [estimator.tree_ for estimator in trees.estimators_]
    sizes = [part.node_count for part in parts]
    roots = np.cumsum([0, *sizes][:-1]).astype(np.int64)
    offsets = np.repeat(roots, sizes)

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([np.asarray(getattr(part, name)).ravel() for part in parts])

    leaf = joined("children_left") == LEAVES_ONLY
    return Forest(
        roots=roots,
        feature=np.where(leaf, LEAVES_ONLY, joined("feature")).astype(np.int64),
        threshold=np.where(leaf, 0.0, joined("threshold")),
        left=np.where(leaf, 0, joined("children_left") + offsets),
        right=np.where(leaf, 0, joined("children_right") + offsets),
        value=joined("value"),
    )
