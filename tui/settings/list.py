"""The list of settings, under a heading for each section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.settings.sheet import Setting
from tui.settings.text import heading
from tui.widgets.lines import Line
from tui.widgets.picker import Picker


class SettingsPicker(Picker):
    """A picker whose cursor skips the headings."""

    def move(self, by: int) -> None:
        super().move(by)
        self.skip_heading(1 if by > 0 else -1)

    def skip_heading(self, direction: int = 1) -> None:
        """Leave a heading in this direction; there is no setting above the first one."""
        if self.chosen.startswith("["):
            super().move(direction)
        if self.chosen.startswith("["):
            super().move(1)


def grouped(settings: Sequence[Setting], lines: Sequence[Line]) -> Iterator[tuple[str, Line]]:
    """The rows by name, with a heading above each section."""
    section = ""
    for setting, row in zip(settings, lines, strict=True):
        if setting.path[0] != section:
            section = setting.path[0]
            yield f"[{section}]", heading(section)
        yield setting.key, row


def matches(setting: Setting, words: str) -> bool:
    """Whether the key or the meaning of the setting holds each of the words."""
    text = f"{setting.key} {setting.meaning}".lower()
    return all(word in text for word in words.lower().split())
