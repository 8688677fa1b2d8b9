"""A line that is typed into: pure editing, and how it is shown with its cursor."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.widgets.lines import Line

LONGEST = 250


@dataclass(frozen=True, slots=True)
class Entry:
    """A text and the place of its cursor."""

    text: str = ""
    at: int = 0

    @classmethod
    def of(cls, text: str) -> Entry:
        """The text with the cursor behind it."""
        return cls(text, len(text))

    def pressed(self, key: str, character: str | None) -> Entry | None:
        """The entry after a key; None when the key edits nothing."""
        text, at = self.text, self.at
        if key in ("left", "right", "home", "end"):
            return replace(
                self,
                at={
                    "left": max(0, at - 1),
                    "right": min(len(text), at + 1),
                    "home": 0,
                    "end": len(text),
                }[key],
            )
        if key == "backspace":
            return Entry(text[: max(0, at - 1)] + text[at:], max(0, at - 1))
        if key == "delete":
            return Entry(text[:at] + text[at + 1 :], at)
        if key == "ctrl+u":
            return Entry()
        if character and character.isprintable() and len(character) == 1 and len(text) < LONGEST:
            return Entry(text[:at] + character + text[at:], at + 1)
        return None

    def line(self, prompt: str) -> Line:
        """The prompt and the text; the cursor is reversed, so that it is seen without colour."""
        under = self.text[self.at : self.at + 1] or " "
        return (
            (prompt, "head"),
            (self.text[: self.at], ""),
            (under, "cursor"),
            (self.text[self.at + 1 :], ""),
        )
