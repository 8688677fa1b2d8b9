"""Changes of settings that are not written yet."""

from __future__ import annotations

from collections.abc import Iterable

from engine.settings.keys import KeyPath
from engine.settings.sheet import Setting


class SettingsDraft:
    """New values by key, and each one's value in the file when its change began."""

    def __init__(self) -> None:
        self.values: dict[KeyPath, object] = {}
        """None removes a key from the file."""
        self._before: dict[KeyPath, object] = {}

    @property
    def changed(self) -> tuple[str, ...]:
        """The keys with a new value."""
        return tuple(".".join(path) for path in self.values)

    def put(self, setting: Setting, value: object) -> None:
        """Keep a new value; the value in the file is no change."""
        if value == setting.in_file or (value is None and setting.given is None):
            self.drop(setting.path)
        else:
            self.values[setting.path] = value
            self._before.setdefault(setting.path, setting.given)

    def drop(self, path: KeyPath) -> None:
        """Take a change back."""
        self.values.pop(path, None)

    def drop_written(self, settings: Iterable[Setting]) -> None:
        """Drop each change that the file has already."""
        for setting in settings:
            if setting.path in self.values and self.values[setting.path] == setting.in_file:
                self.drop(setting.path)

    def clear(self) -> None:
        """Take all changes back."""
        self.values = {}
        self._before = {}

    def to_write(self) -> tuple[dict[KeyPath, object], dict[KeyPath, object]]:
        """The new values, and the ones they were based on."""
        return dict(self.values), {path: self._before.get(path) for path in self.values}
