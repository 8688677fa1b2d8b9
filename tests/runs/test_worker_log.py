"""A worker's output, bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runs.worker_log import WorkerLog, last_lines, tail_paths


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_head_and_tail_are_kept_and_the_rest_is_counted(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    """On disk: the first bytes and the last ones; what is between is counted to the byte."""
    path = tmp_path_factory.mktemp("log") / "w.log"
    log = WorkerLog(path, head=50, ring=60)
    for part in parts:
        log.write(part)
    log.close()
    whole = b"".join(parts)
    newest, older = tail_paths(path)
    tail = b"".join(file.read_bytes() for file in (older, newest) if file.exists())
    assert path.read_bytes() == whole[:50]
    assert whole[50:].endswith(tail)
    assert len(tail) >= min(len(whole[50:]), 60)
    assert log.dropped == len(whole) - len(path.read_bytes()) - len(tail)
    assert log.size == len(whole)


def test_a_full_disk_drops_bytes_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails is counted; the next one is kept."""
    log = WorkerLog(tmp_path / "w.log")
    real = os.write

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    log.write(b"lost\n")
    monkeypatch.setattr(os, "write", real)
    log.write(b"kept\n")
    log.close()
    assert (log.dropped, (tmp_path / "w.log").read_bytes()) == (5, b"kept\n")


def test_a_log_that_cannot_be_opened_costs_the_output_only(tmp_path: Path) -> None:
    """Without a file everything is dropped and counted, and nothing is raised."""
    log = WorkerLog(tmp_path / "absent" / "w.log")
    log.write(b"x" * 10)
    log.close()
    assert log.dropped == 10


def test_last_lines_reach_over_the_pieces_and_are_clean(tmp_path: Path) -> None:
    """The newest lines, whichever file they stand in, without control sequences."""
    path = tmp_path / "w.log"
    assert last_lines(path, 3) == ()
    log = WorkerLog(path, head=20, ring=20)
    for number in range(8):
        log.write(f"line {number}\x1b[31m\n".encode())
    log.close()
    assert last_lines(path, 2) == ("line 6", "line 7")
