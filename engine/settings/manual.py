"""The page of settings in the manual, written from the packaged stockml.toml.

`python -m engine.settings.manual` prints docs/settings.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from engine.settings.home import default_settings

_SECTION = re.compile(r"\[([\w.]+)\]$")
_KEY = re.compile(r"(\w+)\s*=\s*(.+)$")
_SYMBOLS = "symbols."
INTRODUCTION = """# Settings

Every key of `stockml.toml`, from the file that a new home starts with.

| | |
|---|---|
| `stockml config show` | the values in effect, and where each comes from |
| `stockml config check` | every mistake at once |
| `stockml config set KEY VALUE` | change one line; the file before is kept |

The symbols have a page of their own: [symbols](symbols.md).
"""


def markdown(text: str) -> str:
    """The page that the text of a settings file makes: a section a table, a row a key."""
    return "\n".join([INTRODUCTION, *_lines(text)]).rstrip() + "\n"


def _lines(text: str) -> Iterator[str]:
    comments: list[str] = []
    name = ""
    has_rows = False
    for line in text.splitlines():
        if line.startswith("#"):
            comments.append(line.lstrip("# "))
            continue
        meaning, comments = " ".join(comments).replace("|", "\\|"), []
        if section := _SECTION.match(line):
            name, has_rows = section[1], False
            if not name.startswith(_SYMBOLS):
                yield from (f"## {name}", "", *([meaning, ""] if meaning else []))
        elif (key := _KEY.match(line)) and not name.startswith(_SYMBOLS):
            if not has_rows:
                yield from ("| key | default | meaning |", "|---|---|---|")
            yield f"| `{key[1]}` | `{key[2]}` | {meaning} |"
            has_rows = True
        elif not line and has_rows:
            yield ""
            has_rows = False


def page() -> str:
    """The page of the packaged settings."""
    return markdown(default_settings())


if __name__ == "__main__":
    sys.stdout.write(page())
