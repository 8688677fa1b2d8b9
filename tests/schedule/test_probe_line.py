"""The line of a check: its date, its zone, its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.schedule.block import find_block, with_probes
from engine.schedule.probe_line import LIMIT, parse_probe, probe_line, probe_stamp, world_lines
from tests.schedule.fakes import standard_lines

PROGRAM = Path("/opt/st ock/stockml")
HOME = Home(Path("/home/op/it's 100% mine"))
DUE = datetime(2026, 11, 30, 23, 57, tzinfo=timezone(timedelta(hours=-5)))


def test_a_line_is_read_back_and_expires() -> None:
    """Its fields are the wall time of its stamp; another line is none."""
    line = probe_line(PROGRAM, DUE, HOME)
    assert str(line).startswith("57 23 30 11 * '/opt/st ock/stockml' cron-run --probe 2026-11-30T")
    assert parse_probe(line.raw) == line
    assert not line.expired(DUE) and not line.expired(DUE + LIMIT)
    assert line.expired(DUE + LIMIT + timedelta(seconds=1))
    assert line.expired(DUE - timedelta(days=400))
    for raw in (b"", b"* * * * * x", line.raw.replace(b"2026", b"year"), b"--probe '"):
        assert parse_probe(raw) is None


def test_every_offset_of_the_world_has_one_line() -> None:
    """Half and quarter hours too; all are due at the same moment."""
    lines = world_lines(PROGRAM, DUE, HOME)
    offsets = {line.due.utcoffset() for line in lines}
    assert len(offsets) == len(lines) > 30
    assert {line.due.astimezone(UTC) for line in lines} == {DUE.astimezone(UTC)}
    assert timedelta(hours=5, minutes=45) in offsets


def test_a_stamp_needs_its_offset() -> None:
    """A text without a zone is none."""
    assert probe_stamp("2026-11-30T23:57-05:00") == DUE
    assert probe_stamp("2026-11-30T23:57") is None and probe_stamp("soon") is None


@pytest.mark.parametrize("tab", [None, b"", b"5 4 * * * echo hi\n"])
@pytest.mark.parametrize("installed", [False, True])
def test_lines_come_and_go_without_a_trace(tab: bytes | None, installed: bool) -> None:
    """In a block of jobs, which stays as it was written, or in one of their own."""
    from engine.schedule.block import splice

    before = splice(tab, HOME, standard_lines(HOME)) if installed else tab
    line = probe_line(PROGRAM, DUE, HOME)
    during = with_probes(before, HOME, (line,))
    block = find_block(during, HOME)
    assert block and block.probes == (line,) and not block.hand_edit
    assert block.holds_jobs is installed
    again = with_probes(during, HOME, world_lines(PROGRAM, DUE, HOME))
    assert with_probes(again, HOME, ()) == before
