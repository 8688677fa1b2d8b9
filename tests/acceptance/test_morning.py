"""A morning's work at the console, once by keyboard alone and once by mouse alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.mouse import click
from tests.helpers import wait_for
from tests.tui.helpers import PtyConsole


@pytest.fixture
def console(tmp_path: Path) -> Iterator[PtyConsole]:
    """A home that trains, with alerts, a backup and a schedule."""
    opened = PtyConsole(tmp_path / "home", "furnished", size=(120, 30))
    try:
        opened.see("1 RUN")
        yield opened
    finally:
        opened.close()


def test_by_keyboard_alone(console: PtyConsole) -> None:
    """What fires, its symbol, the run, a backup, the schedule, a setting, a command, the end."""
    for keys, there in (
        ("6", "FIRING"),
        ("1", "A all"),
        ("/SMR\r", "/SMR 1 of 13"),
        ("\x1b", "  NVDA  DONE"),
        ("2\r", "5/13"),
        ("4", "backup_2026"),
        ("5", "weekly"),
        ("8", "cron"),
        (",", "[market]"),
        (":status\r", "all is done"),
        ("M", "Messages"),
        ("1", "A all"),
        ("A", "[Cancel]"),
        ("n", "A all"),
    ):
        console.send(keys.encode())
        console.see(there)
    console.send(b"q")
    assert console.wait() == 0


def test_by_mouse_alone(console: PtyConsole) -> None:
    """Tabs, the status line, rows, heads, buttons and the footer lead where the keys do."""
    click(console, "6 Alerts", 1)
    console.see("FIRING")
    click(console, "1 Dash", 1)
    console.see("A all")
    click(console, "SYM")
    console.see("SYM▲")
    click(console, "TSLA")
    console.see("> TSLA")
    click(console, "MSFT", times=2)
    console.see("Symbol  MSFT")
    click(console, "esc back")
    console.see("A all")
    click(console, "1 RUN", 0)
    console.see("RUNNING")
    click(console, "5 Sched", 1)
    console.see("weekly")
    click(console, "1 Dash", 1)
    console.see("A all")
    click(console, "A all")
    click(console, "[Cancel]")
    wait_for(lambda: "[Cancel]" not in console.text, what="the dashboard alone")
    click(console, "? help")
    console.see("Keys of the dashboard")
    click(console, "esc back")
    console.see("q quit")
    click(console, "q quit")
    assert console.wait() == 0
