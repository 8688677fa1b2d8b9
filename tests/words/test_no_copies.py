"""No figure is formatted outside engine.words: commands and console have no spelling of their own.

What counts as a figure: an f-string whose format has decimals, a sign, thousands or a date, and a
division by 60, 1000, 1024, 3600 or 86,400.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIGURE = re.compile(r"[+,z]|\.\d*[a-z%]?$|[fegd%]$")
DATE = re.compile(r"%[a-zA-Z]")
UNITS = (60, 1000, 1024, 3600, 86_400)
EXCEPTIONS = {
    "engine/cli/backtest.py": "the name of a file",
    "engine/cli/crash.py": "the name of a file",
}


def own_figures(source: str) -> Iterator[tuple[int, str]]:
    """(line, why) of every figure that is formatted in `source`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            spec = "".join(
                str(part.value)
                for part in node.format_spec.values
                if isinstance(part, ast.Constant)
            )
            if FIGURE.search(spec) or DATE.search(spec):
                yield node.lineno, f"the format {spec!r}"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
            divisor = node.right
            if isinstance(divisor, ast.Constant) and divisor.value in UNITS:
                yield node.lineno, f"a division by {divisor.value}"
        elif isinstance(node, ast.Attribute) and node.attr == "strftime":
            yield node.lineno, "strftime"


def modules() -> list[str]:
    """Every module of the two front ends."""
    paths = [*(ROOT / "engine" / "cli").rglob("*.py"), *(ROOT / "tui").rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


@pytest.mark.parametrize("module", modules())
def test_a_front_end_formats_no_figure_of_its_own(module: str) -> None:
    """A second spelling of a number, a size, a duration or a moment begins here."""
    found = list(own_figures((ROOT / module).read_text(encoding="utf-8")))
    if module in EXCEPTIONS:
        assert found, f"{module} needs no exception any more"
    else:
        assert not found, f"{module}: {found}; engine.words has it"


@pytest.mark.parametrize(
    "source",
    [
        "f'{x:.2f}'",
        "f'{x:,}'",
        "f'{x:+.1f} %'",
        "f'{x:6.1f}'",
        "f'{x:02d}'",
        "f'{x:.0%}'",
        "f'{when:%H:%M}'",
        "when.strftime('%H:%M')",
        "seconds / 3600",
        "size // 1024",
        "days = seconds / 86_400",
    ],
)
def test_a_figure_of_its_own_is_seen(source: str) -> None:
    """The guard can fail."""
    assert list(own_figures(source))


@pytest.mark.parametrize(
    "source", ["f'{name:<8}'", "f'{name:>{width}}'", "f'{name:^5}'", "share / 2", "f'{a}: {b}'"]
)
def test_padding_is_no_figure(source: str) -> None:
    """Text may be padded where it stands."""
    assert not list(own_figures(source))
