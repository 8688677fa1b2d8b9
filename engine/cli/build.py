"""The click commands, built from the table; what a command runs is imported when it is invoked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from engine.cli.session import session_of
from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.core.errors import UsageError
from engine.core.text import clean

_SYMBOL_ARGUMENTS = frozenset({"symbol", "symbols"})
Callback = Callable[[click.Context, click.Parameter, Any], Any]


def load_target(target: str) -> Any:
    """Import the object that `module:name` refers to."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


class VerbGroup(click.Group):
    """A group of commands; a mistyped name gets the nearest one as a hint."""

    def __init__(self, rows: Sequence[Command | CommandGroup], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.rows = {row.name: row for row in rows}

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self.rows)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        return build(self.rows[name]) if name in self.rows else None

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.rows:
            raise unknown_command(context, args[0], list(self.rows))
        return super().resolve_command(context, args)


def unknown_command(context: click.Context, word: str, names: list[str]) -> click.UsageError:
    """The error for a verb that does not exist, with the nearest one."""
    from difflib import get_close_matches

    near = get_close_matches(word, names, n=1)
    suggestion = f"; did you mean {near[0]}?" if near else ""
    return click.UsageError(f"no command {word!r}{suggestion}", context)


def build(row: Command | CommandGroup) -> click.Command:
    """The click command of one row of the table."""
    options = [build_option(option) for option in row.options]
    if isinstance(row, CommandGroup):
        return VerbGroup(row.verbs, name=row.name, help=row.help, params=options)
    arguments = [_argument(argument) for argument in row.arguments]
    return click.Command(
        row.name,
        callback=_runner(row.target),
        params=[*arguments, *options],
        help=row.help,
        context_settings={"ignore_unknown_options": row.dashes_are_values},
    )


def _runner(target: str) -> Callable[..., int]:
    def run(**parameters: Any) -> int:
        session = session_of(click.get_current_context())
        return int(load_target(target)(session, **parameters))

    return run


def _argument(argument: Argument) -> click.Argument:
    # An explicit default of None is a default to click, so that nothing would be missing.
    attributes = {} if argument.default is None else {"default": argument.default}
    return click.Argument(
        [argument.name],
        required=argument.required,
        nargs=-1 if argument.multiple else 1,
        metavar=argument.metavar,
        shell_complete=_complete_symbol if argument.name in _SYMBOL_ARGUMENTS else None,
        **attributes,
    )


def _complete_symbol(context: click.Context, parameter: click.Parameter, typed: str) -> list[Any]:
    from engine.cli.completion import complete_symbol

    return list(complete_symbol(context, parameter, typed))


def build_option(option: Option) -> click.Option:
    """The click option of one option of the table."""
    attributes: dict[str, Any] = {"help": option.help, "expose_value": not option.shared}
    if option.type is ValueType.FLAG:
        attributes["is_flag"] = True
        if option.flag_value is not None:
            attributes["flag_value"] = option.flag_value
    else:
        attributes |= {"type": _type(option), "metavar": option.metavar}
        attributes |= {"required": option.required, "multiple": option.multiple}
        attributes |= {"nargs": option.words}
    if option.default is not None:
        attributes |= {"default": option.default, "show_default": True}
    if option.shared:
        attributes |= {"default": None, "callback": _stored(option.parameter)}
    elif option.type in _READERS:
        attributes["callback"] = _READERS[option.type]
    return click.Option([option.flag, option.parameter], **attributes)


def _type(option: Option) -> click.ParamType[Any]:
    if option.choices:
        return click.Choice(option.choices)
    if option.limits is not None:
        return click.IntRange(*option.limits)
    return click.Path(path_type=Path) if option.type is ValueType.PATH else click.STRING


def _stored(attribute: str) -> Callback:
    """Store the value in the session, if one was given."""

    def store(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        session = session_of(context)
        if value is not None:
            setattr(session, attribute, value)

    return store


def _date(_context: click.Context, parameter: click.Parameter, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{parameter.opts[0]} {text[:40]!r} is not a date", "write it as 2024-09-03"
        ) from error


def _members(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...] | None:
    from engine.core.members import MEMBERS

    names = tuple(dict.fromkeys(name for text in texts for name in text.replace(",", " ").split()))
    for name in names:
        if name not in MEMBERS:
            raise UsageError(f"unknown member {clean(name, 40)!r}", f"members: {' '.join(MEMBERS)}")
    return names or None


_READERS: dict[ValueType, Callback] = {ValueType.DATE: _date, ValueType.MEMBERS: _members}
