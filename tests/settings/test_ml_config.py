"""The guide's JSON."""

import json
from pathlib import Path

from engine.core.paths import Home
from engine.settings.home import default_settings
from engine.settings.load import parse
from engine.settings.ml_config import ml_config, ml_config_text, write_ml_config
from engine.settings.schema import Settings

GUIDE = """\
{
    "model_version": "v3.3.0",
    "supported_symbols": ["NVDA", "TSLA", "AAPL", "MSFT", "GOOGL", "AMZN", \
"AUR", "PLTR", "SMCI", "TSM", "MP", "SMR", "SPY"],
    "models": {
        "lstm": {
            "enabled": true,
            "sequence_length": 60,
            "features": ["close", "volume", "technical_indicators"]
        },
        "ensemble": {
            "enabled": true,
            "methods": ["lstm", "enhanced", "sklearn"],
            "dynamic_weighting": true
        }
    },
    "training": {
        "default_epochs": 50,
        "batch_size": 32,
        "validation_split": 0.2,
        "early_stopping": true
    },
    "monitoring": {
        "min_accuracy": 45.0,
        "max_mape": 5.0,
        "min_confidence": 60.0,
        "max_model_age_days": 7
    }
}
"""


def settings(text: str) -> Settings:
    parsed, problems = parse(text, "f", {})
    assert parsed is not None, problems
    return parsed


def test_the_packaged_settings_give_the_guides_file() -> None:
    """With the packaged settings the file is the guide's, byte for byte."""
    assert GUIDE == ml_config_text(settings(default_settings()))


def test_the_file_follows_the_settings() -> None:
    """Members, epochs, thresholds and symbols are the settings' own."""
    text = '[training]\nepochs = 7\nmembers = ["naive", "sklearn"]\n[thresholds]\nmax_mape = 4.5\n'
    symbol = '[symbols.AMD]\ncompany = "A"\nsector = "S"\nkind = "tech"\npriority = "low"\n'
    tree = ml_config(settings(text + symbol))

    assert (["AMD"], False, ["sklearn"]) == (
        tree["supported_symbols"],
        tree["models"]["lstm"]["enabled"],
        tree["models"]["ensemble"]["methods"],
    )
    assert (7, 4.5) == (tree["training"]["default_epochs"], tree["monitoring"]["max_mape"])
    assert tree == json.loads(ml_config_text(settings(text + symbol)))


def test_the_file_is_written_only_when_it_differs(tmp_path: Path) -> None:
    """The second write of the same settings touches nothing;
    a file changed by hand is put right."""
    home, packaged = Home(tmp_path), settings("")

    assert write_ml_config(home, packaged)
    inode = home.ml_config.stat().st_ino
    assert not write_ml_config(home, packaged)
    assert inode == home.ml_config.stat().st_ino
    home.ml_config.write_text("{}")
    assert write_ml_config(home, packaged)
    assert GUIDE == home.ml_config.read_text()
