"""The one word of a row, and the tail of a log."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.events import Event, encode
from engine.core.paths import Home
from engine.core.records import Forecast, Job, JobState, Metrics, ModelInfo, SymbolState
from engine.core.snapshot import SymbolRow
from engine.forecast import status as derived
from engine.forecast.status import Status, StatusKey, StatusKind
from engine.runs.fold import LOST_MESSAGE
from engine.runs.spec import RunSpec, run_folder, write_spec
from engine.settings import load as config
from engine.settings.home import default_settings, prepare
from engine.settings.schema import Settings
from engine.watch.holds import hold
from engine.watch.row_state import state_of
from engine.watch.snapshot import SnapshotReader
from engine.watch.symbol_row import STOPPED, UNREADABLE
from tests.fake_clock import FakeClock
from tests.helpers import ROOT, environment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = StatusKey(1, 1, 1, "", None)


@pytest.fixture(scope="module")
def settings() -> Settings:
    found, _ = config.parse(default_settings(), "packaged", {})
    assert found is not None
    return found


def model(age_days: float) -> ModelInfo:
    trained = NOW - timedelta(days=age_days)
    return ModelInfo(
        "NVDA",
        1,
        "d",
        trained,
        10,
        "simulated",
        "2020-01-02",
        "2024-01-02",
        900,
        "manual",
        "run",
        Metrics(),
    )


def ended(state: JobState, hours_ago: float) -> Job:
    return Job("NVDA", state, ended_at=NOW - timedelta(hours=hours_ago))


def ok(age_days: float) -> Status:
    return Status(KEY, StatusKind.OK, model(age_days))


@pytest.mark.parametrize(
    ("status", "job", "last", "expected"),
    [
        (None, None, None, SymbolState.NONE),
        (None, None, ended(JobState.FAILED, 1), SymbolState.FAILED),
        (ok(1), None, None, SymbolState.FRESH),
        (ok(5), None, None, SymbolState.FRESH),
        (ok(6.5), None, None, SymbolState.AGING),
        (ok(7.1), None, None, SymbolState.STALE),
        (ok(1), Job("NVDA", JobState.QUEUED), None, SymbolState.QUEUED),
        (ok(9), Job("NVDA", JobState.RUNNING), ended(JobState.FAILED, 1), SymbolState.TRAIN),
        (ok(0.001), None, ended(JobState.DONE, 0.02), SymbolState.DONE),
        (ok(0.1), None, ended(JobState.DONE, 2.4), SymbolState.FRESH),
        (ok(3), None, ended(JobState.FAILED, 1), SymbolState.FAILED),
        (ok(3), None, ended(JobState.FAILED, 24 * 4), SymbolState.FRESH),
        (ok(3), None, ended(JobState.REFUSED, 24), SymbolState.REFUSED),
        (ok(8), None, ended(JobState.REFUSED, 24), SymbolState.STALE),
        (None, None, ended(JobState.CANCELLED, 0.1), SymbolState.CANCELLED),
        (ok(3), None, ended(JobState.CANCELLED, 0.1), SymbolState.FRESH),
        (ok(8), None, ended(JobState.CANCELLED, 0.1), SymbolState.STALE),
        (ok(3), None, ended(JobState.LOST, 30), SymbolState.LOST),
        (Status(KEY, StatusKind.CORRUPT, problem="digest"), None, None, SymbolState.CORRUPT),
        (
            Status(KEY, StatusKind.FOREIGN, problem="no group"),
            None,
            ended(JobState.FAILED, 1),
            SymbolState.FOREIGN,
        ),
    ],
)
def test_state_says_what_matters_most(
    settings: Settings,
    status: Status | None,
    job: Job | None,
    last: Job | None,
    expected: SymbolState,
) -> None:
    """A live job comes first, then a broken file, then a bad end newer than the model, then the
    age."""
    assert expected == state_of(status, job, last, NOW, settings.thresholds)


def test_empty_home_has_every_row_and_says_why(tmp_path: Path, settings: Settings) -> None:
    """Thirteen rows stand in an empty home, each NONE with the reason, and nothing is a problem."""
    home = Home(tmp_path / "home")
    prepare(home)
    snapshot = SnapshotReader(home, FakeClock(NOW)).read(settings, None)

    assert 13 == len(snapshot.rows)
    assert {(SymbolState.NONE, "not trained yet")} == {
        (row.state, row.note) for row in snapshot.rows
    }
    assert () == snapshot.problems
    assert not snapshot.simulated


def test_foreign_model_without_status_asks_for_a_refresh(
    tmp_path: Path, settings: Settings
) -> None:
    """A model file that nobody has read yet shows its own age and asks for a refresh, not NONE."""
    home = Home(tmp_path / "home")
    prepare(home)
    home.models.mkdir(parents=True)
    home.model("NVDA").write_bytes(b"something")
    os.utime(home.model("NVDA"), (NOW.timestamp(), NOW.timestamp()))
    row = SnapshotReader(home, FakeClock(NOW)).read(settings, None).row("NVDA")

    assert row is not None
    assert (SymbolState.FRESH, True, "reading the model") == (row.state, row.stale_status, row.note)
    assert row == replace(row, model=None, forecast=None)


FORECAST = Forecast("2026-11-20", 100.0, 101.0, 98.0, 104.0, 95.0, 107.0, 55.0, 91.0, "2026-11-23")
RUN_ID = "20261122-060000-abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    prepare(found)
    found.models.mkdir(parents=True)
    return found


def put(home: Home, source: str, **more: object) -> None:
    """A live model of NVDA whose status was derived from it as it stands."""
    home.model("NVDA").write_bytes(b"a model")
    key = derived.current_key(home, "NVDA", source)
    assert key is not None
    info = replace(model(1), source=source, **more)  # type: ignore[arg-type]
    derived.write(home, "NVDA", Status(key, StatusKind.OK, info, FORECAST, source=source))


def put_run(home: Home, *kinds: str) -> None:
    """A run of NVDA with these events, whose supervisor is dead."""
    spec = RunSpec(
        id=RUN_ID,
        created_at=NOW - timedelta(hours=6),
        symbols=("NVDA",),
        source="yahoo",
        starter="me",
    )
    folder = run_folder(home, RUN_ID)
    folder.path.mkdir(parents=True)
    write_spec(folder, spec)
    said = NOW - timedelta(hours=5)
    lines = [
        encode(Event(at, said, at, RUN_ID, "worker-1", "NVDA", kind, {"message": "no room"}))
        for at, kind in enumerate(kinds)
    ]
    folder.events.write_bytes(b"".join(lines))


def nvda(home: Home, settings: Settings, now: datetime = NOW) -> SymbolRow:
    found = SnapshotReader(home, FakeClock(now)).read(settings, None).row("NVDA")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("source", "behind", "note"),
    [(name, 126, "bars end 126 sessions ago: stale forecast") for name in ("yahoo", "simulated")],
)
def test_a_forecast_from_old_bars_says_so(
    home: Home, settings: Settings, source: str, behind: int, note: str
) -> None:
    """Bars of whatever source tell their age in the row."""
    put(home, source)
    row = nvda(home, settings, datetime(2027, 5, 26, 12, tzinfo=UTC))

    assert row.forecast == FORECAST
    assert (row.bars_behind, row.note) == (behind, note)


def test_a_lost_run_shows_beside_a_live_model(home: Home, settings: Settings) -> None:
    """A run that died after the model was trained leaves LOST in the row, though nobody could
    write when it ended."""
    put(home, "simulated")
    put_run(home, "started")

    assert (SymbolState.LOST, LOST_MESSAGE) == (
        nvda(home, settings).state,
        nvda(home, settings).note,
    )


def test_a_cancelled_training_leaves_the_word_of_the_model(home: Home, settings: Settings) -> None:
    """The row tells of the model at once;
    for ten minutes its note says that a training was cancelled, its last job always."""
    put(home, "simulated", trained_at=NOW - timedelta(days=3))
    put_run(home, "started", "cancelled")
    row, later = (
        nvda(home, settings, NOW - timedelta(hours=5) + timedelta(minutes=after))
        for after in (1, 11)
    )

    assert (SymbolState.FRESH, STOPPED) == (row.state, row.note)
    assert (SymbolState.FRESH, "") == (later.state, later.note)
    assert later.last_job is not None
    assert later.last_job.state is JobState.CANCELLED


def test_a_lost_job_whose_model_is_live_was_published(home: Home, settings: Settings) -> None:
    """Where only the word of it was lost the row shows the model's age, with a note, and the job
    counts as done."""
    put(home, "simulated", run_id=RUN_ID, trained_at=NOW - timedelta(hours=5), generation=7)
    put_run(home, "started", "phase")
    row = nvda(home, settings)

    assert (SymbolState.FRESH, "published; its run died before saying so") == (row.state, row.note)
    assert row.last_job is not None
    assert (JobState.DONE, 7) == (row.last_job.state, row.last_job.generation)


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("failed", "failed: no room; on hold: audit of May"),
        ("refused", "refused: no room; on hold: audit of May"),
        (None, "on hold: audit of May"),
    ],
)
def test_a_hold_stands_before_how_the_last_training_ended(
    home: Home, settings: Settings, kind: str | None, note: str
) -> None:
    """An operator's decision is the word of the row;
    the failure is told in the note, a two-line reason as one."""
    put(home, "simulated")
    if kind:
        put_run(home, "started", kind)
    hold(home, "NVDA", "audit\nof May", None, FakeClock(NOW))
    row = nvda(home, settings)

    assert (SymbolState.HELD, note) == (row.state, row.note)


def test_a_hold_does_not_hide_a_broken_file(home: Home, settings: Settings) -> None:
    """A model that cannot be trusted stays CORRUPT."""
    home.model("NVDA").write_bytes(b"junk")
    key = derived.current_key(home, "NVDA", "")
    assert key is not None
    derived.write(home, "NVDA", Status(key, StatusKind.CORRUPT, problem="damaged"))
    hold(home, "NVDA", "audit", None, FakeClock(NOW))
    row = nvda(home, settings)

    assert (SymbolState.CORRUPT, "damaged; on hold: audit") == (row.state, row.note)


def test_the_refresh_child_names_what_stands_in_a_models_place(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    """A link, a loop of links and a folder are named as such by the child, and hide no other
    row."""
    (tmp_path / "garbage").write_bytes(b"garbage" * 100)
    home.model("NVDA").symlink_to(tmp_path / "garbage")
    home.model("TSLA").symlink_to(home.model("TSLA").name)
    home.model("AAPL").mkdir()
    before = SnapshotReader(home, FakeClock(NOW)).read(settings, None).rows
    assert {"reading the model"} == {row.note for row in before[:3]}

    subprocess.run(
        [sys.executable, "-m", "engine.children.refresh", str(home.root), ""],
        check=True,
        env=environment(),
        cwd=ROOT,
    )
    after = SnapshotReader(home, FakeClock(NOW)).read(settings, None).rows
    assert [SymbolState.CORRUPT] * 3 == [row.state for row in after[:3]]
    assert "it is a link, not a file" in after[0].note
    assert "it is a link, not a file" in after[1].note
    assert "it is a folder, not a file" in after[2].note
    assert {SymbolState.NONE} == {row.state for row in after[3:]}


def test_a_home_that_cannot_be_written_says_so(tmp_path: Path, settings: Settings) -> None:
    """Where no status can be kept, the row says why its figures do not come, and nobody asks for
    them again and again."""
    home = Home(tmp_path / "home")
    prepare(home)
    home.models.mkdir(parents=True)
    home.model("NVDA").write_bytes(b"something")
    folder = home.status("NVDA").parent
    if folder.exists():
        folder.rmdir()
    folder.write_bytes(b"no folder")  # root may write everywhere, but not below a file
    row = SnapshotReader(home, FakeClock(NOW)).read(settings, None).row("NVDA")

    assert row is not None
    assert (False, UNREADABLE) == (row.stale_status, row.note)


def test_bars_asked_for_once_do_not_stay_on_show(home: Home, settings: Settings) -> None:
    """A status on simulated bars, left by `--source`, is no forecast of a real model's row;
    who asks for them sees them."""
    put(home, "yahoo")
    status = derived.read(home.status("NVDA"))
    assert status is not None
    key = derived.current_key(home, "NVDA", "simulated")
    assert key is not None
    derived.write(home, "NVDA", replace(status, key=key, source="simulated"))
    row = nvda(home, settings)
    asked = SnapshotReader(home, FakeClock(NOW)).read(settings, "simulated").row("NVDA")

    assert (None, True) == (row.forecast, row.stale_status)
    assert asked is not None
    assert FORECAST == asked.forecast
