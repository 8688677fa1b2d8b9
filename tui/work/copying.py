"""Copying a text: to the terminal, and to a file of the home."""

from __future__ import annotations

import os
from collections.abc import Callable

from tui.ports import Shell
from tui.terminal import clipboard
from tui.work.messages import Notice


def copy_text(shell: Shell, text: str, write: Callable[[str], None] | None) -> None:
    """Ask the terminal to take `text` by `write`; a read-only console keeps no file of it."""
    text = clipboard.tidy(text)
    if not text.strip():
        shell.say(Notice("there is nothing to copy here"))
        return
    sequence = clipboard.sequence(text, os.environ)
    if sequence and write is not None:
        write(sequence)
    home = shell.engine.home

    def keep() -> str:
        return "" if shell.read_only else clipboard.keep(home, text)

    def kept(problem: str) -> None:
        file = "" if shell.read_only else str(home.copied.relative_to(home.root))
        shell.say(clipboard.copied_notice(text, file, problem, asked=bool(sequence)))

    shell.ask("copy", keep, kept)
