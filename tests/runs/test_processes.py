"""Who a process is, and that a signal never reaches another one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.files import FileLock
from engine.core.records import JobState
from engine.runs.cancel import cancel_run
from engine.runs.processes import (
    Identity,
    ProcessStat,
    boot_id,
    descendants,
    identity_of,
    oom_kills,
    process_table,
    resident_mb,
    send,
    stat_of,
)
from engine.runs.sweep import strays
from tests.helpers import wait_for
from tests.runs.conftest import Bench


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A stranger that has nothing to do with any run."""
    process = subprocess.Popen(["sleep", "600"], env={"PATH": os.environ["PATH"]})
    yield process
    process.kill()
    process.wait()


def who(process: subprocess.Popen[bytes]) -> Identity:
    found = identity_of(process.pid)
    assert found is not None
    return found


def test_a_signal_reaches_the_process_that_was_meant(sleeper: subprocess.Popen[bytes]) -> None:
    """With the right pid, start time and boot the signal goes out."""
    assert send(who(sleeper), signal.SIGTERM)
    assert sleeper.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize("planted", ["start", "boot"])
def test_a_pid_that_now_belongs_to_another_is_never_signalled(
    sleeper: subprocess.Popen[bytes], planted: str
) -> None:
    """The same pid with another start time, or of another boot, is another process."""
    right = who(sleeper)
    wrong = (
        replace(right, ticks=right.ticks - 1)
        if planted == "start"
        else replace(right, boot="an earlier boot")
    )
    assert not send(wrong, signal.SIGKILL)
    assert send(right, 0)
    assert sleeper.poll() is None


def test_an_ended_process_is_not_signalled(sleeper: subprocess.Popen[bytes]) -> None:
    """Neither a zombie nor a pid that is gone takes a signal, and neither has an identity."""
    target = who(sleeper)
    os.kill(sleeper.pid, signal.SIGKILL)
    wait_for(lambda: (found := stat_of(sleeper.pid)) and found.state == "Z", what="the zombie")
    assert identity_of(sleeper.pid) is None
    assert not send(target, signal.SIGTERM)
    sleeper.wait()
    assert not send(target, signal.SIGTERM)


@pytest.mark.parametrize("right", [False, True])
def test_cancel_signals_by_identity_alone(
    bench: Bench, sleeper: subprocess.Popen[bytes], right: bool
) -> None:
    """A lock that names a pid which another program has by now: that program lives on;
    the right one is killed."""
    bench.do(NVDA="wait")
    started = bench.start("NVDA")
    bench.phase(started, "NVDA", "wait")
    (supervisor,) = bench.pids("supervisor")
    os.kill(supervisor, signal.SIGKILL)
    assert bench.ended(started).state is JobState.LOST
    wait_for(lambda: not bench.alive(), what="the end of every process")
    target = who(sleeper) if right else replace(who(sleeper), ticks=1)
    lock = FileLock(bench.home.lock("NVDA"))
    wait_for(
        lambda: lock.acquire(f"run {started.run_id} (x), worker pid {target.pid} on vm [{target}]"),
        what="the lock",
    )
    with lock:
        cancel_run(bench.home, started.run_id)
    if right:
        assert sleeper.wait(10) == -signal.SIGKILL
    else:
        assert send(who(sleeper), 0)
        assert sleeper.poll() is None


def test_a_strange_program_name_does_not_shift_the_fields(tmp_path: Path) -> None:
    """Parentheses and spaces in a program's name are no field separators."""
    program = tmp_path / "a) R 1 (b c"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([program, "600"])
    try:
        found = stat_of(process.pid)
        assert found is not None
        assert (found.parent, found.ticks > 0) == (os.getpid(), True)
    finally:
        process.kill()
        process.wait()


@given(st.builds(Identity, st.integers(1, 10**8), st.integers(0, 10**15), st.uuids().map(str)))
def test_an_identity_reads_back(identity: Identity) -> None:
    """What is written into a lock's text is what comes back."""
    assert Identity.parse(str(identity)) == identity


@given(st.text(max_size=60))
def test_other_texts_are_no_identity(text: str) -> None:
    """A lock's text is for people and may hold anything."""
    found = Identity.parse(text)
    assert found is None or str(found).partition(".")[0].isdigit()


def test_descendants_and_strays() -> None:
    """Everything below a process, and what of it belongs to no kept child."""
    parents = {2: 1, 3: 2, 4: 3, 5: 2, 6: 1, 7: 6, 99: 50}
    table = {pid: ProcessStat(parent, "S", 1) for pid, parent in parents.items()}
    assert sorted(descendants(1, table)) == [2, 3, 4, 5, 6, 7]
    assert sorted(strays(1, [3], table)) == [2, 5, 6, 7]
    assert sorted(strays(1, [2, 6], table)) == []
    assert sorted(strays(1, [], table)) == [2, 3, 4, 5, 6, 7]


def test_this_process_is_in_the_table() -> None:
    """The table has every process with its parent; figures of this one are plausible."""
    table = process_table()
    assert table[os.getpid()].parent == os.getppid()
    assert 1 < resident_mb(os.getpid()) < 100_000
    kills = int(re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.M)[1])  # type: ignore[index]
    assert kills <= oom_kills() <= kills + 10
    assert len(boot_id()) == 36


def test_orphans_are_adopted() -> None:
    """A double-forked daemon becomes a child of the nearest ancestor that asked for orphans, and
    can be swept."""
    program = """
import os, subprocess, sys
from engine.runs.processes import adopt_orphans, process_table
from engine.runs.sweep import sweep
assert adopt_orphans()
child = (
    "import subprocess as s; "
    "print(s.Popen(['sleep', '60'], start_new_session=True, stdout=s.DEVNULL).pid)"
)
pid = int(subprocess.run([sys.executable, "-c", child], stdout=subprocess.PIPE, check=True).stdout)
assert process_table()[pid].parent == os.getpid()
assert sweep(keep=[pid], own=[]) == ()
assert pid in process_table()
assert sweep(keep=[], own=[]) == ()
assert pid not in process_table()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
