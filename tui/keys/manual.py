"""The page of keys in the manual, written from the table of keys.

`python -m tui.keys.manual` prints docs/keys.md.
"""

from __future__ import annotations

import sys

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
        lines += [f"## {title}", "", "| key | does | id |", "|---|---|---|"]
        for action in rows:
            keys = " ".join(f"`{key_name(key)}`" for key in action.keys)
            off = " (off with `--read-only`)" if action.writes else ""
            lines.append(f"| {keys} | {action.description}{off} | `{action.id}` |")
        lines.append("")
    return "\n".join(lines).rstrip()


def page() -> str:
    """The page of keys in the manual."""
    return f"{INTRODUCTION}\n{key_table()}\n"


if __name__ == "__main__":
    sys.stdout.write(page())
