"""Reading the audit: any line, renamed files, the words looked for."""

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.core.audit import record
from engine.core.audit_log import parse_entry, read_entries
from engine.core.clock import Clock, parse_iso
from engine.core.paths import Home
from tests.fake_clock import FakeClock

NOW = parse_iso("2026-11-22T18:45:23.861Z")


@given(
    st.text(max_size=200),
    st.dictionaries(st.text(max_size=9), st.one_of(st.none(), st.floats(), st.text(max_size=20))),
)
def test_any_line_is_read_or_left_out(line: str, tree: dict[str, Any]) -> None:
    """Garbage, torn lines and foreign JSON never end a reader, and never show as an entry."""
    assert parse_entry(line) is None
    assert parse_entry(json.dumps(tree)) is None
    assert parse_entry(
        json.dumps(
            {**tree, "at": "2026-11-22T18:45:23Z", "what": "x", "outcome": "done", "about": {}}
        )
    )


def test_renamed_files_are_read_first(tmp_path: Path) -> None:
    """Renamed files are part of the record, the oldest first; words and a moment narrow it."""
    home = Home(tmp_path)
    clock: Clock = FakeClock(NOW)
    for number, symbol in ((2, "AAPL"), (1, "TSLA"), (0, "NVDA")):
        record(home, clock, "hold", "done", symbol=symbol)
        if number:
            home.audit_log.rename(home.audit_log.with_name(f"audit.log.{number}"))

    assert [entry.details["symbol"] for entry in read_entries(home)] == ["AAPL", "TSLA", "NVDA"]
    assert [entry.details["symbol"] for entry in read_entries(home, words=["HOLD", "tsla"])] == [
        "TSLA"
    ]
    assert list(read_entries(home, since=parse_iso("2026-11-23T00:00:00Z"))) == []


def test_a_huge_file_is_read_from_its_end(tmp_path: Path) -> None:
    """Eight sparse gigabytes before an entry, and no newline in them: it is found at once."""
    home = Home(tmp_path)
    home.logs.mkdir()
    with home.audit_log.open("wb") as file:
        file.truncate(8 * 2**30)
        file.seek(0, os.SEEK_END)
        file.write(b'\n{"at": "2026-01-02T03:04:05Z", "what": "hold", "outcome": "done"}\n')

    assert [entry.action for entry in read_entries(home)] == ["hold"]
