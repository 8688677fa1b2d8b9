"""Bytes on disk, and locks between processes."""

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import pytest

from engine.core.errors import FileError
from engine.core.files import (
    FileLock,
    append_line,
    lock_holder,
    lock_text,
    replace_with,
    write_atomic,
    write_json,
)
from tests.helpers import ROOT, environment, wait_for

SPAWN = multiprocessing.get_context("spawn")


def test_write_atomic_replaces_the_whole_file(tmp_path: Path) -> None:
    """The new content stands with its mode, folders are made, and no temporary file stays."""
    path = tmp_path / "a" / "b.txt"
    write_atomic(path, b"one")
    write_atomic(path, b"two", mode=0o600)

    assert b"two" == path.read_bytes()
    assert 0o600 == path.stat().st_mode & 0o777
    assert [path] == list(path.parent.iterdir())


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """When the writer fails half-way the old content stands and the half is gone."""
    path = tmp_path / "x"
    write_atomic(path, b"old")

    def fail(temporary: Path) -> None:
        temporary.write_bytes(b"hal")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        replace_with(path, fail)

    assert b"old" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


WRITER = """
import sys
from pathlib import Path
from engine.core.files import write_atomic
write_atomic(Path(sys.argv[1]), b"new" * 1000)
"""


@pytest.mark.parametrize("action", ["kill", "enospc"])
@pytest.mark.parametrize("point", ["begin", "written", "synced", "renamed", "done"])
def test_a_kill_at_any_point_leaves_the_old_or_the_new_file(
    tmp_path: Path, point: str, action: str
) -> None:
    """Killed, or out of space, at any step: the file is whole, old before the rename and new
    after it."""
    path = tmp_path / "x"
    path.write_bytes(b"old")
    env = environment(STOCKML_TEST="1", STOCKML_FAILPOINTS=f"file.{point}={action}")
    ran = subprocess.run(
        [sys.executable, "-c", WRITER, str(path)],
        env=env,
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    assert (-signal.SIGKILL if action == "kill" else 1) == ran.returncode
    assert (b"new" * 1000 if point in ("renamed", "done") else b"old") == path.read_bytes()
    if action == "enospc":
        assert [path] == list(tmp_path.iterdir())


def test_failpoints_need_a_test_process(tmp_path: Path) -> None:
    """The list alone does nothing in an operator's shell."""
    path = tmp_path / "x"
    env = environment(STOCKML_FAILPOINTS="file.begin=kill")
    subprocess.run([sys.executable, "-c", WRITER, str(path)], env=env, cwd=ROOT, check=True)

    assert 3000 == path.stat().st_size


def test_nan_is_never_written_to_json(tmp_path: Path) -> None:
    """A NaN is an error and nothing is written."""
    write_json(tmp_path / "a.json", {"x": [1, None]})
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", {"x": float("nan")})

    assert {"x": [1, None]} == json.loads((tmp_path / "a.json").read_text())
    assert not (tmp_path / "b.json").exists()


def _append(path: str, name: str) -> None:
    for at in range(300):
        append_line(Path(path), f"{name} {at} " + "x" * 300)


def test_lines_of_several_writers_never_mix(tmp_path: Path) -> None:
    """Three processes append at once: every line is whole and none is lost;
    a newline inside stays one line."""
    path = tmp_path / "logs" / "a.log"
    writers = [SPAWN.Process(target=_append, args=(str(path), name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    append_line(path, "two\nlines")
    lines = path.read_text().splitlines()

    assert {f"{name} {at} " + "x" * 300 for name in "abc" for at in range(300)} == set(lines[:-1])
    assert 901 == len(lines)
    assert "two lines" == lines[-1]


CUT = """
import resource, sys
from pathlib import Path
from engine.core.files import append_line
path = Path(sys.argv[1])
append_line(path, "one")
resource.setrlimit(resource.RLIMIT_FSIZE, (7, resource.RLIM_INFINITY))
try:
    append_line(path, "two two two")
except OSError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
append_line(path, "three")
"""


def test_a_line_without_room_is_an_error_and_spoils_no_other(tmp_path: Path) -> None:
    """Where only a part of a line fits the caller hears it, and the part does not stay for the
    next line to stick to."""
    ran = subprocess.run(
        [sys.executable, "-c", CUT, str(tmp_path / "x")],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "No space left on device" in ran.stdout
    assert (tmp_path / "x").read_text().splitlines() == ["one", "three"]


def test_a_lock_has_one_named_holder(tmp_path: Path) -> None:
    """A second taker gets False and the holder's words;
    after release the lock is free and its file stays."""
    path = tmp_path / "locks" / "NVDA.lock"
    assert lock_holder(path) is None
    with FileLock(path) as first:
        assert first.acquire("run 1, pid 7")
        second = FileLock(path)
        assert not second.acquire("me")
        assert not second.held
        assert "run 1, pid 7" == lock_holder(path)

    assert lock_holder(path) is None
    assert path.exists()


def test_a_shorter_owner_text_replaces_a_longer_one(tmp_path: Path) -> None:
    """The holder's words replace those of the holder before."""
    path = tmp_path / "x.lock"
    for owner in ("a very long owner indeed", "me"):
        with FileLock(path) as lock:
            assert lock.acquire(owner)
            assert owner == lock_holder(path)


def _hold(path: str, held: Flag) -> None:
    lock = FileLock(Path(path))
    lock.acquire("child")
    held.set()
    time.sleep(600)


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    """kill -9 of the holder frees the lock at once, whatever its text says."""
    path, held = tmp_path / "x.lock", SPAWN.Event()
    child = SPAWN.Process(target=_hold, args=(str(path), held))
    child.start()
    try:
        assert held.wait(60)
        assert "child" == lock_holder(path)
    finally:
        child.kill()
        child.join(60)
    wait_for(lambda: lock_holder(path) is None, what="the lock of the dead holder")
    with FileLock(path) as lock:
        assert lock.acquire("next")


def _contend(path: str, ledger: str, wins: int) -> None:
    fd = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    while wins:
        lock = FileLock(Path(path))
        if lock.acquire(str(os.getpid())):
            os.write(fd, f"+{os.getpid()}\n".encode())
            os.write(fd, f"-{os.getpid()}\n".encode())
            lock.release()
            wins -= 1


def _probe(path: str, stop: Flag) -> None:
    while not stop.is_set():
        lock_holder(Path(path))


def test_many_starters_never_share_the_lock(tmp_path: Path) -> None:
    """Three processes race for one lock, another looks: in the ledger nobody enters before the
    last one left."""
    path, ledger, stop = tmp_path / "x.lock", tmp_path / "ledger", SPAWN.Event()
    probe = SPAWN.Process(target=_probe, args=(str(path), stop))
    racers = [SPAWN.Process(target=_contend, args=(str(path), str(ledger), 60)) for _ in range(3)]
    for process in (probe, *racers):
        process.start()
    for racer in racers:
        racer.join(300)
    stop.set()
    probe.join(60)
    lines = ledger.read_text().splitlines()

    assert 2 * 3 * 60 == len(lines)
    assert all(
        entered[0] == "+" and left == f"-{entered[1:]}"
        for entered, left in zip(lines[::2], lines[1::2], strict=True)
    )


def test_probing_never_costs_a_starter_the_lock(tmp_path: Path) -> None:
    """A look that is put aside in the middle is waited for: it is no holder."""
    path = tmp_path / "x.lock"
    path.touch()
    look = os.open(path, os.O_RDONLY)
    fcntl.flock(look, fcntl.LOCK_SH)
    threading.Timer(0.1, os.close, [look]).start()
    with FileLock(path) as lock:
        assert lock.acquire("starter")


def test_a_lock_can_be_handed_to_a_child(tmp_path: Path) -> None:
    """An adopted lock is the same lock: free only when the last holder lets go."""
    path = tmp_path / "x.lock"
    first = FileLock(path)
    assert first.acquire("starter")
    adopted = FileLock.adopt(path, os.dup(first.fileno()))
    adopted.describe("child")
    first.release()

    assert "child" == lock_holder(path)
    adopted.release()
    assert lock_holder(path) is None
    with pytest.raises(ValueError, match="not held"):
        adopted.fileno()


@pytest.mark.parametrize("thing", ["link", "dangling link", "loop", "pipe", "folder"])
def test_a_lock_is_never_taken_through_something_else(tmp_path: Path, thing: str) -> None:
    """The target of a link keeps its text, a pipe is not waited for, and nobody holds it."""
    path, target = tmp_path / "NVDA.lock", tmp_path / "target"
    if thing == "link":
        target.write_text("a secret")
    if thing in ("pipe", "folder"):
        (os.mkfifo if thing == "pipe" else os.mkdir)(path)
    else:
        path.symlink_to("NVDA.lock" if thing == "loop" else "target")

    with pytest.raises(FileError, match=r"NVDA\.lock: it is no file: move it away"):
        FileLock(path).acquire("me")

    assert lock_holder(path) is None
    assert lock_text(path) == ""
    assert target.exists() == (thing == "link")
    assert not target.exists() or target.read_text() == "a secret"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_lock_of_another_user_is_refused(tmp_path: Path) -> None:
    """Its owner could hold it for ever, or make it a name of another file."""
    path = tmp_path / "NVDA.lock"
    path.write_text("")
    os.chown(path, 65534, -1)

    with pytest.raises(FileError, match="belongs to user id 65534"):
        FileLock(path).acquire("me")


@pytest.mark.parametrize("thing", ["link", "pipe", "folder", "device"])
def test_a_line_is_never_appended_to_something_else(tmp_path: Path, thing: str) -> None:
    """Logs are files of ours: an error in words, at once."""
    path, target = tmp_path / "training.log", tmp_path / "target"
    target.write_text("")
    makers = {"pipe": os.mkfifo, "folder": os.mkdir}
    if thing in makers:
        makers[thing](path)
    else:
        path.symlink_to("/dev/null" if thing == "device" else target)

    with pytest.raises(OSError, match="it is no file: move it away"):
        append_line(path, "a line")
    assert target.read_text() == ""


def test_the_text_of_a_lock_is_read_by_people(tmp_path: Path) -> None:
    """Also of a free one, cleaned; without one it is empty."""
    path = tmp_path / "lock"
    assert lock_text(path) == ""
    path.write_text("http://127.0.0.1:8081, pid 7\x1b[2J\n")
    assert lock_text(path) == "http://127.0.0.1:8081, pid 7"
