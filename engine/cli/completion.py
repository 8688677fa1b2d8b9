"""`stockml completion`: what a shell sources, and the symbols that it then offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from engine.core.errors import ExitCode, StockmlError, UsageError
from engine.core.text import clean

if TYPE_CHECKING:
    from engine.cli.session import Session

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_STOCKML_COMPLETE"
"""Set by the script when the shell asks for completions."""


def completion(session: Session, shell: str) -> int:
    """Print the completion script of `shell`."""
    script = get_completion_class(shell) if shell in SHELLS else None
    if script is None:
        raise UsageError(f"no completion for {clean(shell, 40)!r}", f"one of {' '.join(SHELLS)}")
    root = click.get_current_context().find_root().command
    session.facts([script(root, {}, "stockml", VARIABLE).source()])
    return ExitCode.DONE


def complete_symbol(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """The configured symbols that begin with `typed`; none where the settings cannot be read."""
    from engine.cli.session import session_of

    try:
        names = session_of(context).unchecked_engine.settings.current.names
    except StockmlError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(typed.upper())]
