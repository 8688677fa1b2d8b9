"""The console in real terminals of little: their own colours, no colours, ASCII.

Every screen by its key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import wait_for
from tests.tui.helpers import PtyConsole

# (keys, words that stand there)
WALK = (
    (b"2", "RUN "),
    (b"3", "Logs"),
    (b"4", "no backup yet"),
    (b"5", "nothing installed"),
    (b"6", "FIRING"),
    (b"7", "Service"),
    (b",", "[market]"),
    (b"H", "Record"),
    (b"1", "NVDA"),
    (b"\r", "Price"),
    (b"q", "NVDA"),
    (b"A", "Cancel"),
    (b"n", "NVDA"),
    (b":", "the dashboard: every symbol"),
    (b"\x1b", "NVDA"),
    (b"\x10", "Do what?"),
)
SGR = re.compile(rb"\x1b\[([0-9;]*)m")
CASES = {
    "xterm": {"TERM": "xterm"},
    "linux": {"TERM": "linux"},
    "screen": {"TERM": "screen"},
    "tmux-256color": {"TERM": "tmux-256color"},
    "linux in ASCII": {"TERM": "linux", "LC_ALL": "C"},
    "tmux-256color without colour": {"TERM": "tmux-256color", "NO_COLOR": "1"},
}


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[PtyConsole]:
    found = PtyConsole(tmp_path / "home", "watched", **CASES[request.param])  # type: ignore[arg-type]
    yield found
    found.close()


def colours(raw: bytes) -> set[str]:
    """The kinds of colour that were sent: own (the terminal's sixteen), 256, true."""
    kinds = set()
    for found in SGR.findall(raw):
        codes = found.decode().split(";")
        if "38" in codes or "48" in codes:
            at = codes.index("38" if "38" in codes else "48")
            kinds.add({"2": "true", "5": "256"}[codes[at + 1]])
        elif any(
            30 <= int(code or 0) <= 37 or 40 <= int(code or 0) <= 47 or 90 <= int(code or 0) <= 107
            for code in codes
        ):
            kinds.add("own")
    return kinds


@pytest.mark.parametrize(
    ("opened", "sent"),
    [
        ("xterm", {"own"}),
        ("linux", {"own"}),
        ("screen", {"own"}),
        ("tmux-256color", {"256"}),
        ("linux in ASCII", {"own"}),
        ("tmux-256color without colour", set()),
    ],
    indirect=["opened"],
    ids=list(CASES),
)
def test_every_screen_in_this_terminal(
    opened: PtyConsole, sent: set[str], request: pytest.FixtureRequest
) -> None:
    """Each screen comes up by its key;
    no colour is sent that the terminal has not, and no byte beyond ASCII in a C locale."""
    opened.see("> NVDA")
    for keys, words in WALK:
        opened.send(keys)
        wait_for(
            lambda words=words: words in opened.text,  # type: ignore[misc]
            20,
            f"{words!r} after {keys!r}; the screen:\n{opened.text}",
        )
        assert "Traceback" not in opened.text
    opened.send(b"\x11")

    assert opened.wait() == 0
    assert colours(bytes(opened.raw)) == sent
    assert opened.raw.isascii() == ("ASCII" in request.node.callspec.id)


@pytest.mark.parametrize("opened", ["linux in ASCII"], indirect=True)
def test_selection_and_marks_are_seen_without_colour(opened: PtyConsole) -> None:
    """The current row has its `>` and is reversed, a marked one its `*`, in any terminal."""
    opened.see("> NVDA")
    opened.send(b" ")
    opened.see("> TSLA")
    opened.see(" *NVDA")
    (at,) = [row for row, found in enumerate(opened.screen.display) if found.startswith("> TSLA")]

    assert opened.screen.buffer[at][10].reverse
    assert not opened.screen.buffer[at + 1][10].reverse
