"""What one action is, and how the tables of actions write it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a key does."""

    id: str
    group: str
    """The screens whose action it is."""
    keys: tuple[str, ...]
    """Its default keys; an action without keys is in the palette only."""
    name: str
    """One or two words for the footer."""
    description: str
    handler: str
    """The method of the screen, or of one of its verbs, that does it."""
    argument: str = ""
    """What the handler is given, where one serves several actions."""
    writes: bool = False
    """It changes something outside the console: a read-only console refuses it."""
    footer: int = 0
    """Place in the footer, 1 first; 0 keeps it out."""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action as a table writes it, with its keys in one text, the main one first."""

    stem: str
    """Its id on the dashboard; the id of another screen begins with the name of its group."""
    keys: str
    name: str
    description: str
    _: KW_ONLY
    does: str = ""
    """The handler without `do_`; the stem where it is not given."""
    argument: str = ""
    writes: bool = False
    footer: int = 0


def actions_of(group: str, rows: Iterable[ActionRow]) -> tuple[Action, ...]:
    """The actions of one group of screens."""
    head = "" if group == "main" else f"{group}_"
    return tuple(
        Action(
            id=f"{head}{row.stem}",
            group=group,
            keys=tuple(row.keys.split()),
            name=row.name,
            description=row.description,
            handler=f"do_{row.does or row.stem}",
            argument=row.argument,
            writes=row.writes,
            footer=row.footer,
        )
        for row in rows
    )
