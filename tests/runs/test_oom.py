"""A worker that the kernel kills for its memory: a real OOM kill in a memory cgroup, where the
tests may make one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from engine.core.records import JobState
from tests.helpers import wait_for
from tests.runs.conftest import Bench

_LIMIT = 300 * 2**20


def _empty(folder: Path) -> bool:
    return not (folder / "cgroup.procs").read_text().strip()


@pytest.fixture
def small_cgroup() -> Iterator[Path]:
    """A memory cgroup with room for 300 MB; skipped where none can be made."""
    for root, limit, swap in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max", "memory.swap.max"),
    ):
        folder = root / f"stockml-test-{secrets.token_hex(4)}"
        with suppress(OSError):
            folder.mkdir()
        try:
            (folder / limit).write_text(str(_LIMIT))
        except OSError:
            with suppress(OSError):
                folder.rmdir()
            continue
        with suppress(OSError):
            (folder / swap).write_text(str(_LIMIT) if "memsw" in swap else "0")
        yield folder
        wait_for(partial(_empty, folder), 20, "an empty cgroup")
        folder.rmdir()
        return
    pytest.skip("no memory cgroup can be made here")


def test_an_oom_kill_is_named_and_tried_once_more(bench: Bench, small_cgroup: Path) -> None:
    """The worker dies of the OOM killer twice: the job fails with that word, the supervisor
    lives and does the next symbol."""
    (bench.home.root / "cgroup").write_text(str(small_cgroup))
    bench.do(NVDA="hog")
    started = bench.start("NVDA", "TSLA")
    run = bench.ended(started, 90)
    states = {job.symbol: job for job in run.jobs}
    assert states["NVDA"].state is JobState.FAILED
    assert states["NVDA"].message == "killed: the machine ran out of memory"
    assert states["TSLA"].state is JobState.DONE
    events = bench.folder(started).events.read_text().splitlines()
    assert (
        len([line for line in events if '"type":"started"' in line and '"symbol":"NVDA"' in line])
        == 2
    )
