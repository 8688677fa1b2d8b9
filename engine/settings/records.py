"""The records of a change to the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.settings.document import (
    toml_text,
)
from engine.settings.schema import Settings

Check = Callable[[Settings], Iterable[str]]
"""What else must be right with the settings; the console alone knows the ids of keys."""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One key of the file: its value before (None: absent) and after (None: taken out)."""

    key: str
    before: object
    after: object

    @property
    def audit_text(self) -> str:
        """The change as the audit has it."""
        values = (self.before, self.after)
        return " -> ".join("none" if value is None else toml_text(value) for value in values)
