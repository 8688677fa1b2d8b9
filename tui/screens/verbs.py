"""Verbs: objects that do some of the actions of a screen, for what is chosen on it."""

from __future__ import annotations

from typing import Protocol

from tui.ports import Shell


class Selection(Protocol):
    """What is chosen on a screen."""

    @property
    def is_active(self) -> bool:
        """Whether the operator looks at it, with nothing above."""

    def current_symbol(self) -> str:
        """The symbol under the cursor; empty without one."""

    def marked_symbols(self) -> tuple[str, ...]:
        """The marked symbols, in the order of the screen."""

    def clear_marks(self) -> None:
        """A verb has begun for the marked symbols."""


class Verbs:
    """The `do_…` methods of a subclass are handlers of actions, as those of a screen are."""

    def __init__(self, shell: Shell, selection: Selection) -> None:
        self.shell = shell
        self.selection = selection

    def chosen_symbols(self) -> tuple[str, ...]:
        """The marked symbols, else the current one."""
        current = self.selection.current_symbol()
        return self.selection.marked_symbols() or ((current,) if current else ())
