"""What every pane is: lines made of the snapshot, drawn again when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.reactive import var

from engine.core.snapshot import Snapshot
from tui.look.glyphs import ASCII, UNICODE, Glyphs
from tui.widgets.lines import Line, Lines

if TYPE_CHECKING:
    from tui.ports import Shell


class Pane(Lines):
    """A view of a snapshot; a subclass supplies its lines."""

    TITLE: ClassVar[str] = ""
    HELP: ClassVar[str] = ""

    snapshot: var[Snapshot | None] = var(None)
    """What was read last; None until the first time."""
    failure: var[str] = var("")
    """Why the last look failed; empty when it did not."""

    @property
    def shell(self) -> Shell:
        """The application."""
        return cast("Shell", self.app)

    @property
    def glyphs(self) -> Glyphs:
        return ASCII if self.shell.ascii_only else UNICODE

    def lines(self) -> Iterable[Line]:
        """The pane's content for its size and what it knows now."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw what changed; a pane without room draws nothing."""
        if self.is_mounted and self.size.height and self.size.width:
            self.show(self.lines())

    def watch_snapshot(self) -> None:
        self.redraw()

    def watch_failure(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()
