"""Arithmetic of colours for the tests: contrast after WCAG 2, and how a colour looks to the
colour-blind."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.color import Color, ColorSystem

Rgb = tuple[float, float, float]

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
BLINDNESS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
# What terminals make of the sixteen names: the console of Linux (VGA), and xterm.
SIXTEEN: dict[str, dict[str, str]] = {
    "vga": {
        "blue": "#0000aa",
        "magenta": "#aa00aa",
        "red": "#aa0000",
        "bright_green": "#55ff55",
        "bright_yellow": "#ffff55",
        "bright_red": "#ff5555",
        "bright_cyan": "#55ffff",
    },
    "xterm": {
        "blue": "#0000ee",
        "magenta": "#cd00cd",
        "red": "#cd0000",
        "bright_green": "#00ff00",
        "bright_yellow": "#ffff00",
        "bright_red": "#ff0000",
        "bright_cyan": "#00ffff",
    },
}
_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)


def rgb(colour: str, system: ColorSystem = ColorSystem.TRUECOLOR) -> Rgb:
    """Red, green and blue from 0 to 1, as a terminal of that many colours shows them."""
    found = Color.parse(colour).downgrade(system).get_truecolor()
    return found.red / 255, found.green / 255, found.blue / 255


def _linear(colour: Rgb) -> Rgb:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return red, green, blue


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> Rgb:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def contrast(one: Rgb, other: Rgb) -> float:
    """WCAG 2: from 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_times(_XYZ, _linear(found))[1] for found in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def distance(one: Rgb, other: Rgb, blindness: str = "") -> float:
    """CIE76 difference, as seen with a colour blindness;
    about 2 is just noticed, 20 is plainly another colour."""
    return math.dist(_lab(one, blindness), _lab(other, blindness))


def _lab(colour: Rgb, blindness: str) -> Rgb:
    seen = _linear(colour)
    if blindness:
        red, green, blue = (min(1.0, max(0.0, part)) for part in _times(BLINDNESS[blindness], seen))
        seen = red, green, blue
    x, y, z = (_cube(part / white) for part, white in zip(_times(_XYZ, seen), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube(value: float) -> float:
    return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116
