"""Lines that redraw only what changed; all outside text is cleaned here before it is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from engine.core.text import clean

Span = tuple[str, str]
"""A text and the name of its style ("" for plain)."""
Line = tuple[Span, ...]

STYLES = ("ok", "warn", "crit", "live", "dim", "head", "bar", "cursor", "key", "mark")


def line(text: str, style: str = "") -> Line:
    """A line in one style."""
    return ((text, style),)


def plain(spans: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in spans)


def wrapped(spans: Line, width: int, indent: int = 9) -> tuple[Line, ...]:
    """The line cut at spaces into pieces of at most `width` cells, the later ones indented."""
    cells = _cells(spans)
    if width <= 3 * indent:
        indent = 2 if width > 8 else 0
    pieces: list[Line] = []
    while cells:
        room = max(1, width - (indent if pieces else 0))
        cut = len(cells) if len(cells) <= room else _break(cells, room)
        head = ((" " * indent, ""),) if pieces else ()
        pieces.append((*head, *_spans(cells[:cut])))
        cells = cells[cut:]
    return tuple(pieces)


def wrapped_all(lines: Iterable[Line], width: int, indent: int = 9) -> tuple[Line, ...]:
    """Every line wrapped."""
    return tuple(piece for spans in lines for piece in wrapped(spans, width, indent))


def _break(cells: Sequence[Span], room: int) -> int:
    """Behind the last space that fits, or in the middle of a word that is too long."""
    spaces = [index for index in range(room // 2, room) if cells[index][0] == " "]
    return spaces[-1] + 1 if spaces else room


def _spans(cells: Sequence[Span]) -> Line:
    return tuple(
        ("".join(char for char, _ in group), style)
        for style, group in groupby(cells, key=lambda cell: cell[1])
    )


def changed_cells(before: Line, after: Line, width: int) -> tuple[int, int]:
    """Where two lines of a widget of `width` cells differ: the first cell, and that behind the
    last; (0, 0) where they do not."""
    if before == after:
        return 0, 0
    old, new = _cells(before), _cells(after)
    if _has_marks(before) or _has_marks(after):
        return 0, width
    head = _shared(old, new)
    start = min(_width(new[:head]), width)
    if _width(old) != _width(new) or _width(new) > width:
        return start, width
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return start, _width(new) - _width(new[len(new) - tail :])


def _has_marks(spans: Line) -> bool:
    """Whether a character has no cell of its own and joins another one."""
    text = plain(spans)
    return not text.isascii() and not all(map(cell_len, text))


def _cells(spans: Line) -> list[Span]:
    return [(char, style) for text, style in spans for char in text]


def _width(cells: Sequence[Span]) -> int:
    return cell_len("".join(char for char, _ in cells))


def _shared(old: Sequence[Span], new: Sequence[Span]) -> int:
    """How many of the first characters are the same."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(old), len(new)))


class Lines(Widget):
    """Shows lines from the top and sends the cells that changed: a clock costs 35 bytes, the line
    that it stands in 300."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{name}" for name in STYLES}

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._shown: tuple[Line, ...] = ()
        self._styles_by_name: dict[str, Style] = {}

    @property
    def shown(self) -> tuple[Line, ...]:
        """The lines that are shown now, cleaned."""
        return self._shown

    @property
    def text(self) -> str:
        """The plain text of it all, for tests and copying."""
        return "\n".join(plain(spans) for spans in self._shown)

    def show(self, lines: Iterable[Line]) -> None:
        """Show `lines`; only those that differ are drawn again."""
        old, self._shown = self._shown, tuple(self._tidy(spans) for spans in lines)
        width, height = self.size
        longest = min(max(len(old), len(self._shown)), height)
        blank: Line = ()
        regions = []
        for y in range(longest):
            before = old[y] if y < len(old) else blank
            after = self._shown[y] if y < len(self._shown) else blank
            start, end = changed_cells(before, after, width)
            if end > start:
                regions.append(Region(start, y, end - start, 1))
        if regions and width:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        if y >= len(self._shown):
            return Strip.blank(self.size.width, base)
        segments = [
            Segment(text, base + self._style(style) if style else base)
            for text, style in self._shown[y]
        ]
        strip, width = Strip(segments), self.size.width
        if strip.cell_length <= width or width < 2:
            return strip.crop_extend(0, width, base)
        more = "~" if getattr(self.app, "ascii_only", False) else "…"
        return Strip([*strip.crop(0, width - 1), Segment(more, base)]).crop_extend(0, width, base)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_by_name.clear()

    def _style(self, name: str) -> Style:
        if name not in self._styles_by_name:
            style = self.get_component_rich_style(f"lines--{name}", partial=True)
            self._styles_by_name[name] = style
        return self._styles_by_name[name]

    def _tidy(self, spans: Line) -> Line:
        ascii_only = getattr(self.app, "ascii_only", False)
        cleaned = ((clean(text), style) for text, style in spans)
        return _merged((in_ascii(text) if ascii_only else text, style) for text, style in cleaned)


# What a sentence would lose its sense without; "?" stands for the rest.
_IN_ASCII = str.maketrans(
    {
        "…": "~",
        "–": "-",
        "—": "-",
        "≥": ">=",
        "≤": "<=",
        "÷": "/",
        "×": "x",
        "±": "+-",
        "→": "->",
        "·": "-",
        "²": "2",
    }
)


def _merged(spans: Iterable[Span]) -> Line:
    """Neighbours of one style as one span: each span costs its style's bytes again."""
    groups = groupby((span for span in spans if span[0]), key=lambda span: span[1])
    return tuple(("".join(text for text, _ in group), style) for style, group in groups)


def in_ascii(text: str) -> str:
    """The text as a plain terminal can show it; `± 4.1 %` keeps its width."""
    if text.isascii():
        return text
    return text.replace("± ", "±").translate(_IN_ASCII).encode("ascii", "replace").decode()
