"""Every pane with nothing read yet, with an empty home, and with a home that cannot be read."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.core.records import Level
from engine.core.snapshot import Meter, Snapshot
from tests.tui.fake import FakeEngine
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import (
    METERS,
    NAMES,
    clock,
    empty_home,
    row,
    snapshot,
    trained_home,
    training_home,
)
from tui.app import StockmlApp
from tui.dashboard.panes.log import log_lines
from tui.dashboard.panes.meters import meters_line
from tui.frame.facts import FrameFacts
from tui.frame.status_line import status_parts
from tui.look.glyphs import ASCII
from tui.widgets.lines import plain
from tui.widgets.notice import notice_lines
from tui.widgets.picker import window_top
from tui.widgets.targets import line_of
from tui.work.messages import Notice


async def test_loading_states(tmp_path: Path) -> None:
    """Before the first look each pane says that it is being read; no number is made up."""
    gate = threading.Event()

    def slow() -> Snapshot:
        gate.wait(60)
        return trained_home()

    app = StockmlApp(FakeEngine(tmp_path / "home", slow), wall=clock())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        gate.set()
        await until(pilot, lambda: app.main.snapshot, "the snapshot")

    for words in (
        "stockml  reading",
        "reading the host",
        "reading the home",
        "reading the runs",
        "reading the log",
        "? help",
    ):
        assert words in text
    assert "%" not in text


async def test_error_states(tmp_path: Path) -> None:
    """A home that cannot be read shows its reason and the next step in every pane, and the keys
    still work."""
    broken = ConfigError(
        "stockml.toml: training.epochs: 0 is below 1", "`stockml config check` lists all of them"
    )
    async with opened(tmp_path / "home", broken) as (app, _, pilot):
        text = screen_text(app)
        for words in (
            "CANNOT READ",
            "the host was not read",
            "0 is below 1",
            "config check",
            "the runs were not read",
        ):
            assert words in text
        await pilot.press("r")
        await until(pilot, lambda: "nothing to train yet" in screen_text(app), "the notice")
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys of the dashboard" in screen_text(app), "the help")


async def test_failure_keeps_the_last_numbers_and_says_they_are_old(tmp_path: Path) -> None:
    """When looks begin to fail the old rows stay, the log area says why, and the title counts
    how old they are."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.snap = OSError("disk on fire")
        app.look_now()
        await until(pilot, lambda: "disk on fire" in screen_text(app), "the failure")
        assert "101.25" in screen_text(app)

        app.wall.advance(timedelta(seconds=60))  # type: ignore[attr-defined]
        app._tick()
        await until(pilot, lambda: "OLD 1m 00s" in screen_text(app), "the age")

        engine.snap = trained_home()
        app.look_now()
        await until(pilot, lambda: "disk on fire" not in screen_text(app), "the recovery")
        app._tick()
        await until(pilot, lambda: "OLD" not in screen_text(app), "the fresh title")
    assert "disk on fire" in (tmp_path / "home" / "logs" / "console.log").read_text()


async def test_empty_home_covers_no_row(tmp_path: Path) -> None:
    """In an empty home all 13 rows, the three lines of advice and the footer are on screen at
    80x24."""
    async with opened(tmp_path / "home", empty_home()) as (app, _, _pilot):
        lines = screen_text(app).splitlines()

    assert [found[2:7].strip() for found in lines[4:17]] == list(NAMES)
    assert "No model is trained yet. Press A" in lines[19]
    assert "no run yet" in lines[17]
    assert lines[23].startswith("? help  q quit")


def test_problems_stand_above_the_log() -> None:
    """What could not be read is named before the log, and the log keeps its end."""
    found = replace(trained_home(), problems=("runs cannot be read: EIO",))
    texts = [plain(line) for line in log_lines(found, 4, False)]

    assert texts[0] == "! runs cannot be read: EIO"
    assert texts[-1] == found.log_tail[-1]
    assert len(texts) == 4


def test_a_problem_names_a_file_where_it_can_be_read() -> None:
    """A line has no room for folders."""
    problem = "/srv/stockml/stockml.toml: training.epochs"
    lines = log_lines(snapshot((row("TSLA"),), problems=(problem,)), 5, False)
    assert plain(lines[0]) == "! stockml.toml: training.epochs"


def test_empty_log_says_so() -> None:
    """No log is not an empty area."""
    assert "training.log shows no line" in plain(log_lines(snapshot((row("NVDA"),)), 5, False)[0])


@pytest.mark.parametrize("width", range(1, 140))
def test_title_fits_and_keeps_its_marks(width: int) -> None:
    """However narrow, SIMULATED, RO and the age of old numbers are the last to go."""
    found = replace(training_home(), simulated=True)
    facts = FrameFacts(snapshot=found, clock="14:37:11", lag="OLD 12s", read_only=True)
    text = plain(line_of(status_parts(facts, width)))

    assert len(text) <= width or text in (
        "OLD 12s  SIMULATED  RO",
        "SIMULATED  RO",
        "RO",
        "OLD 12s",
    )
    if width >= 22:
        assert all(mark in text for mark in ("SIMULATED", "RO", "OLD 12s"))


def status_text(home: Snapshot) -> str:
    """The status line of a wide terminal."""
    return plain(line_of(status_parts(FrameFacts(snapshot=home, clock="14:37:11"), 90)))


def test_the_title_says_how_old_the_bars_are() -> None:
    """The oldest bars count; while all end with the newest session that stands there."""
    old = snapshot((row("NVDA", bars_behind=126), row("TSLA", bars_behind=2)))
    assert "bars 126 sessions behind" in status_text(old)
    new = snapshot((row("NVDA", bars_behind=0), row("TSLA")))
    assert "bars 10-20" in status_text(new)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_meters_fit_and_speak(width: int) -> None:
    """Each meter that is shown has its word; the worst one is shown even where not all fit."""
    meters = (*METERS[:2], Meter("DISK", 97.0, "%", Level.CRIT), METERS[3])
    text = plain(meters_line(meters, width, ASCII))

    assert len(text) <= width
    assert "97% CRIT" in text
    assert width < 80 or all(word in text for word in ("CPU", "MEM", "LOAD 1.93"))


def test_meters_do_not_jump() -> None:
    """A value that grows to 100 % CRIT moves no other meter."""
    calm = plain(meters_line(METERS, 80, ASCII))
    hot = plain(
        meters_line((replace(METERS[0], value=100.0, level=Level.CRIT), *METERS[1:]), 80, ASCII)
    )

    assert calm.index("MEM") == hot.index("MEM")
    assert calm.index("LOAD") == hot.index("LOAD")


def test_notices_wrap_into_three_lines() -> None:
    """A long error keeps its beginning, and never takes more than three lines."""
    lines = notice_lines(Notice("word " * 200, "next step", level=Level.CRIT), 80)

    assert len(lines) == 3
    assert plain(lines[0]).startswith("ERROR: word")
    assert all(len(plain(found)) <= 80 for found in lines)
    assert notice_lines(None, 80) == ()


@pytest.mark.parametrize(
    ("top", "cursor", "count", "height", "expected"),
    [(0, 0, 13, 7, 0), (0, 7, 13, 7, 1), (6, 2, 13, 7, 2), (6, 12, 13, 20, 0), (0, 5, 13, 0, 0)],
)
def test_window_follows_the_cursor(
    top: int, cursor: int, count: int, height: int, expected: int
) -> None:
    """The window moves as little as it must."""
    assert expected == window_top(top, cursor, count, height)
