"""Opening the console from a command."""

from __future__ import annotations

import sys
from contextlib import suppress

from engine.cli.build import load_target
from engine.cli.session import Session, on_terminal
from engine.core.errors import ConfigError, UsageError

CONSOLE = "tui.launch:run"
"""`run(home, source, read_only, link) -> exit code`; a name, as commands work without it."""


def has_terminal() -> bool:
    """Whether stdin and stdout are a terminal that can show the console."""
    return on_terminal(sys.stdout) and sys.stdin.isatty()


def open_console(session: Session, read_only: bool = False, link: str | None = None) -> int:
    """Run the console on this terminal; UsageError where there is none."""
    if not has_terminal():
        raise UsageError(
            "the console needs a terminal that can move the cursor",
            "`stockml dashboard` prints the same as plain text; `stockml --help` lists the"
            " commands",
        )
    # ml_config.json is written before the screen is taken; wrong settings are mended there.
    session.unchecked_engine  # noqa: B018
    with suppress(ConfigError):
        session.engine  # noqa: B018
    return int(load_target(CONSOLE)(session.home, session.source, read_only, link or "auto"))
