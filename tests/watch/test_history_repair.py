"""`doctor --repair`: a damaged history.db is moved aside, its newest good copy restored."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from engine.api import Engine
from engine.core.paths import Home
from engine.core.records import Level
from engine.vault.daily import apply_daily, daily_files, daily_folder, plan_daily
from engine.watch import repairs
from engine.watch.history_repair import history_item
from engine.watch.holds import hold, holds
from engine.watch.records import Item
from engine.watch.repairs import REPAIRS, repair_all
from tests.fake_clock import FakeClock
from tests.helpers import stockml
from tests.watch.homes import SUNDAY, simulated_home

DAY = timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a hold in today's copy of the history, and one made since."""
    home = simulated_home(tmp_path / "home")
    hold(home, "NVDA", "first", None, FakeClock(SUNDAY))
    copy_history(home, FakeClock(SUNDAY))
    hold(home, "TSLA", "since then", None, FakeClock(SUNDAY))
    return home


def copy_history(home: Home, clock: FakeClock) -> Path:
    """Make the daily copy as `clean` does."""
    daily, *_ = daily_files(home)
    for action in plan_daily(daily, daily_folder(home), clock.now()):
        if action.verb == "copy":
            apply_daily(daily, action)
    return daily_folder(home) / daily.target(clock.now())


def repaired(home: Home) -> Item:
    (item,) = (
        item
        for item in repair_all(home, Engine(home).settings.current, FakeClock(SUNDAY + DAY))
        if item.name == "history"
    )
    return item


def damages(path: Path, kind: str) -> None:
    """Put something that is no database in the place of `path`."""
    if kind == "page":
        data = bytearray(path.read_bytes())
        data[5000:9000] = b"\xff" * 4000
        path.write_bytes(data)
        return
    path.unlink()
    match kind:
        case "garbage":
            path.write_bytes(os.urandom(20_000))
        case "empty text":
            path.write_text("not a database, not even close\n" * 100)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("/dev/zero")
        case "dangling":
            path.symlink_to(path.parent / "nothing")
        case "huge":
            with path.open("wb") as file:
                file.truncate(8_000_000_000)


@pytest.mark.parametrize(
    "kind", ["garbage", "empty text", "page", "pipe", "folder", "link", "dangling", "huge"]
)
def test_any_damage_is_mended_from_the_copy(home: Home, kind: str) -> None:
    """Whatever lies in its place is moved aside, never removed; what the copy holds is back, and
    what it lacks is said to be lost."""
    damages(home.history, kind)
    assert history_item(home).level is Level.CRIT
    assert history_item(home).fix == "stockml doctor --repair"
    item = repaired(home)
    assert item.level is Level.OK
    assert "recorded since then are lost" in item.text
    (aside,) = home.data.glob("history.db.damaged-*")
    assert aside.name in item.text
    assert set(holds(home, FakeClock(SUNDAY))) == {"NVDA"}
    assert stat.S_IMODE(home.history.stat().st_mode) == 0o600
    assert repaired(home).text == "history.db needs no repair"


def test_a_damaged_copy_is_passed_over(home: Home) -> None:
    """The newest copy that verifies is taken, and the one that did not is named."""
    newest = copy_history(home, FakeClock(SUNDAY + DAY))
    newest.write_bytes(b"SQLite format 3\0" + os.urandom(9000))
    damages(home.history, "garbage")
    item = repaired(home)
    assert newest.name in item.text
    assert set(holds(home, FakeClock(SUNDAY))) == {"NVDA"}


def test_without_a_good_copy_a_new_one_is_begun(home: Home) -> None:
    """Nothing to restore is a warning that says what is lost; everything works again."""
    for copy in daily_folder(home).iterdir():
        copy.write_bytes(b"")
        copy.unlink()
    damages(home.history, "garbage")
    item = repaired(home)
    assert (item.level, "a new one is begun" in item.text) == (Level.WARN, True)
    hold(home, "SPY", "again", None, FakeClock(SUNDAY))
    assert set(holds(home, FakeClock(SUNDAY))) == {"SPY"}


def test_a_journal_goes_with_its_file(home: Home) -> None:
    """A journal left beside the damaged file is never rolled back into the restored one."""
    damages(home.history, "garbage")
    journal = home.history.with_name("history.db-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + os.urandom(4000))
    repaired(home)
    assert not journal.exists()
    assert set(holds(home, FakeClock(SUNDAY))) == {"NVDA"}


def test_a_whole_history_is_left_alone(home: Home) -> None:
    """Repair changes nothing that needs none, and a home without a history gets none."""
    before = home.history.read_bytes()
    assert repaired(home).text == "history.db needs no repair"
    assert home.history.read_bytes() == before
    home.history.unlink()
    repaired(home)
    assert not home.history.exists()


def test_a_repair_that_fails_ends_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses one repair is an item, and the next is done."""

    def refused(*_: object) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    before = {"refused": refused, **REPAIRS}
    monkeypatch.setattr(repairs, "REPAIRS", before)
    items = list(repair_all(home, Engine(home).settings.current, FakeClock(SUNDAY)))
    assert (items[0].name, items[0].level) == ("refused", Level.CRIT)
    assert "history" in {item.name for item in items[1:]}


def test_the_command_says_what_it_did(home: Home) -> None:
    """`doctor --repair` shows the repair before the machine, and leaves a line in the audit log."""
    damages(home.history, "garbage")
    ran = stockml("doctor", "--repair", "--home", str(home.root))
    assert "recorded since then are lost" in " ".join(ran.stdout.split())
    assert "history.db is whole" in ran.stdout
    assert "repair" in home.audit_log.read_text()
