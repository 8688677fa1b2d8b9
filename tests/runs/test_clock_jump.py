"""A wall clock that jumps while a run goes on: libfaketime moves it, the monotonic clock stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.records import JobState
from tests.helpers import wait_for
from tests.runs.conftest import QUICK, Bench

_LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)


@pytest.mark.skipif(_LIBRARY is None, reason="libfaketime is not installed")
@pytest.mark.parametrize("jump", ["+365d", "-365d"])
def test_a_jump_of_a_year_ends_no_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, jump: str
) -> None:
    """No limit fires, the run ends done, and its duration is the real one, though its stamps are
    a year apart."""
    offset = tmp_path / "offset"
    offset.write_text("+0d")
    bench.do(NVDA="wait")
    for name, value in {
        "LD_PRELOAD": str(_LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setenv(name, value)
    started = bench.start("NVDA", limits=QUICK)
    for name in ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"):
        monkeypatch.delenv(name)
    bench.phase(started, "NVDA", "wait")
    (tmp_path / "next").write_text(jump)
    (tmp_path / "next").rename(offset)
    (bench.home.root / "go").touch()
    run = bench.ended(started, 60)
    (job,) = run.jobs
    assert job.state is JobState.DONE
    assert job.duration_s is not None
    assert 0 <= job.duration_s < 120
    assert job.started_at is not None
    assert job.ended_at is not None
    assert abs((job.ended_at - job.started_at).days) >= 364
    wait_for(lambda: not bench.alive(), 20, "the end of every process")
