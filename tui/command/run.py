"""Does what a line says: shows a screen or a symbol, or runs a command and shows its output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.commands.command import Option
from engine.commands.reading import Invocation, read
from engine.core.errors import UsageError
from engine.core.records import Level
from tui.command.line import KEPT_OUT, CommandScreen, words_of
from tui.command.output import OutputScreen
from tui.dialogs.confirm import Question, confirm
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.look.themes import BY_NAME
from tui.ports import Shell
from tui.screens.tabs import TABS
from tui.widgets.lines import line
from tui.work.messages import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a line asks for: one of these."""

    tab: str = ""
    symbol: str = ""
    theme: str = ""
    leaves: bool = False
    invocation: Invocation | None = None


def meaning(text: str, symbols: Sequence[str]) -> Meaning:
    """What the line asks for; UsageError when it asks for nothing that there is."""
    words = words_of(text)
    if not words:
        raise UsageError("nothing is typed", "type a command, a symbol or the name of a screen")
    tabs = {tab.name for tab in TABS}
    if len(words) == 1:
        if words[0] in tabs:
            return Meaning(tab=words[0])
        if words[0].upper() in symbols:
            return Meaning(symbol=words[0].upper())
        if words[0] in ("q", "quit"):
            return Meaning(leaves=True)
    if words[0] == "theme":
        if len(words) != 2 or words[1] not in BY_NAME:
            raise UsageError(f"no theme {' '.join(words[1:])!r}", " ".join(BY_NAME))
        return Meaning(theme=words[1])
    invocation = read(words)
    if reason := KEPT_OUT.get(invocation.name):
        raise UsageError(f"{invocation.name} does not run in the console", reason)
    if invocation.name == "serve" and not _ends(invocation):
        words_detached = (*invocation.words, "--detach")
        invocation = replace(invocation, words=words_detached)
    return Meaning(invocation=invocation)


def _ends(invocation: Invocation) -> bool:
    """Whether `serve` returns: it does not where it serves in the foreground."""
    return any(invocation.given(flag) for flag in _SERVE_ENDS)


_SERVE_ENDS = ("--make-token", "--detach", "--stop", "--restart", "--help")


def open_command_line(shell: Shell, text: str = "") -> None:
    """Ask for a line, and do what it says."""

    def typed(answer: str | None) -> None:
        if answer:
            shell.command_history.append(answer)
            act(shell, meaning(answer, shell.names))

    shell.push_screen(
        CommandScreen(
            symbols=shell.names, history=shell.command_history, themes=tuple(BY_NAME), text=text
        ),
        typed,
    )


def act(shell: Shell, asked: Meaning) -> None:
    """Show or run what was asked for."""
    if asked.tab:
        shell.go(asked.tab)
    elif asked.symbol:
        shell.show_symbol(asked.symbol)
    elif asked.theme:
        shell.say(shell.apply_theme(asked.theme))
    elif asked.leaves:
        shell.quit()
    elif asked.invocation is not None:
        _fill_in(shell, asked.invocation, lambda whole: _run(shell, whole))


def _fill_in(shell: Shell, invocation: Invocation, run: Callable[[Invocation], None]) -> None:
    """Ask for each required option that is missing, then run it."""
    if not invocation.missing:
        run(invocation)
        return
    option, *later = invocation.missing

    def given(text: str) -> None:
        words = (*invocation.words, option.flag, text)
        _fill_in(shell, replace(invocation, words=words, missing=tuple(later)), run)

    ask_text(shell, PromptScreen(f"{option.flag} {_hint(option)}: "), given)


def _hint(option: Option) -> str:
    return option.help.partition(".")[0][:60].lower()


def _run(shell: Shell, invocation: Invocation) -> None:
    """Run it; one that writes is refused read-only, and asks or shows its plan first."""
    plain = invocation.given("--dry-run") or invocation.given("--help")
    if not invocation.command.writes or plain:
        start(shell, invocation)
    elif shell.read_only:
        hint = "open the console without --read-only"
        shell.say(Notice(f"read-only: {invocation.name} is off", hint, level=Level.WARN))
    elif invocation.command.takes("--dry-run"):
        plan = replace(invocation, words=(*invocation.words, "--dry-run"))
        start(shell, plan, then=confirmed(invocation))
    else:
        question = Question(
            f"Run {invocation.name}?", (line(f"  stockml {' '.join(invocation.argv)}"),), "Run"
        )
        confirm(shell, question, lambda: start(shell, confirmed(invocation)))


def confirmed(invocation: Invocation) -> Invocation:
    """The command with its question answered: nobody can answer a child process."""
    if not invocation.command.asks or invocation.given("--yes"):
        return invocation
    return replace(invocation, words=(*invocation.words, "--yes"))


def start(shell: Shell, invocation: Invocation, then: Invocation | None = None) -> None:
    """Start the command and show its output; `then` is what enter runs behind a plan."""
    follow = None if then is None else lambda: start(shell, then)
    screen = OutputScreen(
        invocation.argv,
        reads_bars=invocation.command.reads_bars,
        plan_of="" if then is None else then.name,
        follow=follow,
    )
    shell.push_screen(screen)
