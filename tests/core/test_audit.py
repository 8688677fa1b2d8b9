"""Who did what, when, from where, and how it ended."""

import json
import stat
import threading
from pathlib import Path

import pytest

from engine.core import audit
from engine.core.audit import acting, audited, record
from engine.core.audit_log import read_entries
from engine.core.clock import parse_iso
from engine.core.errors import BusyError, NoDataError
from engine.core.paths import Home
from tests.fake_clock import FakeClock

NOW = parse_iso("2026-11-22T18:45:23.861Z")


class Door:
    """Something with a home and a clock, as the engine is."""

    def __init__(self, folder: Path) -> None:
        self.home, self.clock = Home(folder), FakeClock(NOW)

    @audited(
        "backup",
        lambda symbols, dry=False: None if dry else {"symbols": symbols},
        lambda made: {"backup": made},
    )
    def back_up(self, symbols: tuple[str, ...], dry: bool = False) -> str:
        """Fails as the symbol asks."""
        if symbols == ("BUSY",):
            raise BusyError("another backup is made")
        if symbols == ("NONE",):
            raise NoDataError("there is no model")
        if symbols == ("BUG",):
            raise ZeroDivisionError("division by zero")
        return "backup_20261122_184523"


def outcomes(home: Home) -> list[tuple[str, str, str]]:
    """(action, outcome, words) of every line."""
    return [(entry.action, entry.outcome, entry.message) for entry in read_entries(home)]


def test_a_done_action_says_who_what_when_and_from_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line: UTC time, the process's own user, the address of the SSH session, origin,
    arguments, result."""
    monkeypatch.setenv("SSH_CONNECTION", "10.1.2.3 50022 10.0.0.1 22")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setenv(audit.ORIGIN, audit.CONSOLE)
    door = Door(tmp_path)
    assert door.back_up(("NVDA", "SMR")) == "backup_20261122_184523"
    (line,) = door.home.audit_log.read_text().splitlines()
    tree = json.loads(line)

    assert tree["at"] == "2026-11-22T18:45:23.861Z"
    assert (tree["ssh"], tree["from"], tree["what"], tree["outcome"]) == (
        "10.1.2.3",
        "console",
        "backup",
        "done",
    )
    assert tree["user"] not in ("", "somebody-else")
    assert tree["about"] == {"symbols": ["NVDA", "SMR"], "backup": "backup_20261122_184523"}
    (entry,) = read_entries(door.home)
    assert "done       backup  NVDA SMR backup=backup_20261122_184523  by " in entry.text
    assert entry.text.endswith("console")


@pytest.mark.parametrize(
    ("symbol", "error", "outcome", "said"),
    [
        ("BUSY", BusyError, "refused", "another backup is made"),
        ("NONE", NoDataError, "failed", "there is no model"),
        ("BUG", ZeroDivisionError, "failed", "ZeroDivisionError: division by zero"),
    ],
)
def test_an_error_is_recorded_and_raised_again(
    tmp_path: Path, symbol: str, error: type[Exception], outcome: str, said: str
) -> None:
    """What a guard or a lock forbids is refused, what was tried and did not work failed;
    the caller gets the error."""
    door = Door(tmp_path)
    with pytest.raises(error):
        door.back_up((symbol,))

    assert outcomes(door.home) == [("backup", outcome, said)]


def test_reading_is_not_recorded(tmp_path: Path) -> None:
    """A call that changes nothing (a dry run) leaves no line."""
    door = Door(tmp_path)
    door.back_up(("NVDA",), dry=True)

    assert not door.home.audit_log.exists()


def test_a_long_action_is_recorded_before_it_ends(tmp_path: Path) -> None:
    """An announced action has its line while it runs, so that a kill leaves a trace, and another
    one at its end."""
    home = Home(tmp_path)
    with acting(home, FakeClock(NOW), "restore", backup="b1") as act:
        act.announce(symbols=("NVDA",))
        assert outcomes(home) == [("restore", "started", "")]
        act.add({"outcome": "failed", "problems": ("NVDA: no",)})

    assert [outcome[1] for outcome in outcomes(home)] == ["started", "failed"]


def test_hostile_text_is_cleaned_before_it_is_written(tmp_path: Path) -> None:
    """Escape codes, line breaks and long texts in arguments and errors become one short clean
    line."""
    home = Home(tmp_path)
    bad = "\x1b[2J\x1b]52;c;aGk=\x07\n\r\x9b31mevil" + "x" * 9000
    record(
        home,
        FakeClock(NOW),
        "hold",
        "failed",
        message=bad,
        symbol=bad,
        many=[bad] * 500,
        tree={bad: bad},
    )
    data = home.audit_log.read_bytes()

    assert data.count(b"\n") == 1
    assert len(data) <= 4096
    assert not set(data) & {0x1B, 0x07, 0x9B, 0x0D}
    (entry,) = read_entries(home)
    assert entry.text.isprintable()


def test_a_disk_error_is_reported_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the record cannot be written the action is done all the same, and a sentence says
    what is missing."""
    said: list[str] = []
    monkeypatch.setattr(audit, "report_unrecorded", said.append)
    door = Door(tmp_path)
    door.home.logs.parent.joinpath("logs").write_text("a file where the folder should be")

    assert door.back_up(("NVDA",)) == "backup_20261122_184523"
    assert len(said) == 1
    assert "backup done is not recorded" in said[0]


def test_an_argument_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that JSON has no word for costs the line, never the action."""
    said: list[str] = []
    monkeypatch.setattr(audit, "report_unrecorded", said.append)
    record(Home(tmp_path), FakeClock(NOW), "hold", "done", value=float("nan"))

    assert "ValueError" in said[0]


def test_only_the_owner_may_read_the_audit(tmp_path: Path) -> None:
    """It names addresses of people: mode 0600 from its first line."""
    record(Home(tmp_path), FakeClock(NOW), "hold", "done")

    assert stat.S_IMODE(Home(tmp_path).audit_log.stat().st_mode) == 0o600


def test_simultaneous_writers_do_not_mix_lines(tmp_path: Path) -> None:
    """Forty threads append at the same time and every line can be read."""
    home, clock = Home(tmp_path), FakeClock(NOW)
    threads = [
        threading.Thread(target=record, args=(home, clock, f"act{n}", "done")) for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {entry.action for entry in read_entries(home)} == {f"act{n}" for n in range(40)}
