"""The settings one by one: what each means, what it takes, what stands in the file, in the
defaults, in the environment.

sheet = read_sheet(home, os.environ)     what the file says, or every problem, with its line
sheet.with_changes({path: value, …})     what would be wrong once written; writes nothing
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from engine.core.errors import ConfigError
from engine.core.paths import Home
from engine.core.text import clean
from engine.settings import load as config
from engine.settings.check import SettingsProblem
from engine.settings.document import line_of, split_key, toml_text, value_at
from engine.settings.home import default_settings
from engine.settings.keys import KeyPath, choices_of, default_tree, type_of
from engine.settings.load import VARIABLES
from engine.settings.schema import PATTERN_WORDS, Settings

# A unit is the first of these words in a key's explanation.
_UNITS = {
    "percent": "%",
    "percentage": "%",
    "seconds": "s",
    "minutes": "min",
    "hours": "h",
    "days": "days",
    "years": "years",
    "sessions": "sessions",
    "epochs": "epochs",
    "sigma": "sigma",
    "mb": "MB",
    "megabytes": "MB",
}
_UNIT = re.compile(rf"\b(?:{'|'.join(_UNITS)})\b", re.IGNORECASE)
_KEY_LINE = re.compile(r"([a-z_]+) = ")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the settings."""

    path: KeyPath
    value: object
    """What is in effect here."""
    given: object
    """What stands in the file; None when it does not stand there."""
    default: object
    """The packaged value; None for a key that has none."""
    meaning: str
    takes: str
    """What may stand there, in words."""
    choices: tuple[str, ...] = ()
    """Every value, as it is typed, where there are few."""
    unit: str = ""
    variable: str = ""
    """The environment variable that overrides the file here, when it is set."""

    @property
    def key(self) -> str:
        return ".".join(self.path)

    @property
    def in_file(self) -> object:
        """What the file makes of it: its own value, else the default."""
        return self.default if self.given is None else self.given

    @property
    def changed(self) -> bool:
        """The file says something else than the default."""
        return self.given is not None and self.given != self.default


@dataclass(frozen=True, slots=True)
class Sheet:
    """The settings as they stand; with problems there are none, and nothing may be changed."""

    file: str
    settings: tuple[Setting, ...] = ()
    problems: tuple[str, ...] = ()
    tree: Mapping[str, Any] | None = None
    """The file."""

    def with_changes(self, changes: Mapping[KeyPath, object]) -> tuple[str, ...]:
        """What would be wrong with the file, in words; None in `changes` takes a key out."""
        tree: dict[str, Any] = _copied(self.tree or {})
        for path, value in changes.items():
            table = tree
            for name in path[:-1]:
                table = table.setdefault(name, {})
            if value is None:
                table.pop(path[-1], None)
            else:
                table[path[-1]] = value
        return tuple(
            f"{problem.key}: {problem.text}"
            for problem in config.parse_tree(tree, self.file, {})[1]
        )


def _copied(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(item) if isinstance(item, dict) else item for name, item in tree.items()}


def read_sheet(home: Home, environ: Mapping[str, str] | None = None) -> Sheet:
    """The settings of `home`, or everything that is wrong with them."""
    overrides = os.environ if environ is None else environ
    file = home.settings.name
    try:
        text = home.settings.read_bytes().decode("utf-8")
    except OSError as error:
        return Sheet(file, problems=(f"{file}: cannot be read: {error.strerror}",))
    except UnicodeDecodeError as error:
        return Sheet(
            file, problems=(f"{file}: is not UTF-8 (byte {error.start}); save it as UTF-8",)
        )
    settings, problems = config.parse(text, file, overrides)
    if settings is None:
        return Sheet(file, problems=tuple(_with_line(problem, text, file) for problem in problems))
    tree = tomllib.loads(text)
    return Sheet(file, tuple(_settings(settings, tree, overrides)), tree=tree)


def _with_line(problem: SettingsProblem, text: str, file: str) -> str:
    """The problem with the line of its key, where that stands in the file."""
    try:
        path = split_key(problem.key)
    except ConfigError:
        path = (problem.key,)
    line = line_of(text, path) if problem.key and problem.origin == file else None
    where = f"{problem.origin} line {line}" if line else problem.origin
    return clean(
        f"{where}: {problem.key}: {problem.text}" if problem.key else f"{where}: {problem.text}",
        400,
    )


def _settings(
    settings: Settings, tree: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[Setting]:
    for section, table in msgspec.structs.asdict(settings).items():
        if section == "symbols":
            for symbol, entry in table.items():
                yield from (
                    _setting(("symbols", symbol, name), value, tree, environ)
                    for name, value in _fields(entry)
                )
            continue
        for name, value in _fields(table):
            if isinstance(value, dict):
                yield from (
                    _setting((section, name, inner), item, tree, environ)
                    for inner, item in value.items()
                )
            else:
                yield _setting((section, name), value, tree, environ)


def _fields(table: Any) -> Iterator[tuple[str, Any]]:
    return (
        (name, value) for name, value in msgspec.structs.asdict(table).items() if value is not None
    )


def _setting(
    path: KeyPath, value: Any, tree: Mapping[str, Any], environ: Mapping[str, str]
) -> Setting:
    meaning = meanings().get(
        path[:2] if path[:2] == ("console", "keys") else (path[0], path[-1]), ""
    )
    variable = VARIABLES.get(".".join(path), "")
    takes, choices = _takes(type_of(path))
    return Setting(
        path=path,
        value=toml_value(value),
        given=toml_value(value_at(tree, path)),
        default=toml_value(value_at(default_tree(), path)),
        meaning=meaning,
        takes=takes,
        choices=choices,
        unit=(
            unit_of(path[-1], meaning)
            if isinstance(value, int | float) and not isinstance(value, bool)
            else ""
        ),
        variable=variable if variable in environ else "",
    )


def toml_value(value: Any) -> Any:
    """A tuple as the list that a file has."""
    return list(value) if isinstance(value, tuple) else value


def value_text(value: object) -> str:
    """A value as it stands in a file; '-' for none."""
    return "-" if value is None else toml_text(value)


def typed_text(value: object) -> str:
    """A value as an operator types it: without the quotes that a text has in the file."""
    if isinstance(value, str):
        return value
    if (
        isinstance(value, list)
        and all(isinstance(item, str) and "," not in item for item in value)
        and len(value) > 1
    ):
        return ", ".join(value)
    return "" if value is None else toml_text(value)


def unit_of(name: str, meaning: str) -> str:
    """The unit that a key's name ends in, else the first that its explanation names;
    empty without one."""
    found = _UNIT.search(name.rpartition("_")[2]) or _UNIT.search(meaning)
    return _UNITS[found[0].lower()] if found else ""


@cache
def meanings() -> dict[tuple[str, ...], str]:
    """(section, key) and its explanation: the comment lines above it in the packaged settings,
    where it is used first."""
    found: dict[tuple[str, ...], str] = {}
    section, above = "", list[str]()
    for line in default_settings().splitlines():
        if line.startswith("#"):
            above.append(line.removeprefix("#").strip())
            continue
        if line.startswith("["):
            name = line.strip("[] ")
            section = name.partition(".")[0]
            if name != section and section != "symbols":
                found.setdefault(tuple(name.split(".")), " ".join(above))
        elif key := _KEY_LINE.match(line):
            found.setdefault((section, key[1]), " ".join(above))
        above = []
    return found


def _takes(kind: Any) -> tuple[str, tuple[str, ...]]:
    """What a type takes, in words, and its values where there are few."""
    if choices := choices_of(kind):
        return " or ".join(choices), choices
    found = inspect.type_info(kind)
    if isinstance(found, inspect.BoolType):
        return "true or false", ("true", "false")
    if isinstance(found, inspect.IntType | inspect.FloatType):
        noun = "a whole number" if isinstance(found, inspect.IntType) else "a number"
        return f"{noun}{_range(found)}", ()
    if isinstance(found, inspect.VarTupleType):
        return "one or several, with commas", ()
    if isinstance(found, inspect.UnionType):
        day = any(isinstance(one, inspect.DateType) for one in found.types)
        return "a day, as 2021-11-04" if day else "a key, or several with commas", ()
    if isinstance(found, inspect.StrType) and found.pattern in PATTERN_WORDS:
        return PATTERN_WORDS[found.pattern], ()
    return "a text", ()


def _range(found: inspect.IntType | inspect.FloatType) -> str:
    low = (
        f" from {_bound(found.ge)}"
        if found.ge is not None
        else f" above {_bound(found.gt)}"
        if found.gt is not None
        else ""
    )
    return low + (f" to {_bound(found.le)}" if found.le is not None else "")


def _bound(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


@cache
def section_meanings() -> dict[str, str]:
    """Every section and what it is about, in the order of the file."""
    fields = msgspec.structs.fields(Settings)
    return {
        field.name: str(getattr(field.type, "__doc__", ""))
        for field in fields
        if field.name != "symbols"
    }
