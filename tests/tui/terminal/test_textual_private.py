"""Textual's private parts: each test fails when Textual changes the part that the console uses."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from rich.console import Console
from rich.segment import Segment
from textual import constants, events, screen
from textual._compositor import ChopsUpdate
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.strip import Strip

from tests.tui.helpers import opened, until
from tests.tui.scenes import trained_home
from tui.terminal.driver import CountedFile, CountingDriver
from tui.terminal.textual_private import (
    PACES,
    driver_of,
    forget_backgrounds,
    key_of_character,
    send_changed_cells,
    separate_escape,
    set_pace,
    tolerate_bad_bytes,
)


@pytest.mark.parametrize(
    ("character", "key"), [("?", "question_mark"), (",", "comma"), ("a", "a"), ("A", "A")]
)
def test_a_character_has_the_key_that_types_it(character: str, key: str) -> None:
    """The names are those of Textual's bindings."""
    assert key == key_of_character(character)


async def test_closed_widgets_are_forgotten(tmp_path: Path) -> None:
    """Textual's memory of backgrounds fills while it draws, and can be emptied."""
    async with opened(tmp_path / "home", trained_home()):
        assert StylesCache.get_inner_outer.cache_info().currsize > 0
        forget_backgrounds()
        assert StylesCache.get_inner_outer.cache_info().currsize == 0


def test_bad_input_bytes_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's input thread asks its module for the decoder, which then accepts every byte."""
    monkeypatch.setattr(linux_driver, "getincrementaldecoder", codecs.getincrementaldecoder)
    tolerate_bad_bytes()

    assert "getincrementaldecoder" in LinuxDriver.run_input_thread.__code__.co_names
    decoder = linux_driver.getincrementaldecoder("utf-8")()  # type: ignore[attr-defined]
    assert decoder.decode(b"a\xffb") == "a\ufffdb"


async def test_a_resize_whose_timer_never_fired_reaches_the_screens(tmp_path: Path) -> None:
    """The console's clock delivers what Textual's timer of 8 ms did not."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        app._resize_timer = app.set_timer(3600.0, lambda: None)
        await pilot.resize_terminal(60, 15)
        app._tick()
        await until(pilot, lambda: app.main.size.width == 60, "the new size")
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: app.main.size.width == 100, "the next one, without the clock")


async def test_the_driver_of_a_running_application_is_known(tmp_path: Path) -> None:
    """It takes what is written for the terminal."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        driver = driver_of(app)

        assert driver is not None
        driver.write("")
    assert "_driver" in vars(app)


async def test_the_writer_thread_writes_to_the_replaced_stream(tmp_path: Path) -> None:
    """The driver keeps its stream in `_file`, and starts its writer thread on that."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        driver = CountingDriver(app)

    assert isinstance(driver.counted, CountedFile)
    assert vars(driver)["_file"] is driver.counted
    assert {"_file", "WriterThread"} <= set(LinuxDriver.start_application_mode.__code__.co_names)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("\x1b2", ["escape", "2"]),
        ("\x1bf", ["escape", "f"]),
        ("\x1bA", ["escape", "A"]),
        ("\x1b,", ["escape", "comma"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1b[A", ["up"]),
        ("\x1bOP", ["f1"]),
        ("j", ["j"]),
    ],
)
def test_escape_and_a_key_in_one_piece_are_two_keys(
    typed: str, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parser makes no alt+key of them, and leaves the terminal's own sequences whole."""
    monkeypatch.setattr(XTermParser, "_sequence_to_key_events", XTermParser._sequence_to_key_events)
    separate_escape()
    read = XTermParser()

    pressed = [event.key for event in read.feed(typed) if isinstance(event, events.Key)]

    assert pressed == keys


def test_an_update_sends_its_own_cells_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual would send the line from its first cell on."""
    monkeypatch.setattr(ChopsUpdate, "render_segments", ChopsUpdate.render_segments)
    update = ChopsUpdate([{0: Strip([Segment("OK  12:00:02")])}], [(0, 11, 12)], [[12]])
    console = Console(width=12, color_system=None)
    assert "OK  12:00:02" in update.render_segments(console)

    send_changed_cells()

    assert update.render_segments(console) == "\x1b[1;12H2"


async def test_the_pace_follows_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens draw as often, and the parser waits as long, as the line allows."""
    monkeypatch.setattr(constants, "ESCAPE_DELAY", constants.ESCAPE_DELAY)
    monkeypatch.setattr(screen, "UPDATE_PERIOD", screen.UPDATE_PERIOD)
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        for link, (frames, delay_ms) in PACES.items():
            set_pace(app, link)
            timer = app.screen._update_timer

            assert vars(timer)["_interval"] == 1 / frames == screen.UPDATE_PERIOD
            assert delay_ms == constants.ESCAPE_DELAY * 1000
