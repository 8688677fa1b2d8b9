"""What is wrong with a tree of settings: every mistake at once, each with its key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.core.sources import SOURCE_CHOICES, names_a_source
from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.settings.keys import choices_of, key_types, nearest, plain_error, section_types
from engine.settings.schema import Settings, SymbolSettings

NOT_A_SYMBOL = "not a symbol: A to Z first, then up to nine of A-Z 0-9 . -"
_SYMBOL_KEYS = ("company", "sector", "kind", "priority")


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One mistake: the file or variable it is in, the key, what is wrong."""

    origin: str
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.origin, self.key, self.text) if part)


def check_tree(tree: dict[str, Any], origin: str) -> list[SettingsProblem]:
    """The unknown sections and keys, and the values that their keys do not take."""
    problems = []
    sections = (*section_types(), "symbols")
    for name, table in tree.items():
        if name not in sections:
            text = f"unknown section{nearest(name, sections)}"
            problems.append(SettingsProblem(origin, clean(name, 60), text))
        elif not isinstance(table, dict):
            text = f"{table!r} is not a table: write [{name}]"
            problems.append(SettingsProblem(origin, name, text))
        elif name == "symbols":
            problems += _check_symbols(table, origin)
        else:
            problems += _check_table(table, section_types()[name], name, origin)
    return problems


def _check_symbols(tables: dict[str, Any], origin: str) -> Iterator[SettingsProblem]:
    if not tables:
        yield SettingsProblem(origin, "symbols", "no symbol is configured")
    for name, table in tables.items():
        yield from check_symbol_table(name, table, origin)


def check_symbol_table(name: str, table: Any, origin: str) -> Iterator[SettingsProblem]:
    """What is wrong with one symbol and its settings."""
    key = f"symbols.{clean(name, 40)}"
    if not SYMBOL.fullmatch(name):
        yield SettingsProblem(origin, key, NOT_A_SYMBOL)
    elif not isinstance(table, dict):
        yield SettingsProblem(origin, key, f"{table!r} is not a table")
    else:
        yield from _check_symbol(name, table, key, origin)


def _check_symbol(
    name: str, table: dict[str, Any], key: str, origin: str
) -> Iterator[SettingsProblem]:
    try:
        msgspec.convert(table, SymbolSettings)
        return  # key by key is ten times slower, and thousands are right
    except msgspec.ValidationError:
        pass
    inner = next(
        (clean(inner, 40) for inner, value in table.items() if isinstance(value, dict)), ""
    )
    if inner:
        quoted = f'[symbols."{clean(name, 40)}.{inner}"]'
        text = f"write {quoted}: a symbol with a dot needs its quotes"
        yield SettingsProblem(origin, f"{key}.{inner}", text)
        return
    yield from _check_table(table, SymbolSettings, key, origin)
    for required in _SYMBOL_KEYS:
        if required not in table:
            yield SettingsProblem(origin, f"{key}.{required}", "missing")


def _check_table(
    table: dict[str, Any], section: Any, prefix: str, origin: str
) -> Iterator[SettingsProblem]:
    types = key_types(section)
    for name, value in table.items():
        key = f"{prefix}.{clean(name, 60)}"
        if name not in types:
            yield SettingsProblem(origin, key, f"unknown key{nearest(name, types)}")
            continue
        try:
            msgspec.convert(value, types[name])
        except msgspec.ValidationError as error:
            choices = choices_of(types[name])
            reason = f"it is none of {', '.join(choices)}" if choices else plain_error(error)
            yield SettingsProblem(origin, key, f"{clean(repr(value), 60)}: {reason}")


def cross_checks(settings: Settings, origin: str) -> Iterator[SettingsProblem]:
    """What is wrong between keys that are right by themselves."""
    resources = settings.resources
    for name in ("cpu", "memory", "disk"):
        warn = getattr(resources, f"{name}_warn")
        crit = getattr(resources, f"{name}_crit")
        if warn > crit:
            text = f"{warn} is above {name}_crit = {crit}"
            yield SettingsProblem(origin, f"resources.{name}_warn", text)
    watch = settings.watch
    if watch.live_min > watch.live_window:
        text = f"{watch.live_min} is above live_window = {watch.live_window}"
        yield SettingsProblem(origin, "watch.live_min", text)
    source = settings.market.source
    if not names_a_source(source):
        text = f"{clean(source, 60)!r} is not {SOURCE_CHOICES}"
        yield SettingsProblem(origin, "market.source", text)
