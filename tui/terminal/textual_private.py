"""The private parts of Textual that the console needs; nothing else may use any.

Each has a test of its own that fails when Textual changes it. Textual is imported inside the
functions: it reads the environment when it is imported, and `config check` needs the keys alone.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver
    from textual.drivers.linux_driver import LinuxDriver

Stream = TypeVar("Stream")


def key_of_character(character: str) -> str:
    """Textual's name for the key that types `character`: `question_mark` for `?`."""
    from textual.keys import _character_to_key

    return _character_to_key(character)


def forget_backgrounds() -> None:
    """Let go of closed widgets.

    Textual remembers a background for each of the last 1024 widgets, and with it all they drew:
    47 MB after three hours of changing screens. The colours are computed again in microseconds.
    """
    from textual._styles_cache import StylesCache

    StylesCache.get_inner_outer.cache_clear()


def tolerate_bad_bytes() -> None:
    """Replace input bytes that are not UTF-8: Textual decodes strictly and would end on one."""
    from textual.drivers import linux_driver

    strict = codecs.getincrementaldecoder

    def tolerant(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return lambda: strict(encoding)(errors="replace")

    linux_driver.getincrementaldecoder = tolerant  # type: ignore[attr-defined, assignment]


def deliver_late_resize(app: App[Any]) -> None:
    """Tell the screens a new size that is still waiting.

    Textual's timer of 8 ms for it never fires where the process slept through it, and then no
    later size is told either: on a busy machine the console kept the old one for good.
    """
    if app._resize_event is not None:
        app._check_resize()


def driver_of(app: App[Any]) -> Driver | None:
    """What connects the application to its terminal; None before it runs."""
    return app._driver


def replace_output(driver: LinuxDriver, wrap: Callable[[TextIO], Stream]) -> Stream:
    """Have the driver's writer thread write to `wrap` of its stream, which is returned."""
    stream = wrap(driver._file)  # type: ignore[arg-type]
    driver._file = stream  # type: ignore[assignment]
    return stream
