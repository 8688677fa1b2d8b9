"""The confirmation: lists exactly what an action touches; its harmless button is chosen first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.reactive import var
from textual.screen import ModalScreen

from tui.keys.labels import key
from tui.keys.table import bindings
from tui.ports import Shell
from tui.screens.base import ActingScreen
from tui.widgets.lines import Line, Lines, line, plain, wrapped
from tui.widgets.scroll import ScrollLines
from tui.widgets.targets import Part, TargetLines


@dataclass(frozen=True, slots=True)
class Question:
    """The question, what it affects, and its button labels; without `yes` it has one button."""

    title: str
    lines: tuple[Line, ...]
    yes: str
    no: str = "Cancel"


def answers(question: Question) -> str:
    """The keys that answer."""
    yes, no = key("confirm_yes"), key("confirm_no")
    return f"{yes} = yes, {no} = no" if question.yes else f"{no} closes"


def buttons_line(question: Question, on_yes: bool, hint: str) -> Line:
    """Both buttons, the chosen one in brackets, and what else can be pressed."""
    if not question.yes:
        return ((f"[{question.no}]", "cursor"), (f"   {hint}", "dim"))
    no = f" {question.no} " if on_yes else f"[{question.no}]"
    yes = f"[{question.yes}]" if on_yes else f" {question.yes} "
    return (
        (no, "" if on_yes else "cursor"),
        ("   ", ""),
        (yes, "cursor" if on_yes else ""),
        (f"   {hint}", "dim"),
    )


def clickable(question: Question, buttons: Line) -> tuple[Part, ...]:
    """The buttons as parts that answer when they are clicked."""
    answers = {question.no: "act:confirm_no", question.yes: "act:confirm_yes"}
    return tuple(Part(span, answers.get(span[0].strip(" []"), "")) for span in buttons)


def confirm(shell: Shell, question: Question, act: Callable[[], object]) -> None:
    """Ask, and call `act` on a yes."""

    def answered(yes: bool | None) -> None:
        if yes:
            act()

    shell.push_screen(ConfirmScreen(question), answered)


def confirm_leaving(
    shell: Shell, changes: Mapping[str, Sequence[str]], leave: Callable[[], object]
) -> None:
    """Ask before the unwritten `changes` of the screens are discarded; call `leave` on a yes."""
    listed = tuple(line(f"  {name}: {', '.join(changed)}") for name, changed in changes.items())
    question = Question("Leave without writing your changes?", listed, "Leave, forget them", "Stay")
    confirm(shell, question, leave)


class ConfirmScreen(ActingScreen[bool], ModalScreen[bool]):
    """Two deliberate keys before anything is replaced: the action's own, then `y` or a button."""

    GROUP = "confirm"
    TYPED_AHEAD = False
    BINDINGS: ClassVar[list[BindingType]] = bindings("confirm")

    on_yes: var[bool] = var(False, init=False)

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._asked: tuple[Line, ...] = ()
        self._touched: tuple[Line, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Lines(id="asked")
            yield ScrollLines(id="touched")
            yield TargetLines(id="buttons")
        yield from self.compose_footer()

    def on_mount(self) -> None:
        self.set_class(self.shell.ascii_only, "-ascii")
        self._place()

    def on_resize(self) -> None:
        self._place()
        self.call_after_refresh(self._draw)

    def _place(self) -> None:
        """Fit the dialog to its text within the terminal; long lines are wrapped, never cut."""
        width, height = self.app.size
        texts = [
            self.question.title,
            *(plain(spans) for spans in self.question.lines),
            plain(buttons_line(self.question, True, answers(self.question))),
        ]
        dialog = self.query_one("#dialog")
        outer = max(1, min(width, max(len(text) for text in texts) + 4))
        room = height - 1
        frame = 2 if room >= 7 else 0
        inner = outer - 4 if frame else outer
        self._asked = wrapped(line(self.question.title, "head"), inner)
        self._touched = tuple(
            piece for spans in self.question.lines for piece in wrapped(spans, inner)
        )
        dialog.set_class(not frame, "-bare")
        listed = max(0, min(len(self._touched), room - frame - 1 - len(self._asked)))
        dialog.styles.width = outer
        dialog.styles.height = listed + 1 + len(self._asked) + frame
        self.query_one("#asked").styles.height = len(self._asked)
        touched = self.query_one("#touched")
        touched.styles.height = listed
        touched.display = listed > 0

    def _draw(self) -> None:
        touched = self.query_one("#touched", ScrollLines)
        self.query_one("#asked", Lines).show(self._asked)
        touched.fill(self._touched)
        below = len(self._touched) - touched.top - touched.size.height
        hint = f"{below} more lines: {key('confirm_down')}" if below > 0 else answers(self.question)
        buttons = buttons_line(self.question, self.on_yes, hint)
        if below > 0 and len(plain(buttons)) > touched.size.width:
            buttons = buttons_line(self.question, self.on_yes, f"+{below}: {key('confirm_down')}")
        self.query_one("#buttons", TargetLines).show_parts(clickable(self.question, buttons))
        self.draw_footer()

    @on(ScrollLines.Moved)
    def _wheeled(self) -> None:
        self._draw()

    def watch_on_yes(self) -> None:
        self._draw()

    def do_no(self) -> None:
        self.dismiss(False)

    def do_yes(self) -> None:
        self.dismiss(bool(self.question.yes))

    def do_switch(self) -> None:
        self.on_yes = bool(self.question.yes) and not self.on_yes

    def do_choose(self) -> None:
        self.dismiss(self.on_yes)

    def do_down(self) -> None:
        self.query_one(ScrollLines).move(1)
        self._draw()

    def do_up(self) -> None:
        self.query_one(ScrollLines).move(-1)
        self._draw()
