"""The console's colours, one row per theme; imports no Textual."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.theme import Theme

DEFAULT = "ansi_default"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme: `#rrggbb`, or a name of the terminal's own sixteen."""

    name: str
    """The name used in `[console] theme`."""
    meaning: str
    _: KW_ONLY
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
        background="#0f1419",
        foreground="#d8dee6",
        dim="#8f9ba8",
        ok="#6cc788",
        warn="#f0b35a",
        crit="#ff7b72",
        live="#6fb3ff",
    ),
    Palette(
        "light",
        "a light background",
        background="#fafafa",
        foreground="#1f2328",
        dim="#59636e",
        ok="#116329",
        warn="#7d4e00",
        crit="#b3121d",
        live="#0b57b8",
        dark=False,
    ),
    Palette(
        "high-contrast",
        "black and bright",
        background="#000000",
        foreground="#ffffff",
        dim="#c8c8c8",
        ok="#5dff7f",
        warn="#ffd54a",
        crit="#ff9b94",
        live="#7fd0ff",
    ),
    # Sky blue, yellow and vermilion after Okabe and Ito; what is live is white.
    Palette(
        "colour-blind",
        "blue and orange for green and red",
        background="#0f1419",
        foreground="#e6e6e6",
        dim="#98a2ad",
        ok="#56b4e9",
        warn="#f0e442",
        crit="#e8731a",
        live="#ffffff",
    ),
    Palette(
        "16-colours",
        "the terminal's own colours on dark",
        background=DEFAULT,
        foreground=DEFAULT,
        dim=DEFAULT,
        ok="ansi_bright_green",
        warn="ansi_bright_yellow",
        crit="ansi_bright_red",
        live="ansi_bright_cyan",
    ),
    # Green, yellow and cyan of most terminals are too pale on white.
    Palette(
        "16-colours-light",
        "the terminal's own colours on light",
        background=DEFAULT,
        foreground=DEFAULT,
        dim=DEFAULT,
        ok="ansi_blue",
        warn="ansi_magenta",
        crit="ansi_red",
        live=DEFAULT,
        dark=False,
    ),
    Palette(
        "no-colour",
        "bold, dim and reverse alone",
        background=DEFAULT,
        foreground=DEFAULT,
        dim=DEFAULT,
        ok=DEFAULT,
        warn=DEFAULT,
        crit=DEFAULT,
        live=DEFAULT,
    ),
)
BY_NAME = {palette.name: palette for palette in PALETTES}


def theme_of(palette: Palette) -> Theme:
    """The palette as Textual's theme; dialogs share its background, so one contrast holds."""
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


def palette_after(name: str, *, few_colours: bool) -> Palette:
    """The palette that follows `name`; with few colours only those that the terminal can show."""
    shown = [palette for palette in PALETTES if palette.ansi or not few_colours]
    names = [palette.name for palette in shown]
    index = names.index(name) if name in names else -1
    return shown[(index + 1) % len(shown)]
