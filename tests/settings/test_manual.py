"""The page of settings is the one that the packaged file makes."""

from __future__ import annotations

import tomllib

from engine.settings import manual
from engine.settings.home import default_settings
from tests.helpers import ROOT


def test_the_page_is_what_the_file_makes() -> None:
    """`make pages` writes it anew."""
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == manual.page()


def test_every_key_has_its_row_with_a_meaning() -> None:
    """Each key of each table but those of the symbols."""
    tables = manual.page().partition("\n## ")[2]
    rows = [line.split(" | ", 2) for line in tables.splitlines() if line.startswith("| `")]
    keys = [row[0].strip("| `") for row in rows]
    tree = tomllib.loads(default_settings())
    expected = [
        key
        for name, table in tree.items()
        if name != "symbols"
        for key, value in table.items()
        if not isinstance(value, dict)
    ]
    assert sorted(keys) == sorted(expected)
    assert all(len(row[2]) > 10 for row in rows)


def test_a_bar_in_a_comment_is_no_column() -> None:
    """It is escaped, and a section without keys has no table."""
    page = manual.markdown('# What a | means.\n[a]\n# One | two.\nkey = "v"\n\n[b]\n')
    assert '| `key` | `"v"` | One \\| two. |' in page
    assert page.endswith("## b\n")
