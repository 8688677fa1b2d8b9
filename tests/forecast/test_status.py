"""The derived status: stored, read back, rebuilt when it does not parse."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from engine.core.paths import Home
from engine.core.records import Forecast, Metrics, ModelInfo
from engine.forecast import status as derived
from engine.forecast.status import Status, StatusKey, StatusKind

MODEL = ModelInfo(
    "NVDA",
    3,
    "abc",
    datetime(2026, 1, 2, tzinfo=UTC),
    99,
    "simulated",
    "2020-01-02",
    "2024-01-02",
    900,
    "manual",
    "run",
    Metrics(120, 52.5, 1.8, 1.8, 0.99, 91.0),
    (("naive", 0.4), ("lstm", 0.6)),
)
FORECAST = Forecast("2024-01-02", 100.0, 100.5, 98.0, 103.0, 95.0, 106.0, 53.0, 92.0, "2024-01-03")


def test_status_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """What is stored is what is read, times and metrics included."""
    home = Home(tmp_path)
    status = Status(
        StatusKey(99, 1, 2, "2024-01-02", 100.0), StatusKind.OK, MODEL, FORECAST, source="simulated"
    )
    derived.write(home, "NVDA", status)

    assert status == derived.read(home.status("NVDA"))


def test_no_change_is_no_write(tmp_path: Path) -> None:
    """The same status again leaves the file alone, another one replaces it."""
    home = Home(tmp_path)
    status = Status(
        StatusKey(99, 1, 2, "2024-01-02", 100.0), StatusKind.OK, MODEL, FORECAST, source="simulated"
    )
    derived.write(home, "NVDA", status)
    before = home.status("NVDA").stat().st_ino
    derived.write(home, "NVDA", status)
    assert before == home.status("NVDA").stat().st_ino
    derived.write(home, "NVDA", Status(status.key, StatusKind.CORRUPT, problem="broken"))
    assert derived.read(home.status("NVDA")) == Status(
        status.key, StatusKind.CORRUPT, problem="broken"
    )


def test_status_that_does_not_parse_reads_as_absent(tmp_path: Path) -> None:
    """Garbage, another version or a missing field is no status: it can be rebuilt."""
    path = tmp_path / "NVDA.json"
    for text in ("", "[]", "{}", '{"v":99}', '{"v":1,"key":{}}', "\x00"):
        path.write_text(text)
        assert derived.read(path) is None


def test_key_follows_the_model_file(tmp_path: Path) -> None:
    """Replacing the model file by another of the same size changes the key."""
    home = Home(tmp_path)
    home.models.mkdir(parents=True)
    assert derived.current_key(home, "NVDA", "") is None
    home.model("NVDA").write_bytes(b"a")
    before = derived.current_key(home, "NVDA", "")
    other = home.models / ".tmp-x"
    other.write_bytes(b"b")
    other.rename(home.model("NVDA"))

    assert before != derived.current_key(home, "NVDA", "")


def test_the_usual_source_is_the_models_own_or_the_settings_of_its_kind() -> None:
    """What was asked for once is neither; a status without a model says nothing of bars."""
    status = Status(
        StatusKey(99, 1, 2, "2024-01-02", 100.0),
        StatusKind.OK,
        replace(MODEL, source="csv:/a"),
        FORECAST,
        source="csv:/b",
    )
    cases = {"csv:/b": "csv:/b", "csv:/c": "csv:/a", "yahoo": "csv:/a"}

    assert cases == {configured: derived.usual_source(status, configured) for configured in cases}
    assert "csv:/a" == derived.usual_source(replace(status, source="simulated"), "simulated")
    assert "" == derived.usual_source(None, "yahoo")
