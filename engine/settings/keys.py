"""The keys of stockml.toml: their types, what each takes, the nearest to a mistyped one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec

from engine.core.errors import ConfigError
from engine.core.reading import toml_tree
from engine.core.text import clean
from engine.settings.home import default_settings
from engine.settings.schema import PATTERN_WORDS, Settings, SymbolSettings

KeyPath = tuple[str, ...]
"""A key of the file by its parts: ("training", "epochs")."""
OPEN_TABLES: dict[KeyPath, Any] = {
    ("console", "keys"): str | list[str],
    ("market", "accepted"): str,
}
"""Tables whose keys are the operator's own, and what each of their keys takes."""


@cache
def default_tree() -> dict[str, Any]:
    """The packaged settings as a tree; a key that a file leaves out reads as this."""
    return toml_tree(default_settings())


@cache
def section_types() -> dict[str, Any]:
    """Every section and its type, but the symbols."""
    types = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    del types["symbols"]
    return types


@cache
def key_types(section: Any) -> dict[str, Any]:
    """Every key of a section's type and what it takes."""
    return {field.name: field.type for field in msgspec.structs.fields(section)}


def type_of(path: KeyPath) -> Any:
    """The type of the key at `path`; ConfigError, naming the nearest, when there is no such key."""
    section = path[0]
    sections = (*section_types(), "symbols")
    if section not in sections:
        raise _unknown("section", section, nearest(section, sections))
    if path[:2] in OPEN_TABLES and len(path) == 3:
        return OPEN_TABLES[path[:2]]
    is_symbol = section == "symbols"
    types = key_types(SymbolSettings if is_symbol else section_types()[section])
    if path[-1] not in types or len(path) != (3 if is_symbol else 2):
        raise _unknown("key", ".".join(path), nearest(path[-1], types))
    return types[path[-1]]


def _unknown(kind: str, name: str, suggestion: str) -> ConfigError:
    return ConfigError(
        f"unknown {kind} {clean(name, 80)!r}{suggestion}", "`stockml config show` lists all"
    )


def why_refused(path: KeyPath, value: object) -> str:
    """Why the key at `path` does not take `value`; empty when it does."""
    try:
        msgspec.convert(value, type_of(path))
    except msgspec.ValidationError as error:
        return f"{clean(repr(value), 60)}: {plain_error(error)}"
    return ""


def choices_of(kind: Any) -> tuple[str, ...]:
    """Every value of a key that takes few words; empty for any other type."""
    if get_origin(kind) is Literal:
        return tuple(str(value) for value in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(kind)
    return ()


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a name that is close to a known one, else nothing."""
    near = difflib.get_close_matches(name, tuple(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def plain_error(error: Exception) -> str:
    """msgspec's sentence without its code marks and path; what a pattern asks for in words."""
    text = str(error)
    for pattern, words in PATTERN_WORDS.items():
        if pattern in text:
            return words
    return re.sub(r" - at `.*`$", "", text).replace("`", "")
