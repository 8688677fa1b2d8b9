"""Letters typed at a person's and at a line's speed into a console that was just opened: in a
real terminal, each arrives once and in its order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from tests.helpers import wait_for
from tests.tui.helpers import PtyConsole

PACES_S = (0.01, 0.03, 0.08)
PLACES = {
    "filter": ((), "/SMR\r", "/SMR 1 of 13"),
    "palette": ((), "\x10retrain", "Do what? retrain_"),
    "restore": ((("4", "backup_2026"), ("\r", "LIVE NOW")), "rNVDA", ": NVDA"),
    "setting": (((",", "[market]"),), "\r\x15csv:bars", "csv:bars"),
    "time": ((("5", "weekly"),), "e\x1525 3 * * 2", "25 3 * * 2"),
}
"""The way there, with what stands there; what opens and fills the field; the field then."""
TRIES = tuple(product(PLACES, PACES_S))


@contextmanager
def fresh_console(folder: Path) -> Iterator[PtyConsole]:
    """A console that was drawn once."""
    console = PtyConsole(folder / "home", "furnished")
    try:
        console.see("1 RUN")
        yield console
    finally:
        console.close()


def type_at(console: PtyConsole, typed: str, pace_s: float) -> None:
    """One key after the other, as fast as `pace_s` says."""
    for letter in typed:
        console.send(letter.encode())
        time.sleep(pace_s)


def try_all(folder: Path, count: int) -> list[str]:
    """What went wrong in `count` fresh consoles."""
    wrong = []
    for at in range(count):
        place, pace_s = TRIES[at % len(TRIES)]
        way, typed, filled = PLACES[place]
        with fresh_console(folder / str(at)) as console:
            try:
                for key, there in way:
                    console.send(key.encode())
                    console.see(there)
                type_at(console, typed, pace_s)
                console.see(filled)
            except AssertionError as error:
                wrong.append(f"{place} at {pace_s * 1000:.0f} ms: {error}")
    return wrong


@pytest.mark.timeout(600)
def test_no_letter_is_lost_or_moved(tmp_path: Path) -> None:
    """In twenty fresh consoles, each place at each pace."""
    assert try_all(tmp_path, 20) == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_letter_is_lost_or_moved_in_two_hundred(tmp_path: Path) -> None:
    """The same for longer, also while the machine is busy."""
    assert try_all(tmp_path, 200) == []


@pytest.mark.parametrize("gap_s", [0.0, 0.03, 0.16])
def test_escape_and_the_next_key_do_both(tmp_path: Path, gap_s: float) -> None:
    """`esc` leaves the help of the backups, and `2` behind it shows the runs."""

    def shown(words: str) -> Callable[[], bool]:
        return lambda: words in console.text.splitlines()[2]

    with fresh_console(tmp_path) as console:
        console.send(b"4")
        wait_for(shown("Backups"), what="the backups")
        console.send(b"?")
        console.see("Keys of the backups")
        console.send(b"\x1b")
        time.sleep(gap_s)
        console.send(b"2")
        wait_for(shown("Runs"), what="the runs")
