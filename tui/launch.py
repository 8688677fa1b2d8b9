"""Opens the console: sets the terminal up before Textual is imported, and reports after exit."""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from engine.core import audit
from engine.core.clock import iso
from engine.core.errors import ExitCode, UsageError
from engine.core.files import append_line
from engine.core.paths import Home
from tui.terminal import terminal
from tui.terminal.textual_private import (
    send_changed_cells,
    separate_escape,
    tolerate_bad_bytes,
)

if TYPE_CHECKING:
    from tui.app import StockmlApp
    from tui.ports import EnginePort


def run(home: Home, source: str | None, read_only: bool, link: str) -> int:
    """Open the console on `home`, with bars from `source` if given, and return the exit code.

    Settings that cannot be used are shown first, to be mended. Raises UsageError without a
    usable terminal.
    """
    if problem := terminal.unusable_reason(os.environ):
        raise UsageError(
            problem, "use the commands: stockml status, stockml train-all, stockml --help"
        )
    from engine.api import Engine

    engine = Engine(home, source=source)
    link = terminal.resolve_link(link, engine.settings.usable.console.link)
    terminal.prepare_environment(link, os.environ)
    first_tab = "settings" if engine.settings.problems() else ""
    return open_console(engine, read_only, link, first_tab)


def open_console(engine: EnginePort, read_only: bool, link: str, first_tab: str = "") -> int:
    """Show the console until the operator leaves; the environment must be set for `link`.

    `link` is fast, slow, or auto, which is measured.
    """
    tolerate_bad_bytes()
    separate_escape()
    send_changed_cells()
    terminal.give_size(sys.stdin.fileno())
    terminal.mend_modes(sys.stdin.fileno())
    app = _application(engine, read_only, link, first_tab)
    os.environ[audit.ORIGIN] = (
        audit.CONSOLE
    )  # for the record, and for the children that act on our behalf
    audit.report_unrecorded = app.complain
    held = terminal.Terminal(sys.stdin.fileno())

    def leave() -> None:
        if app.event_loop is not None:
            code = terminal.TERMINATED
            # At once: an answer of the terminal on its way is waited for on `q` alone.
            app.event_loop.call_soon_threadsafe(partial(app.exit, code, return_code=code))

    def save() -> None:
        append_line(engine.home.logs / "console.log", f"{iso(app.wall.now())} action=hangup")
        app.last_seen.left()

    held.guard(leave, save)
    # What is loaded now stays: the collector need not look at it when a screen is closed.
    gc.freeze()
    app.run(mouse=app.mouse_on)
    held.ended()
    app.last_seen.left()
    sys.stdout.write(app.last_words())
    sys.stdout.flush()
    return app.return_code or int(ExitCode.DONE)


def _application(engine: EnginePort, read_only: bool, link: str, first_tab: str) -> StockmlApp:
    """The application for this terminal."""
    from tui.app import StockmlApp
    from tui.terminal.line_speed import LineSpeed

    line = LineSpeed(link)
    return StockmlApp(
        engine,
        read_only=read_only,
        ascii_only=terminal.ascii_only(os.environ),
        theme_for=lambda setting: terminal.theme_for(setting, line.link, os.environ),
        few_colours=terminal.few_colours(os.environ),
        line=line,
        mouse=terminal.mouse_works(os.environ),
        tab=first_tab,
    )
