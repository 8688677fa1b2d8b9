"""persistent_data/ml_config.json: the guide's JSON, written from the settings for other readers."""

from __future__ import annotations

import json
from typing import Any

from engine.core.files import has_bytes, write_atomic
from engine.core.members import LSTM, MEMBERS, NAIVE
from engine.core.paths import Home
from engine.settings.schema import Settings

# The guide lists the network first, and not `naive`, the yardstick inside every blend.
_METHODS = (LSTM, *(name for name in MEMBERS if name not in (NAIVE, LSTM)))


def ml_config(settings: Settings) -> dict[str, Any]:
    """The guide's configuration tree with the values of `settings`."""
    training, limits = settings.training, settings.thresholds
    return {
        "model_version": settings.service.model_version,
        "supported_symbols": list(settings.names),
        "models": {
            "lstm": {
                "enabled": LSTM in training.members,
                "sequence_length": training.sequence_length,
                "features": ["close", "volume", "technical_indicators"],
            },
            "ensemble": {
                "enabled": len(training.members) > 1,
                "methods": [name for name in _METHODS if name in training.members],
                "dynamic_weighting": True,
            },
        },
        "training": {
            "default_epochs": training.epochs,
            "batch_size": training.batch_size,
            "validation_split": training.validation_split,
            "early_stopping": training.early_stopping,
        },
        "monitoring": {
            "min_accuracy": limits.min_accuracy,
            "max_mape": limits.max_mape,
            "min_confidence": limits.min_confidence,
            "max_model_age_days": limits.max_model_age_days,
        },
    }


def ml_config_text(settings: Settings) -> str:
    """The JSON text in the guide's form: four spaces, a list on one line."""
    return _text(ml_config(settings), "") + "\n"


def _text(value: Any, indent: str) -> str:
    if not isinstance(value, dict):
        return json.dumps(value, allow_nan=False)
    inner = indent + "    "
    rows = (f"{inner}{json.dumps(name)}: {_text(part, inner)}" for name, part in value.items())
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


def write_ml_config(home: Home, settings: Settings) -> bool:
    """Write the file when it differs from the settings; whether it was written. OSError."""
    data = ml_config_text(settings).encode("utf-8")
    if has_bytes(home.ml_config, data):
        return False
    write_atomic(home.ml_config, data, name="ml_config")
    return True
