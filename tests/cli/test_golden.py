"""Whole pages as they read: `status`, `runs list` and `dashboard` on fixed records."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.dashboard import page
from engine.cli.render import status_table
from engine.core.records import Job, JobState
from tests.cli.fakes import NOW, done, fake, invoke, make_run, make_snapshot, trained, untrained

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
FITTING = Job("NVDA", JobState.RUNNING, phase="fit", epoch=3, epochs=10, loss=0.01234, eta_s=605)
RUNS = (
    make_run(FITTING, done("SPY"), state=JobState.RUNNING),
    replace(make_run(done("SPY"), run_id="run-0", source="simulated"), ended_at=NOW),
)
SNAPSHOT = make_snapshot(trained("NVDA", job=FITTING), untrained("SPY"), runs=RUNS)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moments are local: the zone of the goldens."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def assert_golden(name: str, text: str) -> None:
    """Compare with the file of this name; a change of spelling is seen in its difference."""
    assert text.rstrip("\n") == (GOLDEN / name).read_text(encoding="utf-8").rstrip("\n")


def test_status_reads_as_before() -> None:
    """Figures, ages, progress and the live run below the table."""
    assert_golden("status.txt", "\n".join(status_table(SNAPSHOT)))


def test_a_narrow_status_reads_as_before() -> None:
    """What 80 columns keep."""
    assert_golden("status_80.txt", "\n".join(status_table(SNAPSHOT, 80)))


def test_the_list_of_runs_reads_as_before(tmp_path: Path) -> None:
    """A live run and one that ended, on simulated bars."""
    assert_golden("runs_list.txt", invoke(fake(tmp_path, plays=[*RUNS]), "runs", "list").stdout)


def test_the_dashboard_reads_as_before() -> None:
    """Models, performance, runs and resources."""
    assert_golden("dashboard.txt", "\n".join(page(SNAPSHOT)))
