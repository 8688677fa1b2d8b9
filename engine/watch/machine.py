"""This machine and its terminal, as the doctor examines them."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.core.records import Level
from engine.watch.health_item import item
from engine.watch.records import Item


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine under examination; tests substitute their own."""

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
    """Terminal, locale, colours and tmux; the console reports its own, a child has no terminal."""
    yield _terminal(machine)
    utf8 = machine.encoding.replace("-", "").lower() == "utf8"
    level = Level.OK if utf8 else Level.WARN
    yield item("locale", level, machine.encoding, "export LANG=C.UTF-8")
    yield _colours(machine)
    yield _tmux(machine)


def _terminal(machine: Machine) -> Item:
    term = machine.environ.get("TERM", "")
    size = f"{machine.columns}x{machine.lines}"
    if not machine.terminal:
        return Item("terminal", Level.OK, "none: output goes to a pipe or file")
    if term in ("", "dumb"):
        text = f"TERM is {term or 'not set'}: the console cannot draw"
        return Item("terminal", Level.WARN, text, "export TERM=xterm-256color")
    if machine.columns < 80 or machine.lines < 24:
        return Item("terminal", Level.WARN, size, "make the window 80x24 or larger")
    return Item("terminal", Level.OK, f"{term} {size}")


def _colours(machine: Machine) -> Item:
    if machine.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return Item("colours", Level.OK, "24 bit")
    if "256" in machine.environ.get("TERM", ""):
        return Item("colours", Level.OK, "256")
    fix = "export COLORTERM=truecolor, if the terminal has them"
    return Item("colours", Level.OK, "8 or 16", fix)


def _tmux(machine: Machine) -> Item:
    if not machine.environ.get("TMUX"):
        text = "not inside tmux: trainings live on after a logout, the console does not"
        return Item("tmux", Level.OK, text)
    term = machine.environ.get("TERM", "")
    level = Level.OK if term.startswith(("tmux", "screen")) else Level.WARN
    fix = "in ~/.tmux.conf: set -g default-terminal tmux-256color"
    return item("tmux", level, f"inside tmux with TERM={term}", fix)
