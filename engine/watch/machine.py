"""This machine and its terminal as the doctor looks at them."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.records import Level
from engine.watch.records import Item

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Machine:
    """What the doctor looks at; a test hands in another one."""

    environ: Mapping[str, str]
    terminal: bool
    columns: int
    lines: int
    encoding: str
    logind: Path = Path("/etc/systemd/logind.conf")
    linger: Path = Path("/var/lib/systemd/linger")
    user: str = ""

    @classmethod
    def here(cls) -> Machine:
        import getpass

        size = shutil.get_terminal_size()
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            user = ""
        return cls(
            os.environ,
            sys.stdout.isatty(),
            size.columns,
            size.lines,
            locale.getpreferredencoding(),
            user=user,
        )


def terminal_items(machine: Machine) -> Iterator[Item]:
    """Terminal, locale, colours and tmux;
    the console tells its own, for a child of it has no terminal."""
    term = machine.environ.get("TERM", "")
    if not machine.terminal:
        yield Item("terminal", Level.OK, "none: output goes to a pipe or file")
    elif term in ("", "dumb"):
        yield Item(
            "terminal",
            Level.WARN,
            f"TERM is {term or 'not set'}: the console cannot draw",
            "export TERM=xterm-256color",
        )
    elif machine.columns < 80 or machine.lines < 24:
        yield Item(
            "terminal",
            Level.WARN,
            f"{machine.columns}x{machine.lines}",
            "make the window 80x24 or larger",
        )
    else:
        yield Item("terminal", Level.OK, f"{term} {machine.columns}x{machine.lines}")
    utf8 = machine.encoding.replace("-", "").lower() == "utf8"
    yield Item(
        "locale",
        Level.OK if utf8 else Level.WARN,
        machine.encoding,
        "" if utf8 else "export LANG=C.UTF-8",
    )
    rich = machine.environ.get("COLORTERM") in ("truecolor", "24bit")
    few = not rich and "256" not in term
    colours = "24 bit" if rich else "256"
    if few:
        colours = "8 or 16"
    yield Item(
        "colours",
        Level.OK,
        colours,
        "export COLORTERM=truecolor, if the terminal has them" if few else "",
    )
    if machine.environ.get("TMUX"):
        good = term.startswith(("tmux", "screen"))
        fix = "" if good else "in ~/.tmux.conf: set -g default-terminal tmux-256color"
        yield Item("tmux", Level.OK if good else Level.WARN, f"inside tmux with TERM={term}", fix)
    else:
        yield Item(
            "tmux",
            Level.OK,
            "not inside tmux: trainings live on after a logout, the console does not",
        )
