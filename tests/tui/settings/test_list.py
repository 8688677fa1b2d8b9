"""The list of settings under its headings."""

from __future__ import annotations

from engine.settings.sheet import Setting
from tui.settings.list import grouped, matches
from tui.widgets.lines import line


def setting(section: str, name: str, meaning: str = "") -> Setting:
    """A key of a section."""
    return Setting((section, name), 1, None, 1, meaning, "a whole number")


def test_each_section_has_one_heading() -> None:
    """A heading comes before the first key of its section alone."""
    settings = [setting("watch", "a"), setting("watch", "b"), setting("market", "c")]
    rows = list(grouped(settings, [line(each.key) for each in settings]))

    assert [name for name, _ in rows] == ["[watch]", "watch.a", "watch.b", "[market]", "market.c"]


def test_a_filter_needs_every_word() -> None:
    """Each word is in the key or in its meaning, in any case."""
    epochs = setting("training", "epochs", "Epochs at most.")

    assert matches(epochs, "TRAIN most")
    assert not matches(epochs, "train least")
    assert matches(epochs, "")
