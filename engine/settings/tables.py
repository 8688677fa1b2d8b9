"""Whole tables of a TOML text: taken out, and on which lines they are. Text in, text out."""

from __future__ import annotations

from typing import Any

from engine.settings.document import (
    newline_of,
    not_alone,
    parse_toml,
    tree_or_none,
    value_at,
    without_line,
)
from engine.settings.keys import KeyPath
from engine.settings.toml_scan import TomlKey, TomlTable, line_end, scan


def without_table(text: str, path: KeyPath) -> str:
    """The text without the table at `path` and its keys; comments around it stay.

    ConfigError when it cannot be taken out without harm.
    """
    tree = parse_toml(text)
    del value_at(tree, path[:-1])[path[-1]]
    parts = list(scan(text))
    header = next(
        (part for part in parts if isinstance(part, TomlTable) and part.path == path), None
    )
    if header is None or header.inline:
        keys = [part for part in parts if isinstance(part, TomlKey) and not part.table.inline]
        shorter = text
        for key in reversed([key for key in keys if key.path[: len(path)] == path]):
            shorter = without_line(shorter, key)
    else:
        own = [part.end for part in parts if isinstance(part, TomlKey) and part.table is header]
        start = text.rfind("\n", 0, header.end - 1) + 1
        shorter = _joined(text[:start], text[line_end(text, own[-1]) if own else header.end :])
    if _without_empty(tree_or_none(shorter)) != _without_empty(tree):
        raise not_alone(path)
    return shorter


def _joined(before: str, after: str) -> str:
    """Both parts, with one empty line fewer where two would meet or the text would end in one."""
    newline = newline_of(before)
    if before.endswith(newline * 2) and (not after or after.startswith(newline)):
        before = before.removesuffix(newline)
    return before + after


def _without_empty(tree: dict[str, Any] | None) -> dict[str, Any] | None:
    """The tree without empty tables: the header of the last symbol is all that makes [symbols]."""
    return tree and {name: table for name, table in tree.items() if table != {}}


def lines_below(text: str, parent: KeyPath) -> dict[str, int]:
    """The line, from 1, on which each table or key below `parent` is first named."""
    lines: dict[str, int] = {}
    line, counted = 1, 0
    for part in scan(text):
        path = part.path
        if path[: len(parent)] != parent or len(path) == len(parent):
            continue
        at = part.key_at if isinstance(part, TomlKey) else max(0, part.end - 1)
        if at > counted:
            line, counted = line + text.count("\n", counted, at), at
        lines.setdefault(path[len(parent)], line)
    return lines
