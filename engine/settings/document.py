"""One value of a TOML text changed, every other character kept: text in, text out.

who asks                             function                       does
write, demo                          with_value(text, path, value)  sets a key, or adds it
write                                without_key(text, path)        takes a key out with its line
write, the Settings screen           split_key, possible_values     read what was typed
write, sheet                         parse_toml, value_at           read what the file has
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from engine.core.errors import ConfigError
from engine.core.reading import toml_tree
from engine.core.text import clean
from engine.settings.keys import OPEN_TABLES, KeyPath
from engine.settings.load import BOM
from engine.settings.toml_scan import TomlKey, TomlTable, line_end, scan

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BY_HAND = "edit the file by hand"


def with_value(text: str, path: KeyPath, value: object) -> str:
    """The TOML `text` with the key at `path` set to `value`, all else unchanged.

    ConfigError when it cannot be edited without harm: no TOML, or a parent that is not a table.
    """
    expected = _tree_with(parse_toml(text), path, value)
    parts = list(scan(text))
    edited = (
        _replaced(text, parts, path, value)
        or _inserted(text, parts, path, value)
        or _appended(text, path, value)
    )
    if tree_or_none(edited) != expected:
        raise ConfigError(f"{'.'.join(path)} cannot be set without changing other lines", _BY_HAND)
    return edited


def tree_or_none(text: str) -> dict[str, Any] | None:
    """The tree of a TOML text; None when it is none."""
    try:
        return toml_tree(text)
    except ValueError:
        return None


def without_key(text: str, path: KeyPath) -> str:
    """The text without the key at `path` and its line; unchanged where there is no such key.

    ConfigError when it cannot be taken out without harm: in an inline table, or sharing its line.
    """
    tree = parse_toml(text)
    key = _key_at(scan(text), path)
    if key is None:
        return text
    del value_at(tree, path[:-1])[path[-1]]
    shorter = without_line(text, key)
    if tree_or_none(shorter) != tree:
        raise not_alone(path)
    return shorter


def without_line(text: str, key: TomlKey) -> str:
    """The text without the line of a key; ConfigError where other keys share it."""
    start = text.rfind("\n", 0, key.key_at) + 1
    end = line_end(text, key.end)
    alone = not text[start : key.key_at].strip() and re.fullmatch(
        r"[ \t]*(#[^\n]*)?\r?\n?", text[key.end : end]
    )
    if key.table.inline or not alone:
        raise not_alone(key.path)
    return text[:start] + text[end:]


def not_alone(path: KeyPath) -> ConfigError:
    """The error of what shares its lines with others."""
    return ConfigError(
        f"{'.'.join(path)} cannot be taken out without changing other lines", _BY_HAND
    )


def line_of(text: str, path: KeyPath) -> int | None:
    """The line, from 1, on which the key or table at `path` begins; None without it."""
    if tree_or_none(text) is None:
        return None
    for part in scan(text):
        if isinstance(part, TomlKey) and part.path == path:
            return text.count("\n", 0, part.key_at) + 1
        if isinstance(part, TomlTable) and part.path == path and path and not part.inline:
            return max(1, text.count("\n", 0, part.end))
    return None


def value_at(tree: Mapping[str, Any], path: KeyPath) -> Any:
    """The value at `path` of a tree, None without it."""
    branch: Any = tree
    for name in path:
        branch = branch.get(name) if isinstance(branch, dict) else None
    return branch


def parse_toml(text: str, origin: str = "") -> dict[str, Any]:
    """The tree of a TOML text; ConfigError naming `origin` when it is none."""
    try:
        return toml_tree(text)
    except ValueError as error:
        prefix = f"{origin}: " if origin else ""
        if text.startswith("\ufeff"):
            raise ConfigError(clean(f"{prefix}{BOM}")) from error
        raise ConfigError(
            clean(f"{prefix}not valid TOML: {error}"), "repair the file by hand first"
        ) from error


def _tree_with(tree: dict[str, Any], path: KeyPath, value: object) -> dict[str, Any]:
    """A copy of the tree with the value at `path`."""
    tree = copy.deepcopy(tree)
    table = tree
    for name in path[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(
                f"{'.'.join(path)}: {name} is {clean(repr(table), 40)}, not a table", _BY_HAND
            )
    if isinstance(table.get(path[-1]), dict):
        raise ConfigError(f"{'.'.join(path)} is a table", "name one of its keys")
    table[path[-1]] = value
    return tree


def toml_text(value: object) -> str:
    """The TOML text of one value, on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_text(element) for element in value)}]"
    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def _key_text(names: KeyPath) -> str:
    quoted = (
        name if _BARE.fullmatch(name) else tomli_w.dumps({name: 0}).removesuffix(" = 0\n")
        for name in names
    )
    return ".".join(quoted)


def _key_at(parts: Iterator[TomlTable | TomlKey], path: KeyPath) -> TomlKey | None:
    return next((part for part in parts if isinstance(part, TomlKey) and part.path == path), None)


def _replaced(
    text: str, parts: list[TomlTable | TomlKey], path: KeyPath, value: object
) -> str | None:
    key = _key_at(iter(parts), path)
    return text[: key.start] + toml_text(value) + text[key.end :] if key else None


def _inserted(
    text: str, parts: list[TomlTable | TomlKey], path: KeyPath, value: object
) -> str | None:
    """The text with the key added at the end of its section; None without such a section."""
    parent = path[:-1]
    keys = [part for part in parts if isinstance(part, TomlKey)]
    for table in parts:
        if isinstance(table, TomlTable) and table.path == parent and (parent or not table.inline):
            own_keys = [key for key in keys if key.table is table]
            return _added(text, table, own_keys, path, value)
    # A section written with dotted keys: `training.epochs = 5` under no header, or `NVDA.kind = …`
    # under [symbols].
    dotted = [
        key
        for key in keys
        if key.path[: len(parent)] == parent and len(key.table.path) < len(parent)
    ]
    return _added(text, dotted[-1].table, dotted, path, value) if dotted else None


def _added(text: str, table: TomlTable, keys: list[TomlKey], path: KeyPath, value: object) -> str:
    """The text with the key added after the last of `keys`, or at the top of the table."""
    line = f"{_key_text(path[len(table.path) :])} = {toml_text(value)}"
    if table.inline:
        if not keys:
            return f"{text[: table.end].rstrip(' 	')} {line} {text[table.end :]}"
        at = keys[-1].end
        return f"{text[:at]}, {line}{text[at:]}"
    at = table.end
    indent = ""
    if keys:
        last = keys[-1]
        at = line_end(text, last.end)
        indent = text[text.rfind("\n", 0, last.key_at) + 1 : last.key_at]
    newline = newline_of(text)
    if at and text[at - 1] != "\n":
        # At the very end a file without a final newline stays one.
        return f"{text[:at]}{newline}{indent}{line}{text[at:]}"
    return f"{text[:at]}{indent}{line}{newline}{text[at:]}"


def _appended(text: str, path: KeyPath, value: object) -> str:
    """The text with a new section that has the key."""
    newline = newline_of(text)
    gap = ""
    if text:
        gap = newline if text.endswith("\n") else newline * 2
    header = f"[{_key_text(path[:-1])}]"
    line = f"{_key_text(path[-1:])} = {toml_text(value)}"
    return f"{text}{gap}{header}{newline}{line}{newline}"


def newline_of(text: str) -> str:
    """How the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def split_key(key: str) -> KeyPath:
    """The path of `training.epochs` or `symbols.BRK.B.kind`: a symbol may hold a dot."""
    section, _, name = key.partition(".")
    for table in OPEN_TABLES:
        prefix = f"{'.'.join(table)}."
        if key.startswith(prefix) and len(key) > len(prefix):
            return *table, key.removeprefix(prefix)
    if not section or not name:
        raise ConfigError(
            f"{clean(key, 60)!r} names no setting", "write SECTION.KEY, for one training.epochs"
        )
    if section != "symbols":
        return section, name
    symbol, dot, name = name.rpartition(".")
    if not dot:
        raise ConfigError(
            f"{clean(key, 60)!r} names a symbol", "write symbols.NVDA.priority, for one"
        )
    return section, symbol.strip('"'), name


def possible_values(raw: str) -> Iterator[object]:
    """What a typed word may mean: TOML first, then plain text, then a list of words."""
    tree = tree_or_none(f"v = {raw}") or {}
    # Not nan, which no key takes and which differs from itself: no edit could be verified.
    if tree.keys() == {"v"} and not isinstance(tree["v"], dict) and tree["v"] == tree["v"]:
        yield tree["v"]
    yield raw
    if "," in raw and "[" not in raw:
        yield [part.strip() for part in raw.split(",")]
