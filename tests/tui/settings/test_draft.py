"""Changes of settings that are not written."""

from __future__ import annotations

from engine.settings.sheet import Setting
from tui.settings.draft import SettingsDraft

EPOCHS = ("training", "epochs")


def epochs(given: object = None) -> Setting:
    """A key whose default is 20, and which the file may set."""
    return Setting(EPOCHS, given or 20, given, 20, "Epochs at most.", "a whole number")


def test_a_new_value_is_kept_with_the_one_it_replaces() -> None:
    """What is written names the value it was based on, so that another's change is noticed."""
    draft = SettingsDraft()
    draft.put(epochs(30), 40)
    draft.put(epochs(35), 50)

    assert draft.to_write() == ({EPOCHS: 50}, {EPOCHS: 30})


def test_the_value_of_the_file_is_no_change() -> None:
    """Typing what the file says already takes the change back."""
    draft = SettingsDraft()
    draft.put(epochs(30), 40)
    draft.put(epochs(30), 30)

    assert draft.values == {}


def test_a_missing_key_cannot_be_taken_out() -> None:
    """The default of a key that the file does not have is no change."""
    draft = SettingsDraft()
    draft.put(epochs(), None)

    assert draft.values == {}


def test_a_change_that_the_file_has_is_dropped() -> None:
    """Another process wrote the same value meanwhile."""
    draft = SettingsDraft()
    draft.put(epochs(30), 40)
    draft.drop_written([epochs(40)])

    assert draft.values == {}
