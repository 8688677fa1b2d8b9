"""Records of the command table: arguments, options and target of each command."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ValueType(Enum):
    """The type of an option's value."""

    TEXT = "text"
    INTEGER = "integer"
    PATH = "path"
    DATE = "date"
    MEMBERS = "members"
    """Names of ensemble members, separated by commas."""
    FLAG = "flag"
    """A flag without a value."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument."""

    name: str
    """The parameter of the target."""
    required: bool = True
    multiple: bool = False
    """Takes any number of words, at least one if required."""
    metavar: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """An option, starting with two dashes."""

    flag: str
    help: str
    type: ValueType = ValueType.FLAG
    metavar: str | None = None
    name: str = ""
    """The parameter of the target; derived from the flag if not given."""
    choices: tuple[str, ...] = ()
    limits: tuple[int, int] | None = None
    """The smallest and largest allowed integer."""
    default: int | None = None
    required: bool = False
    multiple: bool = False
    """May be repeated."""
    flag_value: str | None = None
    """The value a flag sets, if several flags share a parameter."""
    words: int = 1
    """How many words it takes."""
    shared: bool = False
    """A session option, allowed before and after the verb."""

    @property
    def parameter(self) -> str:
        """The target parameter or session attribute it sets."""
        return self.name or self.flag.removeprefix("--").replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, or one verb of a group."""

    name: str
    summary: str
    """Its line in the list of commands."""
    target: str
    """`module:function`, called with the session and the parameters."""
    verb: str = ""
    """The facade verb it calls, such as `runs.start`; empty if there is none."""
    details: str = ""
    """The text of its own help; the summary if empty."""
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    writes: bool = False
    """Whether it changes models, runs, backups, the schedule or the settings."""
    dashes_are_values: bool = False
    """Whether an unknown word with a leading dash is an argument, such as a negative number."""

    @property
    def help(self) -> str:
        """The text of the command's `--help`."""
        return self.details or self.summary

    def takes(self, flag: str) -> bool:
        """Whether `flag` is one of its options."""
        return any(option.flag == flag for option in self.options)

    @property
    def reads_bars(self) -> bool:
        """Whether it depends on the source of bars."""
        return self.takes("--source")

    @property
    def prints_json(self) -> bool:
        """Whether it can answer with one JSON document."""
        return self.takes("--json")

    @property
    def asks(self) -> bool:
        """Whether it asks before it changes something."""
        return self.takes("--yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGroup:
    """A command with subcommands, such as `runs list`."""

    name: str
    summary: str
    verbs: tuple[Command, ...]
    """In alphabetical order, as in the help."""
    details: str = ""
    options: tuple[Option, ...] = ()

    @property
    def help(self) -> str:
        """The text of the group's `--help`."""
        return self.details or self.summary
