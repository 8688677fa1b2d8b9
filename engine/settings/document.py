"""One value of a TOML text changed, every other character kept: text in, text out.

who asks                             function                     does
config_set, demo                edited(text, path, value)    sets a key, or adds it to its section
config_set                           without(text, path)          takes a key out, with its line
config_set, the Settings screen      split_key, candidates        read what was typed
config_set, setting                  parsed, value_at             read what stands there
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tomli_w

from engine.core.errors import ConfigError
from engine.core.text import clean
from engine.settings import load as config

KeyPath = tuple[str, ...]

_STRING = r'"""(?:\\.|[^\\])*?"""(?!")|\'\'\'.*?\'\'\'(?!\')|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_ONE_KEY = r'(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
_KEY = re.compile(rf"{_ONE_KEY}(?:[ \t]*\.[ \t]*{_ONE_KEY})*")
_TEXT = re.compile(_STRING, re.S)
_NESTED = re.compile(rf"{_STRING}|#[^\n]*|[\[\]{{}}]", re.S)
_SCALAR = re.compile(r"[^,\]}#\r\n]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class _Table:
    """A `[header]`, the root, or an inline table, and where its keys go."""

    path: KeyPath
    end: int
    """Just after the header's line, or at the closing brace of an inline table."""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """One `key = value`: the span of the value, and the table it stands in."""

    path: KeyPath
    table: _Table
    key_at: int
    start: int
    end: int


def with_value(text: str, path: KeyPath, value: object) -> str:
    """The TOML `text` with the key at `path` set to `value`, all else unchanged.

    ConfigError when the text cannot be edited without harm (it is not TOML, or a parent is not a
    table).
    """
    wanted = _with(parse_toml(text), path, value)
    scanned = list(_scan(text))
    result = (
        _replaced(text, scanned, path, value)
        or _inserted(text, scanned, path, value)
        or _appended(text, path, value)
    )
    try:
        got = tomllib.loads(result)
    except tomllib.TOMLDecodeError:
        got = None
    if got != wanted:
        raise ConfigError(
            f"{'.'.join(path)} cannot be set without changing other lines", "edit the file by hand"
        )
    return result


def without_key(text: str, path: KeyPath) -> str:
    """The text without the key at `path` and its line; the text itself where there is no such key.

    ConfigError when it cannot be taken out without harm: it stands in an inline table, or shares
    its line.
    """
    tree = parse_toml(text)
    entry = next(
        (part for part in _scan(text) if isinstance(part, _Entry) and part.path == path), None
    )
    if entry is None:
        return text
    start, end = text.rfind("\n", 0, entry.key_at) + 1, _line_end(text, entry.end)
    alone = not text[start : entry.key_at].strip() and re.fullmatch(
        r"[ \t]*(#[^\n]*)?\r?\n?", text[entry.end : end]
    )
    result = text[:start] + text[end:]
    table = tree
    for name in path[:-1]:
        table = table[name]
    del table[path[-1]]
    if entry.table.inline or not alone or tomllib.loads(result) != tree:
        raise ConfigError(
            f"{'.'.join(path)} cannot be taken out without changing other lines",
            "edit the file by hand",
        )
    return result


def line_of(text: str, path: KeyPath) -> int | None:
    """The line, counted from 1, on which the key or the table at `path` begins;
    None when it is not in the text."""
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    for part in _scan(text):
        if isinstance(part, _Entry) and part.path == path:
            return text.count("\n", 0, part.key_at) + 1
        if isinstance(part, _Table) and part.path == path and path and not part.inline:
            return max(1, text.count("\n", 0, part.end))
    return None


def value_at(tree: Mapping[str, Any], path: KeyPath) -> Any:
    """What stands at `path`, None without it."""
    found: Any = tree
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def parse_toml(text: str, origin: str = "") -> dict[str, Any]:
    """The tree of a TOML text; ConfigError naming `origin` when it is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # as in config.parse
        where = f"{origin}: " if origin else ""
        if text.startswith("\ufeff"):
            raise ConfigError(clean(f"{where}{config.BOM}")) from error
        raise ConfigError(
            clean(f"{where}not valid TOML: {error}"), "repair the file by hand first"
        ) from error


def _with(tree: dict[str, Any], path: KeyPath, value: object) -> dict[str, Any]:
    tree = copy.deepcopy(tree)
    table = tree
    for name in path[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(
                f"{'.'.join(path)}: {name} is {clean(repr(table), 40)}, not a table",
                "edit the file by hand",
            )
    if isinstance(table.get(path[-1]), dict):
        raise ConfigError(f"{'.'.join(path)} is a table", "name one of its keys")
    table[path[-1]] = value
    return tree


def toml_text(value: object) -> str:
    """The TOML text of one value, on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_text(item) for item in value)}]"
    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def _key_text(names: KeyPath) -> str:
    quoted = (
        name if _BARE.fullmatch(name) else tomli_w.dumps({name: 0}).removesuffix(" = 0\n")
        for name in names
    )
    return ".".join(quoted)


def _replaced(
    text: str, scanned: list[_Table | _Entry], path: KeyPath, value: object
) -> str | None:
    for part in scanned:
        if isinstance(part, _Entry) and part.path == path:
            return text[: part.start] + toml_text(value) + text[part.end :]
    return None


def _inserted(
    text: str, scanned: list[_Table | _Entry], path: KeyPath, value: object
) -> str | None:
    """The text with the key added at the end of the section it belongs to;
    None when there is no such section."""
    parent = path[:-1]
    entries = [part for part in scanned if isinstance(part, _Entry)]
    for table in scanned:
        if isinstance(table, _Table) and table.path == parent and (parent or not table.inline):
            inside = [entry for entry in entries if entry.table is table]
            return _added(text, table, inside, path, value)
    # A section written with dotted keys: `training.epochs = 5` under no header, or `NVDA.kind = …`
    # under [symbols].
    dotted = [
        entry
        for entry in entries
        if entry.path[: len(parent)] == parent and len(entry.table.path) < len(parent)
    ]
    return _added(text, dotted[-1].table, dotted, path, value) if dotted else None


def _added(text: str, table: _Table, inside: list[_Entry], path: KeyPath, value: object) -> str:
    line = f"{_key_text(path[len(table.path) :])} = {toml_text(value)}"
    if table.inline:
        if not inside:
            return f"{text[: table.end].rstrip(' 	')} {line} {text[table.end :]}"
        at = inside[-1].end
        return f"{text[:at]}, {line}{text[at:]}"
    newline = _newline(text)
    at = _line_end(text, inside[-1].end) if inside else table.end
    indent = text[text.rfind("\n", 0, inside[-1].key_at) + 1 : inside[-1].key_at] if inside else ""
    lead = newline if at and text[at - 1] != "\n" else ""
    # At the very end a file without a final newline stays one.
    tail = newline if not lead else ""
    return f"{text[:at]}{lead}{indent}{line}{tail}{text[at:]}"


def _appended(text: str, path: KeyPath, value: object) -> str:
    newline = _newline(text)
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return (
        f"{text}{gap}[{_key_text(path[:-1])}]{newline}{_key_text(path[-1:])} ="
        f" {toml_text(value)}{newline}"
    )


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line_end(text: str, at: int) -> int:
    """Just after the newline that ends the line at `at`, or the end of the text."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _scan(text: str) -> Iterator[_Table | _Entry]:
    """Every table and every key of a text that is valid TOML, with their places."""
    table = _Table((), 0)
    yield table
    at = _gap(text, 0)
    while at < len(text):
        if text[at] == "[":
            width = 2 if text.startswith("[[", at) else 1
            names, at = _key(text, _gap(text, at + width))
            at = _line_end(text, at)
            table = _Table(names, at)
            if width == 1:
                yield table
        else:
            at = yield from _entry(text, at, table)
        at = _gap(text, at)


def _entry(text: str, at: int, table: _Table) -> Generator[_Table | _Entry, None, int]:
    """One `key = value`, what stands inside an inline table included;
    returns the place after it."""
    key_at = at
    names, at = _key(text, at)
    start = _gap(text, text.index("=", at) + 1)
    path = table.path + names
    if text[start] == "{":
        end = _value_end(text, start)
        inner = _Table(path, end - 1, inline=True)
        yield inner
        at = _gap(text, start + 1)
        while at < end - 1:
            at = yield from _entry(text, at, inner)
            at = _gap(text, at)
            at = _gap(text, at + 1) if text[at] == "," else at
    else:
        end = _value_end(text, start)
    yield _Entry(path, table, key_at, start, end)
    return end


def _gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    return found.end() if found else at


def _key(text: str, at: int) -> tuple[KeyPath, int]:
    """The names of a dotted key and the place after it."""
    found = _KEY.match(text, at)
    if found is None:
        raise ConfigError(f"cannot read the key at character {at}", "edit the file by hand")
    names, tree = [], tomllib.loads(f"{found[0]} = 0")
    while isinstance(tree, dict):
        ((name, tree),) = tree.items()
        names.append(name)
    return tuple(names), found.end()


def _value_end(text: str, at: int) -> int:
    if found := _TEXT.match(text, at):
        return found.end()
    if text[at] not in "[{":
        found = _SCALAR.match(text, at)
        return at + len(found[0].rstrip()) if found else at
    depth = 0
    for token in _NESTED.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def split_key(key: str) -> KeyPath:
    """The path of `training.epochs` or `symbols.BRK.B.kind`: a symbol may hold a dot."""
    section, _, name = key.partition(".")
    if key.startswith("console.keys.") and len(key) > 13:
        return "console", "keys", key[13:]
    if not section or not name:
        raise ConfigError(
            f"{clean(key, 60)!r} names no setting", "write SECTION.KEY, for one training.epochs"
        )
    if section == "symbols":
        symbol, dot, name = name.rpartition(".")
        if not dot:
            raise ConfigError(
                f"{clean(key, 60)!r} names a symbol", "write symbols.NVDA.priority, for one"
            )
        return section, symbol.strip('"'), name
    return section, name


def possible_values(raw: str) -> Iterator[object]:
    """What the word on the command line may mean: TOML first, then plain text, then a list of
    words."""
    try:
        found = tomllib.loads(f"v = {raw}")
    except tomllib.TOMLDecodeError:
        found = {}
    # Not nan, which no key takes and which differs from itself: an edit could not be told from a
    # wrong one.
    if found.keys() == {"v"} and not isinstance(found["v"], dict) and found["v"] == found["v"]:
        yield found["v"]
    yield raw
    if "," in raw and "[" not in raw:
        yield [part.strip() for part in raw.split(",")]
