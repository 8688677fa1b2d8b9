"""The settings one by one: what each means and takes; its value in file, default, environment.

sheet = read_sheet(home, os.environ)     what the file says, or every problem, with its line
sheet.with_changes({path: value, …})     what would be wrong once written; writes nothing
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from engine.core.errors import ConfigError
from engine.core.paths import Home
from engine.settings.document import (
    possible_values,
    toml_text,
    value_at,
)
from engine.settings.home import default_settings
from engine.settings.keys import (
    OPEN_TABLES,
    KeyPath,
    choices_of,
    default_tree,
    section_types,
    type_of,
    why_refused,
)
from engine.settings.load import parse, parse_tree
from engine.settings.mend import SettingsFault, faults_of
from engine.settings.schema import PATTERN_WORDS, VARIABLES, Settings
from engine.settings.texts import SettingsTexts, read_texts

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
    """The value in the file; None when the file leaves it out."""
    default: object
    """The packaged value; None for a key that has none."""
    meaning: str
    takes: str
    """What the key takes, in words."""
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
        """The value by the file: its own, else the default."""
        return self.default if self.given is None else self.given

    @property
    def changed(self) -> bool:
        """The file differs from the default."""
        return self.given is not None and self.given != self.default


@dataclass(frozen=True, slots=True)
class Sheet:
    """The settings as they are; with problems there are none, and nothing may be changed."""

    file: str
    settings: tuple[Setting, ...] = ()
    problems: tuple[str, ...] = ()
    tree: Mapping[str, Any] | None = None
    """The file."""
    faults: tuple[SettingsFault, ...] = ()
    """The problems with their places, where the files could be read."""
    texts: SettingsTexts | None = None
    """Both files as they are; None where they could not be read."""

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
        problems = parse_tree(tree, self.file, {})[1]
        return tuple(f"{problem.key}: {problem.text}" for problem in problems)


def _copied(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _copied(branch) if isinstance(branch, dict) else branch
        for name, branch in tree.items()
    }


def read_sheet(home: Home, environ: Mapping[str, str] | None = None) -> Sheet:
    """The settings of `home`, or everything that is wrong with them."""
    overrides = os.environ if environ is None else environ
    file = home.settings.name
    try:
        texts = read_texts(home)
    except ConfigError as error:
        return Sheet(file, problems=(str(error),))
    if faults := faults_of(texts, overrides):
        return Sheet(file, problems=tuple(map(str, faults)), faults=faults, texts=texts)
    source = texts.source
    settings = parse(source.toml, source.origin, overrides, source.listed)[0]
    assert settings is not None
    tree = texts.tree
    return Sheet(file, tuple(_settings(settings, tree, overrides)), tree=tree, texts=texts)


def _settings(
    settings: Settings, tree: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[Setting]:
    for section, table in msgspec.structs.asdict(settings).items():
        if section == "symbols":
            for symbol, configured in table.items():
                for name, value in _fields(configured):
                    yield _setting((section, symbol, name), value, tree, environ)
            continue
        for name, value in _fields(table):
            if not isinstance(value, dict):
                yield _setting((section, name), value, tree, environ)
                continue
            for inner, inner_value in value.items():
                yield _setting((section, name, inner), inner_value, tree, environ)


def _fields(table: Any) -> Iterator[tuple[str, Any]]:
    fields = msgspec.structs.asdict(table).items()
    return ((name, value) for name, value in fields if value is not None)


def _setting(
    path: KeyPath, value: Any, tree: Mapping[str, Any], environ: Mapping[str, str]
) -> Setting:
    in_open_table = path[:2] in OPEN_TABLES
    meaning = meanings().get(path[:2] if in_open_table else (path[0], path[-1]), "")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
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
        unit=unit_of(path[-1], meaning) if is_number else "",
        variable=variable if variable in environ else "",
    )


def toml_value(value: Any) -> Any:
    """The value as a file has it: a tuple is a list there."""
    return list(value) if isinstance(value, tuple) else value


def value_text(value: object) -> str:
    """A value as a file has it; '-' for none."""
    return "-" if value is None else toml_text(value)


def typed_text(value: object) -> str:
    """A value as an operator types it: without the quotes that a text has in the file."""
    if isinstance(value, str):
        return value
    words = value if isinstance(value, list) else []
    if len(words) > 1 and all(isinstance(word, str) and "," not in word for word in words):
        return ", ".join(words)
    return "" if value is None else toml_text(value)


def unit_of(name: str, meaning: str) -> str:
    """The unit that a key's name ends in, else the first in its explanation; '' without one."""
    unit = _UNIT.search(name.rpartition("_")[2]) or _UNIT.search(meaning)
    return _UNITS[unit[0].lower()] if unit else ""


@cache
def meanings() -> dict[tuple[str, ...], str]:
    """The explanation of each (section, key): the comment above its first use in the defaults."""
    explanations: dict[tuple[str, ...], str] = {}
    section = ""
    above: list[str] = []
    for line in default_settings().splitlines():
        if line.startswith("#"):
            above.append(line.removeprefix("#").strip())
            continue
        if line.startswith("["):
            name = line.strip("[] ")
            section = name.partition(".")[0]
            if name != section and section != "symbols":
                explanations.setdefault(tuple(name.split(".")), " ".join(above))
        elif key := _KEY_LINE.match(line):
            explanations.setdefault((section, key[1]), " ".join(above))
        above = []
    return explanations


def _takes(kind: Any) -> tuple[str, tuple[str, ...]]:
    """What a type takes, in words, and its values where there are few."""
    if choices := choices_of(kind):
        return " or ".join(choices), choices
    info = inspect.type_info(kind)
    if isinstance(info, inspect.BoolType):
        return "true or false", ("true", "false")
    if isinstance(info, inspect.IntType | inspect.FloatType):
        noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
        return f"{noun}{_range(info)}", ()
    if isinstance(info, inspect.VarTupleType):
        return "one or several, with commas", ()
    if isinstance(info, inspect.UnionType):
        is_day = any(isinstance(member, inspect.DateType) for member in info.types)
        return "a day, as 2021-11-04" if is_day else "a key, or several with commas", ()
    if isinstance(info, inspect.StrType) and info.pattern in PATTERN_WORDS:
        return PATTERN_WORDS[info.pattern], ()
    return "a text", ()


def _range(number: inspect.IntType | inspect.FloatType) -> str:
    low = ""
    if number.ge is not None:
        low = f" from {_bound(number.ge)}"
    elif number.gt is not None:
        low = f" above {_bound(number.gt)}"
    return low + (f" to {_bound(number.le)}" if number.le is not None else "")


def _bound(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


@cache
def section_meanings() -> dict[str, str]:
    """Every section and what it is about, in the order of the file."""
    return {name: str(getattr(section, "__doc__", "")) for name, section in section_types().items()}


def value_of(path: KeyPath, raw: str) -> object:
    """The first meaning of `raw` that the key takes by itself; ConfigError with the reason."""
    first = ""
    for value in (*possible_values(raw), [raw]):
        reason = why_refused(path, value)
        if not reason:
            return value
        first = first or reason
    raise ConfigError(first)
