"""Fit one symbol: from bars to a candidate for publication, scored on sessions it never saw.

The scored model is the published one: it is not fitted again on the held-out sessions, from which
only the calibration learns.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from engine.core.records import Forecast, Metrics
from engine.forecast.calibration import WINDOW, Calibrator
from engine.forecast.dataset import Dataset, build_dataset
from engine.forecast.figures import Figures
from engine.forecast.inference import forecast_of
from engine.forecast.members.base import Arrays, FitOptions, IntArray, nested
from engine.forecast.model import Model, fit_model
from engine.forecast.record import ForecastRecord, figures_of, metrics_of, score_rows
from engine.forecast.scale import LOG_RANGE
from engine.forecast.splits import Split, SplitRules, check_bars, split_rows
from engine.market.bars import Bars, data_hash
from engine.settings.schema import Settings
from engine.vault.manifest import Manifest
from engine.vault.network import KerasLayer

PACKAGES = ("stockml", "numpy", "scikit-learn", "keras", "tensorflow", "tensorflow-cpu")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Candidate:
    """A trained model that is not published yet, and everything its file will contain."""

    bars: Bars
    feature_names: tuple[str, ...]
    config: dict[str, Any]
    seed: int
    weights: dict[str, float]
    layers: tuple[KerasLayer, ...]
    arrays: Arrays
    metrics: Metrics
    figures: Figures
    """`metrics` and more, as the manifest keeps them."""
    record: ForecastRecord
    forecast: Forecast

    def manifest(
        self, created_at: str, reason: str = "", run_id: str = "", **more: Any
    ) -> Manifest:
        """The manifest, created at a time in UTC ISO; `more` as in Manifest (generation, …)."""
        return Manifest(
            symbol=self.bars.symbol,
            created_at=created_at,
            reason=reason,
            run_id=run_id,
            source=self.bars.source,
            first_bar=str(self.bars.first_date),
            last_bar=str(self.bars.last_date),
            n_bars=len(self.bars),
            data_hash=data_hash(self.bars),
            feature_names=self.feature_names,
            config=self.config,
            seed=self.seed,
            versions=versions(),
            metrics=self.figures,
            weights=self.weights,
            **more,
        )


def fit_symbol(
    bars: Bars,
    context: Mapping[str, Bars],
    settings: Settings,
    members: Sequence[str],
    options: FitOptions,
) -> Candidate:
    """Fit `members` on `bars`, with the seed of the settings, and score them on held-out sessions.

    NoDataError (too little history, impossible bars), Cancelled, UsageError for an unknown member.
    """
    options = replace(options, seed=symbol_seed(options.seed, bars.symbol))
    options.report("phase", {"name": "features"})
    data, split = split_dataset(bars, context, settings, options)
    options.report("phase", {"name": "fit"})
    model = fit_model(data, split, members, options)
    options.report("phase", {"name": "score"})
    start = first_calibrator(data, split)
    tolerance = settings.thresholds.max_mape / 100.0
    record, calibrator = score_rows(model, data, split.heldout, start, tolerance)
    return Candidate(
        bars=bars,
        feature_names=data.names,
        config=config_of(settings, options, members, split),
        seed=options.seed,
        weights=model.weights,
        layers=model.layers(options.sequence_length),
        arrays={
            **model.arrays(),
            **nested("calibration", calibrator.arrays()),
            **nested("record", record.arrays()),
        },
        metrics=metrics_of(record),
        figures=figures_of(record, tolerance),
        record=record,
        forecast=forecast_of(data, last_forecast(model, data), calibrator, tolerance),
    )


def split_dataset(
    bars: Bars, context: Mapping[str, Bars], settings: Settings, options: FitOptions
) -> tuple[Dataset, Split]:
    """The rows of `bars` and how they are split; NoDataError for too few or impossible bars."""
    rules = SplitRules.of(settings.training, options.sequence_length)
    check_bars(bars, rules)
    data = build_dataset(bars, context)
    return data, split_rows(data, rules)


def symbol_seed(seed: int, symbol: str) -> int:
    """The symbol's own seed, the same on every machine."""
    return zlib.crc32(f"{seed}:{symbol}".encode()) & 0x7FFFFFFF


def first_calibrator(data: Dataset, split: Split) -> Calibrator:
    """What was known before the first held-out session: naive's residuals, which nothing fitted."""
    rows: IntArray = np.concatenate([split.train, split.validation])[-WINDOW:]
    return Calibrator(data.residuals[rows])


def last_forecast(model: Model, data: Dataset) -> float:
    """The log return forecast for the session after the last bar."""
    return float(model.predict(data, np.array([len(data) - 1])).blended[0])


def config_of(
    settings: Settings, options: FitOptions, members: Sequence[str], split: Split
) -> dict[str, Any]:
    """What the fit was asked for, for the manifest."""
    return {
        "members": list(members),
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "sequence_length": options.sequence_length,
        "patience": options.patience,
        "early_stopping": options.early_stopping,
        "max_mape": settings.thresholds.max_mape,
        "scale": LOG_RANGE,
        "train_rows": len(split.train),
        "validation_rows": len(split.validation),
        "heldout_rows": len(split.heldout),
    }


def versions() -> dict[str, str]:
    """The versions of the packages that shape a model, as far as they are installed."""
    installed = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            installed[package] = version(package)
    return installed
