"""Where the tables and keys of a TOML text begin and end: text in, places out."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from engine.core.errors import ConfigError
from engine.core.reading import toml_tree
from engine.settings.keys import KeyPath

_STRING = r'"""(?:\\.|[^\\])*?"""(?!")|\'\'\'.*?\'\'\'(?!\')|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_ONE_KEY = r'(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
_KEY = re.compile(rf"{_ONE_KEY}(?:[ \t]*\.[ \t]*{_ONE_KEY})*")
_TEXT = re.compile(_STRING, re.S)
_NESTED = re.compile(rf"{_STRING}|#[^\n]*|[\[\]{{}}]", re.S)
_SCALAR = re.compile(r"[^,\]}#\r\n]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A `[header]`, the root, or an inline table, and where its keys go."""

    path: KeyPath
    end: int
    """Just after the header's line, or at the closing brace of an inline table."""
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlKey:
    """One `key = value`: the span of the value, and the table it is in."""

    path: KeyPath
    table: TomlTable
    key_at: int
    start: int
    end: int


def scan(text: str) -> Iterator[TomlTable | TomlKey]:
    """Every table and every key of a text that is valid TOML, with their places."""
    table = TomlTable((), 0)
    yield table
    at = _skip_gap(text, 0)
    while at < len(text):
        if text[at] == "[":
            width = 2 if text.startswith("[[", at) else 1
            names, at = _read_key(text, _skip_gap(text, at + width))
            at = line_end(text, at)
            table = TomlTable(names, at)
            if width == 1:
                yield table
        else:
            at = yield from _scan_key(text, at, table)
        at = _skip_gap(text, at)


def _scan_key(
    text: str, key_at: int, table: TomlTable
) -> Generator[TomlTable | TomlKey, None, int]:
    """One `key = value` with the keys of an inline table in it; returns the place after it."""
    names, at = _read_key(text, key_at)
    start = _skip_gap(text, text.index("=", at) + 1)
    end = _value_end(text, start)
    path = table.path + names
    if text[start] == "{":
        inner = TomlTable(path, end - 1, inline=True)
        yield inner
        at = _skip_gap(text, start + 1)
        while at < end - 1:
            at = yield from _scan_key(text, at, inner)
            at = _skip_gap(text, at)
            at = _skip_gap(text, at + 1) if text[at] == "," else at
    yield TomlKey(path=path, table=table, key_at=key_at, start=start, end=end)
    return end


def line_end(text: str, at: int) -> int:
    """Just after the newline that ends the line at `at`, or the end of the text."""
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline + 1


def _skip_gap(text: str, at: int) -> int:
    """The place after blanks, newlines and comments."""
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _read_key(text: str, at: int) -> tuple[KeyPath, int]:
    """The names of a dotted key and the place after it."""
    match = _KEY.match(text, at)
    if match is None:
        raise ConfigError(f"cannot read the key at character {at}", "edit the file by hand")
    names = []
    tree = toml_tree(f"{match[0]} = 0")
    while isinstance(tree, dict):
        ((name, tree),) = tree.items()
        names.append(name)
    return tuple(names), match.end()


def _value_end(text: str, at: int) -> int:
    """The place after the value that begins at `at`."""
    if string := _TEXT.match(text, at):
        return string.end()
    if text[at] not in "[{":
        scalar = _SCALAR.match(text, at)
        return at + len(scalar[0].rstrip()) if scalar else at
    depth = 0
    for token in _NESTED.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)
