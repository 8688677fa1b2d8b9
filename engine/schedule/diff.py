"""The difference between two crontabs, with every invisible byte shown."""

from __future__ import annotations

import difflib
import hashlib
import re

from engine.core.text import clean

_TRAILING = re.compile(r" +$")


def tab_diff(before: bytes | None, after: bytes | None, unchanged: bytes) -> tuple[str, ...]:
    """A unified diff of the two tabs, ending with the count of foreign lines; empty if equal."""
    if before == after:
        return ()
    names = (_name(before), _name(after))
    lines = list(difflib.unified_diff(_lines(before), _lines(after), *names, n=1, lineterm=""))
    count = unchanged.count(b"\n") + (0 if not unchanged or unchanged.endswith(b"\n") else 1)
    digest = hashlib.sha256(unchanged).hexdigest()[:12]
    lines.append(f"{count} other line{'' if count == 1 else 's'} unchanged (sha256 {digest})")
    return tuple(lines)


def text_diff(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """A unified diff of files by name; empty without a difference."""
    lines: list[str] = []
    for name in sorted({*before, *after}):
        old = before.get(name, "").splitlines()
        new = after.get(name, "").splitlines()
        old_name = name if name in before else "/dev/null"
        new_name = name if name in after else "/dev/null"
        diff = difflib.unified_diff(old, new, old_name, new_name, n=1, lineterm="")
        lines += [clean(line) for line in diff]
    return tuple(lines)


def visible(raw: bytes) -> str:
    """A crontab line for a terminal; tabs, control characters and trailing blanks are visible."""
    text = "".join(_spelt(character) for character in raw.decode("utf-8", "backslashreplace"))
    return _TRAILING.sub(lambda match: "\\x20" * len(match[0]), text)


def _spelt(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _lines(tab: bytes | None) -> list[str]:
    text = tab or b""
    lines = [visible(raw) for raw in text.split(b"\n")]
    if not text.endswith(b"\n") and text:
        lines[-1] += " (no newline at the end)"
    else:
        lines.pop()
    return lines


def _name(tab: bytes | None) -> str:
    return "no crontab" if tab is None else "crontab"
