"""The records of the table: what a command line may hold, and what it calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ValueType(Enum):
    """What the word after an option is read as."""

    TEXT = "text"
    INTEGER = "integer"
    PATH = "path"
    DATE = "date"
    MEMBERS = "members"
    """Names of ensemble members, separated by commas."""
    FLAG = "flag"
    """No word at all: the option is there or not."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that is told from the others by its place."""

    name: str
    """The parameter of the target."""
    required: bool = True
    multiple: bool = False
    """Any number of words; a required one needs at least one."""
    metavar: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """A word that begins with two dashes."""

    flag: str
    help: str
    type: ValueType = ValueType.FLAG
    metavar: str | None = None
    name: str = ""
    """The parameter of the target; made of the flag where it is not given."""
    choices: tuple[str, ...] = ()
    limits: tuple[int, int] | None = None
    """The smallest and the largest integer."""
    default: int | None = None
    required: bool = False
    multiple: bool = False
    """May be given again and again."""
    flag_value: str | None = None
    """What a flag sets the parameter to, where several flags set the same one."""
    shared: bool = False
    """Belongs to the session, not to the target: it works before and after the verb."""

    @property
    def parameter(self) -> str:
        """The name of the parameter, or of the session's attribute, that it sets."""
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
    """The verb of the engine's facade behind it, as `runs.start`; empty where there is not one."""
    details: str = ""
    """What its own help says; the summary where it is empty."""
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    writes: bool = False
    """It changes models, runs, backups, the schedule or the settings."""
    dashes_are_values: bool = False
    """A word with a leading dash that is no option is an argument: a negative number."""

    @property
    def help(self) -> str:
        """What `--help` of the command says."""
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
    """A name with verbs below it, as `runs list`."""

    name: str
    summary: str
    verbs: tuple[Command, ...]
    """In the order of the alphabet, as the help lists them."""
    details: str = ""
    options: tuple[Option, ...] = ()

    @property
    def help(self) -> str:
        """What `--help` of the group says."""
        return self.details or self.summary
