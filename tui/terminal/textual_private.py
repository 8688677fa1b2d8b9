"""The only module that uses private parts of Textual; tests fail when Textual changes them.

The functions import Textual themselves: it reads the environment when it is imported.
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


def deliver_late_resize(app: App[Any]) -> None:
    """Deliver a pending resize: Textual's 8 ms timer, once slept through, never fires again."""
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
