"""The tables of keys in the manual and the README.

`python -m tui.keys.readme` prints docs/keys.md, `python -m tui.keys.readme README.md` writes the
README's table again.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tui.keys.table import GROUPS, in_group, key_name

INTRODUCTION = """# Keys

Every key of the console, screen by screen. Other keys go into `stockml.toml`, under
`[console.keys]`: an action's id (the last column) and a key or a list of keys. An id without a
screen's name counts on every screen that has the same key for it:

```toml
[console.keys]
retrain = "T"
help = ["F2", "?"]
```

`stockml config set console.keys.retrain T` writes the same line. `stockml config check` names an
entry with an unknown action, an unknown key, or a key that another action of the screen has.
`ctrl+q` always leaves the console.
"""
BEGIN, END = "<!-- keys -->", "<!-- /keys -->"


def key_table() -> str:
    """Every action in Markdown; those that the dashboard has too are listed there alone."""
    shared = {(action.keys, action.description) for action in in_group("main")}
    lines = []
    for group, title in GROUPS.items():
        bound = [action for action in in_group(group) if action.keys]
        rows = [
            action
            for action in bound
            if group == "main" or (action.keys, action.description) not in shared
        ]
        if not rows:
            continue
        lines += [f"**{title}**", "", "| key | does | id |", "|---|---|---|"]
        for action in rows:
            keys = " ".join(f"`{key_name(key)}`" for key in action.keys)
            off = " (off with `--read-only`)" if action.writes else ""
            lines.append(f"| {keys} | {action.description}{off} | `{action.id}` |")
        lines.append("")
    return "\n".join(lines).rstrip()


def page() -> str:
    """The page of keys in the manual."""
    return f"{INTRODUCTION}\n{key_table()}\n"


def with_keys(text: str) -> str:
    """The text with the table between its marks; ValueError without a mark."""
    if BEGIN not in text:
        raise ValueError(f"no {BEGIN} mark")
    if END not in text:
        text = text.replace(BEGIN, f"{BEGIN}\n{END}", 1)
    table = f"{BEGIN}\n\n{key_table()}\n\n{END}"
    return re.sub(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: table, text, count=1, flags=re.DOTALL
    )


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.stdout.write(page())
        sys.exit()
    path = Path(sys.argv[1])
    path.write_text(with_keys(path.read_text(encoding="utf-8")), encoding="utf-8")
