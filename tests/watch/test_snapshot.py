"""The one word of a row, and the tail of a log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core import config
from engine.core.clock import FakeClock
from engine.core.config import Settings
from engine.core.paths import Home, default_settings, prepare
from engine.core.records import Job, JobState, Metrics, ModelInfo, State
from engine.forecast.status import Status, StatusKey
from engine.watch.snapshot import SnapshotReader, TextTail, state_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = StatusKey(1, 1, 1, "", None)


@pytest.fixture(scope="module")
def settings() -> Settings:
    found, _ = config.parse(default_settings(), "packaged", {})
    assert found is not None
    return found


def model(age_days: float) -> ModelInfo:
    trained = NOW - timedelta(days=age_days)
    return ModelInfo("NVDA", 1, "d", trained, 10, "simulated", "2020-01-02", "2024-01-02", 900, "manual", "run", Metrics())


def ended(state: JobState, hours_ago: float) -> Job:
    return Job("NVDA", state, ended_at=NOW - timedelta(hours=hours_ago))


def ok(age_days: float) -> Status:
    return Status(KEY, "ok", model(age_days))


@pytest.mark.parametrize(
    ("status", "job", "last", "expected"),
    [
        (None, None, None, State.NONE),
        (None, None, ended(JobState.FAILED, 1), State.FAILED),
        (ok(1), None, None, State.FRESH),
        (ok(5), None, None, State.FRESH),
        (ok(6.5), None, None, State.AGING),
        (ok(7.1), None, None, State.STALE),
        (ok(1), Job("NVDA", JobState.QUEUED), None, State.QUEUED),
        (ok(9), Job("NVDA", JobState.RUNNING), ended(JobState.FAILED, 1), State.TRAIN),
        (ok(0.001), None, ended(JobState.DONE, 0.02), State.DONE),
        (ok(0.1), None, ended(JobState.DONE, 2.4), State.FRESH),
        (ok(3), None, ended(JobState.FAILED, 1), State.FAILED),
        (ok(3), None, ended(JobState.FAILED, 24 * 4), State.FRESH),
        (ok(3), None, ended(JobState.REFUSED, 24), State.REFUSED),
        (ok(8), None, ended(JobState.REFUSED, 24), State.STALE),
        (ok(3), None, ended(JobState.CANCELLED, 0.1), State.CANCELLED),
        (ok(3), None, ended(JobState.CANCELLED, 1), State.FRESH),
        (ok(3), None, ended(JobState.LOST, 30), State.LOST),
        (Status(KEY, "corrupt", problem="digest"), None, None, State.CORRUPT),
        (Status(KEY, "foreign", problem="no group"), None, ended(JobState.FAILED, 1), State.FOREIGN),
    ],
)
def test_state_says_what_matters_most(
    settings: Settings, status: Status | None, job: Job | None, last: Job | None, expected: State
) -> None:
    """A live job comes first, then a broken file, then a bad end newer than the model, then the age."""
    assert expected == state_of(status, job, last, NOW, settings.thresholds)


def test_tail_follows_growth_truncation_and_rotation(tmp_path: Path) -> None:
    """The tail shows the last lines of the file that has the name now, cleaned of control sequences."""
    log = tmp_path / "a.log"
    tail = TextTail(log, lines=2, window=64)
    assert () == tail.read()

    log.write_text("one\ntwo\n\x1b[2Jthree\n")
    assert ("two", "three") == tail.read()
    log.write_text("x\n")
    assert ("x",) == tail.read()
    log.rename(tmp_path / "a.log.1")
    log.write_text("y" * 100 + "\nlast\n")
    assert ("last",) == tail.read()


def test_empty_home_has_every_row_and_says_why(tmp_path: Path, settings: Settings) -> None:
    """Thirteen rows stand in an empty home, each NONE with the reason, and nothing is a problem."""
    home = Home(tmp_path / "home")
    prepare(home)
    snapshot = SnapshotReader(home, FakeClock(NOW)).read(settings, None)

    assert 13 == len(snapshot.rows)
    assert {(State.NONE, "not trained yet")} == {(row.state, row.note) for row in snapshot.rows}
    assert () == snapshot.problems
    assert not snapshot.simulated


def test_foreign_model_without_status_asks_for_a_refresh(tmp_path: Path, settings: Settings) -> None:
    """A model file that nobody has read yet shows its own age and asks for a refresh, not NONE."""
    home = Home(tmp_path / "home")
    prepare(home)
    home.models.mkdir(parents=True)
    home.model("NVDA").write_bytes(b"something")
    row = SnapshotReader(home, FakeClock(datetime.now(UTC))).read(settings, None).row("NVDA")

    assert row is not None
    assert (State.FRESH, True, "reading the model") == (row.state, row.stale_status, row.note)
    assert row == replace(row, model=None, forecast=None)
