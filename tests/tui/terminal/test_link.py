"""The link: bytes counted where they are written, left for the doctor, fewer on a slow line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from engine.core.errors import FileError
from engine.core.link import LinkFigures, load_link, save_link
from engine.core.paths import Home
from engine.core.records import Level
from engine.settings.home import prepare
from engine.watch.doctor import MOST_KB_S, _link
from tests.fake_clock import FakeClock
from tests.helpers import wait_for
from tests.tui.helpers import PtyConsole
from tui.terminal.driver import CountedFile
from tui.terminal.line_speed import LineSpeed
from tui.terminal.link import WINDOW_S, LinkMeter
from tui.terminal.vitals import Vitals
from tui.work.background import HURRY_S, pause

NOON = datetime(2026, 10, 21, 12, tzinfo=UTC)


def figures(**changes: object) -> LinkFigures:
    """What a console of yesterday left."""
    found: dict[str, object] = {
        "measured_at": NOON,
        "opened_at": NOON,
        "pid": 7,
        "terminal": "/dev/pts/3",
        "link": "slow",
        "columns": 80,
        "lines": 24,
        "window_s": 60.0,
        "bytes_per_s": 1234.0,
        "most_per_s": 9000,
        "bytes_in_all": 70_000,
        "longest_stall_s": 0.0,
    }
    return LinkFigures(**{**found, **changes})  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    prepare(found)
    return found


def test_the_count_is_of_bytes_that_were_written() -> None:
    """Letters outside ASCII count as the bytes that they are, and everything counted stands
    behind the stream."""
    raw = BytesIO()
    counted = CountedFile(TextIOWrapper(raw, encoding="utf-8"))
    for text in ("plain\x1b[0m", "→ 80 %", "█" * 100):
        counted.write(text)
    counted.flush()

    assert counted.sent == len(raw.getvalue()) == 9 + 8 + 300


def test_a_write_that_fails_is_not_counted() -> None:
    """What the terminal did not take is not told as sent."""
    stream = TextIOWrapper(BytesIO(), encoding="utf-8")
    counted = CountedFile(stream)
    stream.close()

    with pytest.raises(ValueError, match="closed"):
        counted.write("lost")
    assert counted.sent == 0


def test_the_meter_tells_the_last_minute_and_the_busiest_second() -> None:
    """Mean of the window, maximum of a second, a clock that stands still skipped, nothing
    invented before two looks."""
    meter = LinkMeter()
    assert (meter.rate, meter.busiest, meter.sent) == (None, 0, 0)
    meter.feed(100.0, 30_000)
    assert meter.rate is None
    for second in range(1, 200):
        meter.feed(100.0 + second, 30_000 + 10 * second + (5000 if second >= 150 else 0))
    meter.feed(299.0, 99_999)

    assert meter.window == WINDOW_S
    assert meter.rate == pytest.approx((10 * WINDOW_S + 5000) / WINDOW_S)
    assert meter.busiest == 5010
    assert meter.sent == 30_000 + 1990 + 5000


@pytest.mark.parametrize(
    ("every", "link", "seconds"),
    [(0.25, "fast", 0.25), (0.25, "slow", 2.0), (3.0, "slow", 3.0), (HURRY_S, "slow", HURRY_S)],
)
def test_a_slow_line_is_looked_for_seldom(every: float, link: str, seconds: float) -> None:
    """What streams is drawn every two seconds there; reading through a long file is not slowed."""
    assert pause(every, link) == seconds


def test_figures_come_back_as_they_were_left(home: Home) -> None:
    """Written and read again; absent is None;
    garbage and another format are errors that name the file."""
    assert load_link(home) is None
    save_link(home, figures())
    assert load_link(home) == figures()
    home.link.write_text(json.dumps({**json.loads(home.link.read_text()), "v": 2}))
    with pytest.raises(FileError, match="format 2"):
        load_link(home)
    home.link.write_text("{")
    with pytest.raises(FileError, match="console_link"):
        load_link(home)


def test_the_doctor_tells_the_link_and_who_measured_it(home: Home) -> None:
    """Without figures it says so; with them it names console, moment and line;
    over the budget it knows a way out."""
    assert "not measured" in _link(home).text
    save_link(home, figures())
    found = _link(home)
    assert found.level is Level.OK
    for part in (
        "2026-10-21T12:00",
        "process 7",
        "slow line",
        "/dev/pts/3",
    ):
        assert part in found.text, found.text
    save_link(home, figures(link="fast", bytes_per_s=1000 * MOST_KB_S + 1, longest_stall_s=3.21))
    found = _link(home)
    assert (found.level, found.fix) == (Level.OK, "on a thin line: stockml --link slow")
    assert "event loop stalled for 3.2 s" in found.text
    home.link.write_text("{")
    assert "cannot be read" in _link(home).text


def test_a_read_only_console_leaves_no_figures(home: Home) -> None:
    """Figures are left by a console that may write, and only once something was measured."""
    for read_only, sent, there in (
        (True, (1, 2), False),
        (False, (), False),
        (False, (1, 2), True),
    ):
        vitals = Vitals(home, FakeClock(NOON), LineSpeed("slow"), read_only=read_only)
        for count in sent:
            vitals.tick(count, (80, 24))
        vitals.stop(None)
        assert home.link.exists() is there


def test_what_the_console_counts_is_what_the_terminal_got(tmp_path: Path) -> None:
    """In a real terminal the figures left equal the bytes that came, but for the last ones."""
    console = PtyConsole(
        tmp_path / "home",
        "training",
        SSH_CONNECTION="10.0.0.1 1 10.0.0.2 22",
        COLORTERM="truecolor",
        answers_after=0.0,
    )
    try:
        console.see("1 RUN")
        console.send(b"\x10")
        console.see("Do what?")
        came = len(console.raw)
        console.send(b"\x1b")
        console.see("A all")
        console.send(b"q")
        assert console.wait() == 0
    finally:
        console.close()
    found = load_link(Home(tmp_path / "home"))
    assert found is not None
    assert (found.link, found.columns, found.lines) == ("fast", 80, 24)
    assert came - 4000 <= found.bytes_in_all <= len(console.raw)
    assert b"38;2;" in console.raw, "a fast line has every colour, over SSH too"
    assert b"\x1b[?1000h" in console.raw, "and the mouse"


def test_colours_and_mouse_follow_the_answers_of_the_terminal(tmp_path: Path) -> None:
    """Late answers make the line slow, quick ones fast again; none is left to the shell."""
    console = PtyConsole(tmp_path / "home", "training", COLORTERM="truecolor", answers_after=0.3)
    try:
        console.see("the line is slow")
        wait_for(lambda: b"\x1b[?1003l" in console.raw, what="the mouse given back")
        slow_from = len(console.raw)
        console.send(b"2")
        console.see("RUNNING")
        assert b"38;2;" not in console.raw[slow_from:], "the terminal's own colours"
        console.answers_after = 0.0
        console.see("the line is fast again")
        wait_for(lambda: b"\x1b[?1003h" in console.raw[slow_from:], what="the mouse")
        wait_for(lambda: b"38;2;" in console.raw[slow_from:], what="the colours")
        console.send(b"1q")
        assert console.wait() == 0
    finally:
        console.close()


def test_nothing_is_left_before_it_was_measured(home: Home) -> None:
    """Without a terminal there is nothing to measure, and no figure is made up."""
    vitals = Vitals(home, FakeClock(NOON), LineSpeed("fast"), read_only=False)
    vitals.stop(None)

    assert vitals.meter.rate is None
    assert load_link(home) is None
