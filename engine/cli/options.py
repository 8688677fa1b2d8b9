"""Options that many commands share.

Each is stored in the session, so that it works before and after the verb.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click

from engine.cli.session import Session, session_of

Function = Callable[..., Any]


def _stored(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def store(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        session = session_of(context)
        if value is not None:
            setattr(session, name, value)

    return store


def home_option(function: Function) -> Function:
    """`--home DIR`."""
    return click.option(
        "--home",
        metavar="DIR",
        expose_value=False,
        callback=_stored("home_text"),
        help=(
            "Home folder; created when absent. Default: STOCKML_HOME, else the nearest folder"
            " upwards with stockml.toml."
        ),
    )(function)


def source_option(function: Function) -> Function:
    """`--source NAME`."""
    return click.option(
        "--source",
        metavar="yahoo|csv:DIR|simulated",
        expose_value=False,
        callback=_stored("source"),
        help="Where bars come from. Default: stockml.toml.",
    )(function)


def json_option(function: Function) -> Function:
    """`--json`."""
    return click.option(
        "--json",
        is_flag=True,
        default=None,
        expose_value=False,
        callback=_stored("json"),
        help="One JSON document on stdout, narration on stderr.",
    )(function)


def takes_session(function: Callable[..., int]) -> Function:
    """Hand the session to a command as its first argument."""

    def call(*args: Any, **values: Any) -> int:
        session: Session = session_of(click.get_current_context())
        return int(function(session, *args, **values))

    return update_wrapper(call, function)


class Group(click.Group):
    """A group of verbs that takes `--home` and names the nearest verb on a mistake."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            raise unknown_command(context, args[0], self.list_commands(context))
        return super().resolve_command(context, args)


def unknown_command(context: click.Context, word: str, known: list[str]) -> click.UsageError:
    """The error for a verb that does not exist, with the nearest one."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return click.UsageError(
        f"no command {word!r}{f'; did you mean {near[0]}?' if near else ''}", context
    )
