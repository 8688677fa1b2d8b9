"""The only module that uses private parts of Textual; tests fail when Textual changes them.

The functions import Textual themselves: it reads the environment when it is imported.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

if TYPE_CHECKING:
    from textual import events
    from textual.app import App
    from textual.driver import Driver
    from textual.drivers.linux_driver import LinuxDriver

Stream = TypeVar("Stream")
PACES = {"fast": (30, 100), "slow": (40, 200)}
"""Frames a second, and ms that an escape waits: slow lines split sequences.

Textual may draw two frames late: 202 ms at 10 frames a second, 50 ms at 40. What streams is looked
at seldom on a slow line, so that only keys use the frames.
"""


def key_of_character(character: str) -> str:
    """Textual's name for the key that types `character`: `question_mark` for `?`."""
    from textual.keys import _character_to_key

    return _character_to_key(character)


def forget_backgrounds() -> None:
    """Free closed widgets, which Textual caches (1024, 47 MB in 3 h); refills take microseconds."""
    from textual._styles_cache import StylesCache

    StylesCache.get_inner_outer.cache_clear()


def tolerate_bad_bytes() -> None:
    """Replace input bytes that are not UTF-8: Textual decodes strictly and would end on one."""
    from textual.drivers import linux_driver

    strict = codecs.getincrementaldecoder

    def tolerant(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return lambda: strict(encoding)(errors="replace")

    linux_driver.getincrementaldecoder = tolerant  # type: ignore[attr-defined, assignment]


def forward(screen: Any, event: events.Event) -> None:
    """Give an input event to `screen`, marked as Textual marks what the application passed on."""
    event._set_forwarded()
    screen.post_message(event)


# What begins a sequence of the terminal, and what alt deletes a word with.
_AFTER_ESCAPE = ("[", "O", "\x7f", "\b")


def separate_escape() -> None:
    """Read `esc` and a key right behind it as two keys: Textual makes alt+key of them."""
    from textual import events
    from textual._xterm_parser import XTermParser

    read_keys = XTermParser._sequence_to_key_events

    def read_apart(parser: XTermParser, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        behind_escape = sequence[:1] == "\x1b" and len(sequence) == 2
        if behind_escape and sequence[1] not in _AFTER_ESCAPE:
            sequence = sequence[1]
            alt = True
        if alt:
            yield events.Key("escape", "\x1b")
        yield from read_keys(parser, sequence)

    if read_keys.__name__ != read_apart.__name__:
        XTermParser._sequence_to_key_events = read_apart  # type: ignore[method-assign, assignment]


def send_changed_cells() -> None:
    """Send the cells of a region alone: Textual sends the line from its first cell on."""
    from rich.console import Console
    from rich.control import Control
    from textual._compositor import ChopsUpdate

    def render_segments(update: ChopsUpdate, console: Console) -> str:
        pieces: list[str] = []
        for y, start, end in update.spans:
            for behind, (x, strip) in zip(
                update.chop_ends[y], update.chops[y].items(), strict=False
            ):
                first, last = max(x, start), min(behind, end)
                if strip is not None and first < last:
                    pieces.append(Control.move_to(first, y).segment.text)
                    pieces.append(strip.crop(first - x, last - x).render(console))
        return "".join(pieces)

    ChopsUpdate.render_segments = render_segments  # type: ignore[method-assign, assignment]


def deliver_late_resize(app: App[Any]) -> None:
    """Deliver a pending resize: Textual's 8 ms timer, once slept through, never fires again."""
    if app._resize_event is not None:
        app._check_resize()


def driver_of(app: App[Any]) -> Driver | None:
    """What connects the application to its terminal; None before it runs."""
    return app._driver


def set_mouse(driver: LinuxDriver, on: bool) -> None:
    """Ask the terminal to report the mouse, or to keep it for selecting text."""
    driver._mouse = True  # else both calls do nothing
    driver._enable_mouse_support() if on else driver._disable_mouse_support()
    driver._mouse = on


def set_pace(app: App[Any], link: str) -> None:
    """Draw as often, and wait as long for the rest of an escape sequence, as `link` allows."""
    from textual import constants, screen

    frames, delay_ms = PACES[link]
    constants.ESCAPE_DELAY = delay_ms * 0.001  # type: ignore[misc]
    screen.UPDATE_PERIOD = 1 / frames  # type: ignore[misc]
    for shown in app.screen_stack:
        shown._update_timer._interval = 1 / frames


def replace_output(driver: LinuxDriver, wrap: Callable[[TextIO], Stream]) -> Stream:
    """Have the driver's writer thread write to `wrap` of its stream, which is returned."""
    stream = wrap(driver._file)  # type: ignore[arg-type]
    driver._file = stream  # type: ignore[assignment]
    return stream
