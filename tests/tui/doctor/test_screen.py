"""The Doctor screen: the child's findings, the console's own terminal and line, and what it says
when there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.api import Engine
from engine.children.messages import ExamineMachine, MachineExamined
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import Level
from engine.watch.machine import Machine
from engine.watch.records import Item
from tests.helpers import new_home
from tests.tui.helpers import heading, opened, screen_text, until
from tests.tui.scenes import DOCTOR, clock, trained_home
from tui.doctor.screen import DoctorScreen
from tui.doctor.text import cleaned, counted, merged, own_items, page
from tui.terminal.line_speed import LineSpeed
from tui.terminal.vitals import Vitals
from tui.widgets.lines import plain


async def test_it_stands_in_the_palette_and_tells_the_worst_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`doctor` in the palette opens it: states as words, fixes, this console's own terminal in
    place of the child's."""
    monkeypatch.setenv("TERM", "tmux-256color")
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("ctrl+p", *"doctor", "enter")
        await until(
            pilot,
            lambda: isinstance(app.screen, DoctorScreen) and "no cron daemon" in screen_text(app),
            "the page",
        )
        _status, _tabs, title, first, second, *rest = screen_text(app).splitlines()
        assert title.startswith("Doctor  1 WARN")
        assert (first.split()[:2], second.strip()) == (
            ["cron", "WARN"],
            "fix: start it, or move the jobs",
        )
        assert any(found.startswith("terminal  OK    tmux-256color 80x24") for found in rest)
        assert any(found.startswith("link      OK    this console: fast line") for found in rest)
        assert "not measured: no console" not in screen_text(app)
        assert engine.asked("child") == [ExamineMachine()]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main, "the dashboard")


async def test_it_asks_again_when_told_to(tmp_path: Path) -> None:
    """Help and back ask nobody; ctrl+r asks the child again and shows what it found now."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("8")
        await until(pilot, lambda: "ctrl+r looks again" in screen_text(app), "the page")
        await pilot.press("question_mark", "escape")
        await until(pilot, lambda: isinstance(app.screen, DoctorScreen), "the page again")
        cured = tuple(replace(item, level=Level.OK) for item in DOCTOR.items)
        engine.answers[ExamineMachine] = MachineExamined(cured)
        app.wall.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "all OK" in heading(app), "the second look")
        assert engine.asked("child") == [ExamineMachine(), ExamineMachine()]


async def test_a_doctor_that_hangs_or_fails_is_told(tmp_path: Path) -> None:
    """While the child is at work keys work; what it fails with stands there;
    a failure after a look keeps the old page."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.gate.clear()
        engine.error = StockmlError(
            "engine.cli doctor did not end within 600 s", "look at the disk"
        )
        await pilot.press("8")
        await until(pilot, lambda: "asking the doctor" in screen_text(app), "the wait")
        engine.gate.set()
        await until(
            pilot, lambda: "ERROR: engine.cli doctor did not end" in screen_text(app), "the error"
        )
        engine.error = None
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "no cron daemon runs" in screen_text(app), "the page")
        engine.error = StockmlError("no child can be started", "")
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: "ERROR: cannot read again: no child can be started" in screen_text(app),
            "the failure",
        )
        assert "no cron daemon runs" in screen_text(app)


def test_the_real_doctors_answer_is_read(tmp_path: Path) -> None:
    """What the child answers has the items that the screen replaces by the console's own."""
    home = new_home(tmp_path / "home")
    items = cleaned(Engine(home).children.examine_machine().items)
    own = (Item("link", Level.OK, "mine"), Item("terminal", Level.WARN, "60x15", "make it larger"))
    found = merged(items, own)

    assert {"terminal", "locale", "link", "cron", "home", "packages"} <= {
        item.name for item in items
    }
    assert [item.text for item in found if item.name in ("link", "terminal")] in (
        ["60x15", "mine"],
        ["mine", "60x15"],
    )
    assert len(found) == len(items)
    assert [item.level for item in found] == sorted(
        (item.level for item in found), key=[Level.CRIT, Level.WARN, Level.OK].index
    )


@pytest.mark.parametrize("width", [10, 40, 80, 120])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    """Items, fixes and the ending are folded; every item has its word."""
    items = (
        Item("home", Level.CRIT, "/srv/" + "deep/" * 40, "chown -R 1000 /srv"),
        Item("disk", Level.OK, "free " * 30),
    )
    lines = [
        plain(found) for found in page(items, width, "as seen at 14:37:11; ctrl+r looks again")
    ]

    assert all(len(found) <= width for found in lines)
    assert width < 40 or ("CRIT" in lines[0] and any("fix: chown" in found for found in lines))
    assert counted(items) == (("1 CRIT", "crit"),)


def test_a_stall_is_told_with_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest stall of this console's loop is beside its line; without one nothing is."""
    vitals = Vitals(Home(tmp_path), clock(), LineSpeed("slow"), read_only=True)
    machine = Machine({"TERM": "xterm"}, True, 60, 15, "UTF-8")

    calm, terminal = tuple(own_items(machine, vitals))[-1], next(own_items(machine, vitals))
    monkeypatch.setattr(Vitals, "longest_stall_s", 3.2)
    assert calm.text == "this console: slow line"
    assert (
        tuple(own_items(machine, vitals))[-1].text
        == f"{calm.text}; its event loop stalled for 3.2 s"
    )
    assert (terminal.level, terminal.fix) == (Level.WARN, "make the window 80x24 or larger")
