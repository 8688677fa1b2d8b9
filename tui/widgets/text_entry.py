"""A line that is typed into: pure editing, and how it is shown with its cursor."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.widgets.lines import Line

MAX_LENGTH = 250


@dataclass(frozen=True, slots=True)
class TextEntry:
    """A text and the place of its cursor."""

    text: str = ""
    cursor: int = 0

    @classmethod
    def of(cls, text: str) -> TextEntry:
        """The text with the cursor behind it."""
        return cls(text, len(text))

    def pressed(self, key: str, character: str | None) -> TextEntry | None:
        """The entry after a key; None when the key edits nothing."""
        text, cursor = self.text, self.cursor
        moves = {
            "left": max(0, cursor - 1),
            "right": min(len(text), cursor + 1),
            "home": 0,
            "end": len(text),
        }
        if key in moves:
            return replace(self, cursor=moves[key])
        if key == "backspace":
            return TextEntry(text[: max(0, cursor - 1)] + text[cursor:], max(0, cursor - 1))
        if key == "delete":
            return TextEntry(text[:cursor] + text[cursor + 1 :], cursor)
        if key == "ctrl+u":
            return TextEntry()
        if character and character.isprintable() and len(character) == 1:
            if len(text) >= MAX_LENGTH:
                return None
            return TextEntry(text[:cursor] + character + text[cursor:], cursor + 1)
        return None

    def line(self, prompt: str) -> Line:
        """The prompt and the text; the cursor is reversed, so that it is seen without colour."""
        under = self.text[self.cursor : self.cursor + 1] or " "
        return (
            (prompt, "head"),
            (self.text[: self.cursor], ""),
            (under, "cursor"),
            (self.text[self.cursor + 1 :], ""),
        )
