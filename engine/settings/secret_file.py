"""secrets.toml: a table of it, read for one use and kept nowhere."""

from __future__ import annotations

from typing import Any

from engine.core.paths import Home
from engine.core.reading import damaged, read_text, toml_tree


def secret_table(home: Home, name: str, *, private: bool = False) -> dict[str, Any]:
    """The table `[name]` of secrets.toml, which may be a link; empty without file or table.

    `private` asks for mode 0600. FileError, without a word of the contents.
    """
    try:
        tree = toml_tree(read_text(home.secrets, links=True, private=private))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise damaged(home.secrets, "it is not valid TOML", "correct the file") from None
    table = tree.get(name)
    return table if isinstance(table, dict) else {}
