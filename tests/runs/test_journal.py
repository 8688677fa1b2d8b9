"""The journal and its reader."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import Event, encode
from engine.runs.journal import EventWriter, Journal, JournalTail
from tests.fake_clock import FakeClock

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def line(seq: int, kind: str = "epoch", src: str = "worker-1") -> bytes:
    return encode(Event(seq, NOW, float(seq), "r", src, "NVDA", kind, {"epoch": seq}))


def numbers(tail: JournalTail) -> list[int]:
    return [event.seq for event in tail.poll()]


def test_emitted_events_read_back(tmp_path: Path) -> None:
    """A writer numbers its events from 1, and the tail returns each once, with NaN as null."""
    journal = Journal(tmp_path / "e")
    writer = EventWriter("r", "supervisor", FakeClock(NOW), journal.write)
    tail = JournalTail(tmp_path / "e")
    writer.emit("queued", "NVDA")
    assert numbers(tail) == [1]
    writer.emit("epoch", "NVDA", loss=float("nan"), kind="any name may be used")
    (event,) = tail.poll()
    assert (event.seq, event.data) == (2, {"loss": None, "kind": "any name may be used"})
    assert tail.poll() == []
    assert (tail.skipped, tail.missing) == (0, 0)


def test_a_writer_begins_on_a_new_line_after_a_torn_one(tmp_path: Path) -> None:
    """Half a line, as a kill or a full disk leaves it, costs itself only."""
    path = tmp_path / "e"
    path.write_bytes(line(1) + line(2)[:30])
    journal = Journal(path)
    journal.write(line(3))
    tail = JournalTail(path)
    assert numbers(tail) == [1, 3]
    assert (tail.skipped, tail.missing) == (1, 1)


def test_a_full_disk_costs_lines_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails or is cut short is counted, and the next one stands on a line of its
    own."""
    journal = Journal(tmp_path / "e")
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
    journal.write(line(1))

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    journal.write(line(2))
    monkeypatch.setattr(os, "write", real)
    journal.write(line(3))
    assert journal.dropped == 2
    tail = JournalTail(tmp_path / "e")
    assert numbers(tail) == [3]
    assert (tail.skipped, tail.missing) == (1, 2)


@pytest.mark.parametrize(
    "hurt",
    [
        b"\0" * 4096 + b"\n",
        b"x" * 2**20 + b"\n",
        b"\xff\xfe\xc3(\n",
        b'{"v":1,"seq":',
        b"[]\n",
        b'{"v":99,"seq":1}\n',
        b"null\nNaN\n",
        b"[" * 50_000 + b"\n",
    ],
    ids=["nul", "1 MB", "utf-8", "torn", "array", "newer", "scalars", "deep"],
)
def test_damage_is_skipped_counted_and_passed(tmp_path: Path, hurt: bytes) -> None:
    """No damage stops the reader, and the events after it are read."""
    path = tmp_path / "e"
    path.write_bytes(line(1) + hurt + b"\n" * (not hurt.endswith(b"\n")) + line(2))
    tail = JournalTail(path)
    assert numbers(tail) == [1, 2]
    assert tail.skipped >= 1


def test_unknown_types_are_counted_but_leave_no_gap(tmp_path: Path) -> None:
    """A newer writer's events are skipped, and its numbers still count."""
    (tmp_path / "e").write_bytes(line(1) + line(2, "telepathy") + line(3) + line(7))
    tail = JournalTail(tmp_path / "e")
    assert numbers(tail) == [1, 3, 7]
    assert (tail.skipped, tail.missing) == (1, 3)


def test_a_line_that_never_ends_is_not_held_in_memory(tmp_path: Path) -> None:
    """An unfinished line longer than any event is dropped at once, and the one after it is read."""
    path = tmp_path / "e"
    path.write_bytes(line(1) + b"y" * 3_000_000)
    tail = JournalTail(path)
    assert numbers(tail) == [1]
    assert len(tail._rest) < 100_000
    with path.open("ab") as file:
        file.write(b"z" * 100_000 + b"\n" + line(2))
    assert numbers(tail) == [2]
    assert tail.skipped == 1


@pytest.mark.parametrize("how", ["rename", "truncate"])
def test_a_replaced_file_is_read_from_its_start(tmp_path: Path, how: str) -> None:
    """The reader notices another file under the name, or a shorter one, and says so."""
    path = tmp_path / "e"
    path.write_bytes(line(1) + line(2) + b"bad\n")
    tail = JournalTail(path)
    tail.poll()
    if how == "rename":
        (tmp_path / "new").write_bytes(line(1))
        (tmp_path / "new").rename(path)
    else:
        path.write_bytes(line(1))
    assert numbers(tail) == [1]
    assert (tail.restarts, tail.skipped, tail.missing) == (1, 0, 0)


def test_an_absent_file_has_no_events(tmp_path: Path) -> None:
    """Reading before the first event is not an error."""
    assert JournalTail(tmp_path / "none").poll() == []


@given(
    st.lists(st.one_of(st.binary(max_size=200), st.integers(1, 5).map(line)), max_size=20),
    st.data(),
)
def test_any_bytes_in_any_pieces_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], data: st.DataObject
) -> None:
    """Whatever stands in the file and however it grows, the reader gives what one reading at the
    end gives."""
    raw = b"".join(parts)
    path = tmp_path_factory.mktemp("p") / "e"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=4)))
    grown = JournalTail(path)
    events: list[Event] = []
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        with path.open("ab") as file:
            file.write(raw[start:end])
        events += grown.poll()
    whole = JournalTail(path)
    assert whole.poll() == events
    assert (whole.skipped, whole.missing) == (grown.skipped, grown.missing)
