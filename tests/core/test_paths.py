"""The paths of a home folder."""

from pathlib import Path

from engine.core.paths import Home


def test_the_files_have_the_names_of_the_guide() -> None:
    """The names of the guide."""
    home = Home(Path("/h"))

    assert Path("/h/persistent_data/ml_models/nvda_lstm_model.h5") == home.model("NVDA")
    assert Path("/h/persistent_data/ml_config.json") == home.ml_config
    assert Path("/h/logs/training/training.log") == home.training_log
    assert Path("/h/logs/monitoring/monitoring.log") == home.monitoring_log
    assert Path("/h/persistent_data/locks/NVDA.lock") == home.lock("NVDA")
    assert Path("/h/persistent_data/status/NVDA.json") == home.status("NVDA")
    assert Path("/h/evaluation_results") == home.evaluations
