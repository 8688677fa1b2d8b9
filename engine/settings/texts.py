"""The two texts that the settings are in: stockml.toml and, where there is one, symbols.csv.

texts = read_texts(home)                 what is there
texts.with_value(path, value)            a key set where it stands
texts.with_symbols(tables, csv=False)    symbols added
texts.without_symbol(name)               a symbol taken out
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from engine.core.paths import Home
from engine.settings import document
from engine.settings import tables as tables_of_toml
from engine.settings.home import default_settings
from engine.settings.keys import KeyPath
from engine.settings.load import SettingsSource, read_source
from engine.settings.symbol_file import with_tables, without_symbol

MOST_IN_TOML = 50
"""Symbols in stockml.toml from which on new ones go to symbols.csv."""


@dataclass(frozen=True)
class SettingsTexts:
    """The settings as they are written; every edit is a new value."""

    source: SettingsSource

    @cached_property
    def tree(self) -> dict[str, Any]:
        """Both texts as one tree; ConfigError when stockml.toml is no TOML."""
        tree = document.parse_toml(self.source.toml, self.source.origin)
        listed = dict(self.source.listed.tables)
        return {**tree, "symbols": {**tree.get("symbols", {}), **listed}} if listed else tree

    @property
    def in_toml(self) -> tuple[str, ...]:
        """The symbols that stockml.toml has."""
        symbols = document.parse_toml(self.source.toml, self.source.origin).get("symbols", {})
        return tuple(symbols) if isinstance(symbols, dict) else ()

    def places(self) -> dict[str, tuple[str, int]]:
        """The file and the line of each symbol that a file has."""
        in_toml = tables_of_toml.lines_below(self.source.toml, ("symbols",))
        listed = self.source.listed
        return {
            **{name: (self.source.origin, line) for name, line in in_toml.items()},
            **{name: (listed.origin, line) for name, line in listed.lines.items()},
        }

    def with_packaged(self) -> SettingsTexts:
        """The packaged symbols written out where no file has any, because they are in effect."""
        if self.tree.get("symbols"):
            return self
        return self._toml(_with_packaged(self.source.toml))

    def with_value(self, path: KeyPath, value: object) -> SettingsTexts:
        """The key at `path` set in the file that has it; None takes it out."""
        if path[0] == "symbols" and len(path) == 3 and path[1] in self.source.listed.tables:
            return self._csv(with_tables(self.source.symbols, {path[1]: {path[2]: value}}))
        if value is None:
            return self._toml(document.without_key(self.source.toml, path))
        return self._toml(document.with_value(self.source.toml, path, value))

    def with_symbols(self, tables: Mapping[str, Mapping[str, Any]], *, csv: bool) -> SettingsTexts:
        """New symbols added to symbols.csv, else to stockml.toml while that is short."""
        texts = self.with_packaged()
        room = 0 if csv else MOST_IN_TOML - len(texts.in_toml)
        names = list(tables)
        toml = texts.source.toml
        for name in names[: max(0, room)]:
            for key, value in tables[name].items():
                toml = document.with_value(toml, ("symbols", name, key), value)
        rest = {name: tables[name] for name in names[max(0, room) :]}
        texts = texts._toml(toml)
        return texts._csv(with_tables(texts.source.symbols, rest)) if rest else texts

    def without_symbol(self, name: str) -> SettingsTexts:
        """The symbol taken out of the file that has it."""
        if name in self.source.listed.tables:
            return self._csv(without_symbol(self.source.symbols, name))
        texts = self.with_packaged()
        return texts._toml(tables_of_toml.without_table(texts.source.toml, ("symbols", name)))

    def _toml(self, text: str) -> SettingsTexts:
        return SettingsTexts(replace(self.source, toml=text))

    def _csv(self, text: str) -> SettingsTexts:
        return SettingsTexts(replace(self.source, symbols=text))


def read_texts(home: Home) -> SettingsTexts:
    """The texts of `home`; ConfigError where one cannot be read."""
    return SettingsTexts(read_source(home))


def _with_packaged(text: str) -> str:
    """The text with the packaged symbols at its end."""
    packaged = default_settings()
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = newline * (1 if text.endswith("\n") else 2) if text else ""
    symbols = packaged[packaged.index("[symbols.") :].replace("\n", newline)
    return f"{text}{gap}{symbols}"
