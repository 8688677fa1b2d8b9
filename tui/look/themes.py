"""The console's colours, one row a theme; colour only underlines what a word already says.

Imports no Textual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.theme import Theme

DEFAULT = "ansi_default"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme: `#rrggbb`, or a name of the terminal's own sixteen."""

    name: str
    """As `[console] theme` says it."""
    meaning: str
    background: str
    foreground: str
    dim: str
    ok: str
    warn: str
    crit: str
    live: str
    dark: bool = True

    @property
    def ansi(self) -> bool:
        """Whether it sends no colour but the terminal's own."""
        return self.background == DEFAULT


PALETTES = (
    Palette(
        "dark",
        "a dark background",
        "#0f1419",
        "#d8dee6",
        "#8f9ba8",
        "#6cc788",
        "#f0b35a",
        "#ff7b72",
        "#6fb3ff",
    ),
    Palette(
        "light",
        "a light background",
        "#fafafa",
        "#1f2328",
        "#59636e",
        "#116329",
        "#7d4e00",
        "#b3121d",
        "#0b57b8",
        dark=False,
    ),
    Palette(
        "high-contrast",
        "black and bright",
        "#000000",
        "#ffffff",
        "#c8c8c8",
        "#5dff7f",
        "#ffd54a",
        "#ff9b94",
        "#7fd0ff",
    ),
    # Sky blue, yellow and vermilion after Okabe and Ito; what is live is white.
    Palette(
        "colour-blind",
        "blue and orange for green and red",
        "#0f1419",
        "#e6e6e6",
        "#98a2ad",
        "#56b4e9",
        "#f0e442",
        "#e8731a",
        "#ffffff",
    ),
    Palette(
        "16-colours",
        "the terminal's own colours on dark",
        *(DEFAULT,) * 3,
        "ansi_bright_green",
        "ansi_bright_yellow",
        "ansi_bright_red",
        "ansi_bright_cyan",
    ),
    # Green, yellow and cyan of most terminals are too pale on white.
    Palette(
        "16-colours-light",
        "the terminal's own colours on light",
        *(DEFAULT,) * 3,
        "ansi_blue",
        "ansi_magenta",
        "ansi_red",
        DEFAULT,
        dark=False,
    ),
    Palette("no-colour", "bold, dim and reverse alone", *(DEFAULT,) * 7),
)
BY_NAME = {found.name: found for found in PALETTES}


def theme_of(palette: Palette) -> Theme:
    """The palette as Textual's theme;
    dialogs stand on the background itself, so that one contrast holds everywhere."""
    from textual.theme import Theme

    return Theme(
        palette.name,
        primary=palette.live,
        success=palette.ok,
        warning=palette.warn,
        error=palette.crit,
        accent=palette.live,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.background,
        panel=palette.background,
        dark=palette.dark,
        ansi=palette.ansi,
        variables={"dim": palette.dim},
    )


def after(name: str, *, few_colours: bool) -> Palette:
    """The theme that follows `name`; on a terminal of few colours only those it can show."""
    shown = [found for found in PALETTES if found.ansi or not few_colours]
    at = next((index for index, found in enumerate(shown) if found.name == name), -1)
    return shown[(at + 1) % len(shown)]
