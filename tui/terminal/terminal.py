"""What the terminal can show, how to restore it and what to do if it is lost; no Textual here."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from tui.look.themes import BY_NAME
from tui.terminal.textual_private import PACES

HANGUP = 128 + signal.SIGHUP
TERMINATED = 128 + signal.SIGTERM
# Textual's shutdown waits for a writer thread that a stalled terminal never frees: this long.
SHUTDOWN_S = 1.5
WATCH_S = 1.0
# Leave paste, focus and mouse modes, kitty keys and the alternate screen; wrap; show the cursor.
_LEAVE = (
    b"\x1b[?2004l\x1b[?1004l\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l"
    b"\x1b[<u\x1b[?7h\x1b[0m\x1b[2J\x1b[H\x1b[?1049l\x1b[?25h\x1b[0m\r\n"
)


def unusable_reason(environ: Mapping[str, str]) -> str:
    """Why no console can be opened here; empty when one can."""
    if environ.get("TERM", "").lower() in ("", "dumb", "unknown"):
        return f"TERM={environ.get('TERM', '')!r} cannot show a console"
    for name, stream in (
        ("input", sys.__stdin__),
        ("output", sys.__stdout__),
        ("error output", sys.__stderr__),
    ):
        if stream is None or not stream.isatty():
            return f"the console needs a terminal, and its {name} is none"
    return ""


def resolve_link(asked: str, setting: str) -> str:
    """`fast`, `slow`, or `auto`, which is measured: as asked, else as set."""
    return setting if asked == "auto" else asked


def mouse_works(environ: Mapping[str, str]) -> bool:
    """Whether keys come as ever beside the mouse: GNU screen withholds `esc` until the next key."""
    return not environ.get("STY")


def few_colours(environ: Mapping[str, str]) -> bool:
    """Whether the terminal has fewer than 256 colours, or the user wants none."""
    if environ.get("NO_COLOR") is not None:
        return True
    deep = environ.get("COLORTERM", "") in ("truecolor", "24bit") or "256color" in environ.get(
        "TERM", ""
    )
    return not deep


def ascii_only(environ: Mapping[str, str]) -> bool:
    """Whether the locale is not UTF-8; LC_CTYPE=C.UTF-8 may be Python's own, from a bare C."""
    coerced = environ.get("LC_CTYPE") == "C.UTF-8" and environ.get("LANG", "") in ("C", "POSIX")
    chosen = (
        environ.get("LC_ALL")
        or ("" if coerced else environ.get("LC_CTYPE"))
        or environ.get("LANG")
        or ""
    )
    return "utf" not in chosen.lower()


def light_background(environ: Mapping[str, str]) -> bool:
    """Whether the terminal says that its background is light (COLORFGBG ends in 7 or 15)."""
    return environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")


def theme_for(setting: str, link: str, environ: Mapping[str, str]) -> str:
    """The theme's name: as set, or the terminal's own colours if few or `auto` on a slow line."""
    if environ.get("NO_COLOR") is not None:
        return "no-colour"
    chosen = BY_NAME.get(setting)
    light = not chosen.dark if chosen else light_background(environ)
    if chosen and (chosen.ansi or not few_colours(environ)):
        return chosen.name
    if few_colours(environ) or link == "slow":
        return "16-colours-light" if light else "16-colours"
    return "light" if light else "dark"


def prepare_environment(link: str, environ: MutableMapping[str, str]) -> None:
    """Set the variables that Textual reads at import; the user's values win but for the theme."""
    frames, delay_ms = PACES["slow" if link == "slow" else "fast"]
    defaults = {
        "TEXTUAL_FPS": str(frames),
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
        "ESCDELAY": str(delay_ms),
    }
    for name, value in defaults.items():
        environ.setdefault(name, value)
    # Until ours is registered; a name that Textual does not know would end it.
    environ["TEXTUAL_THEME"] = "textual-dark"
    # `eval $(resize)` or `docker exec -e` exports them: the size would never follow the terminal.
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)


def give_size(fd: int) -> None:
    """Set 80x24 on a terminal without a size (serial, `script`), where Textual draws nothing."""
    with suppress(termios.error):
        lines, columns = termios.tcgetwinsize(fd)
        if not lines or not columns:
            termios.tcsetwinsize(fd, (lines or 24, columns or 80))


def mend_modes(fd: int) -> None:
    """Give a terminal that a killed console left raw the modes of a shell again."""
    with suppress(termios.error):
        modes = termios.tcgetattr(fd)
        if modes[3] & (termios.ICANON | termios.ECHO):
            return
        modes[0] |= termios.ICRNL | termios.IXON
        modes[1] |= termios.OPOST | termios.ONLCR
        modes[3] |= termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN
        termios.tcsetattr(fd, termios.TCSANOW, modes)


class Terminal:
    """The terminal with its original modes, and the ways to give it back."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._original: list[Any] = termios.tcgetattr(fd)
        self._ended = threading.Event()

    def guard(self, leave: Callable[[], None], save: Callable[[], None]) -> None:
        """Leave in order on SIGTERM; save and exit at once on SIGHUP or a lost terminal."""

        def terminated(_signal: int, _frame: object) -> None:
            threading.Thread(target=self._force, name="forced-exit", daemon=True).start()
            leave()

        def hung_up(*_: object) -> None:
            with suppress(Exception):
                save()
            # An orderly exit would wait for ever for Textual's writer thread.
            os._exit(HANGUP)

        # Not the loop's handlers: these must run while the loop waits for a terminal that hangs.
        signal.signal(signal.SIGTERM, terminated)
        signal.signal(signal.SIGHUP, hung_up)
        threading.Thread(
            target=self._watch, args=(hung_up,), name="terminal-watch", daemon=True
        ).start()

    def ended(self) -> None:
        """Stop watching: the application restored the terminal itself."""
        self._ended.set()

    def _watch(self, lost: Callable[[], None]) -> None:
        """A terminal closed without a SIGHUP (nohup) leaves an input thread spinning."""
        while not self._ended.wait(WATCH_S):
            try:
                termios.tcgetattr(self._fd)
            except termios.error:
                lost()

    def _force(self) -> None:
        if not self._ended.wait(SHUTDOWN_S):
            self.restore()
            os._exit(TERMINATED)

    def restore(self) -> None:
        """Give the terminal back without waiting for it to read."""
        with suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSANOW, self._original)
        with suppress(OSError):
            os.set_blocking(self._fd, False)
            os.write(self._fd, _LEAVE)
        with suppress(OSError):
            os.set_blocking(self._fd, True)
