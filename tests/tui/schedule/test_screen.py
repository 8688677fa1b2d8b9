"""The Schedule screen: looking writes nothing, changes are shown before they are written, and
nothing foreign moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.core.records import Level
from engine.schedule.jobs import JOBS, STANDARD_JOBS
from engine.schedule.records import Daemon
from tests.tui.fake import FakeEngine
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.app import StockmlApp
from tui.dashboard.screen import MainScreen
from tui.dialogs.confirm import ConfirmScreen
from tui.schedule.form import ScheduleForm
from tui.schedule.screen import ScheduleScreen

FOREIGN = b"MAILTO=me\n5 4 * * *\techo hi \n"
PROGRAM = Path("/bin/true")


def install(engine: FakeEngine) -> None:
    """The standard jobs, as `schedule install` writes them, below a foreign tab."""
    engine.crontab.tab = FOREIGN
    scheduler = engine.schedule.scheduler()
    scheduler.write(scheduler.install(scheduler.current(), (), PROGRAM))


def stockml_program(folder: Path) -> Path:
    """Something that is called stockml and can be run."""
    program = folder / "bin" / "stockml"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def times(engine: FakeEngine) -> dict[str, tuple[str, bool]]:
    """What really stands in the crontab."""
    return {
        line.job: (line.expression, line.enabled)
        for line in engine.schedule.scheduler().current().lines
    }


async def open_schedule(app: StockmlApp, pilot: Pilot[Any]) -> ScheduleScreen:
    """The screen after its first look."""
    await pilot.press("5")
    await until(
        pilot, lambda: isinstance(app.screen, ScheduleScreen) and app.screen.value, "the schedule"
    )
    await pilot.pause()
    assert isinstance(app.screen, ScheduleScreen)
    return app.screen


async def confirmed(app: StockmlApp, pilot: Pilot[Any], title: str) -> None:
    """Wait for a confirmation with these words, and say yes."""
    await until(
        pilot, lambda: isinstance(app.screen, ConfirmScreen) and title in screen_text(app), title
    )
    await pilot.press("y")


async def test_opening_and_leaving_writes_nothing(tmp_path: Path) -> None:
    """Every job, its words, next runs in both zones and the rest of the tab are shown;
    no write reaches crontab."""
    async with opened(tmp_path / "home", trained_home(), (120, 40)) as (app, engine, pilot):
        install(engine)
        before, writes = engine.crontab.tab, engine.crontab.writes
        await open_schedule(app, pilot)
        text = screen_text(app)
        await pilot.press("j", "k", "escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")

        assert all(job in text for job in JOBS)
        assert "0 6,12,18 * * 1-5" in text
        assert "cron runs" in text
        assert "At 02:00 on Sunday" in text
        assert "Sun 2026-11-01 02:00 EST" in text
        assert "the rest of your crontab, 2 lines, never touched" in text
        assert "5 4 * * *\\techo hi\\x20" in text
        assert engine.crontab.tab == before
        assert engine.crontab.writes == writes


async def test_a_time_is_edited_shown_and_written(tmp_path: Path) -> None:
    """`e` checks at every key, `w` shows the difference of the whole tab, `y` writes;
    the foreign lines stay."""
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, engine, pilot):
        install(engine)
        screen = await open_schedule(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ScheduleForm), "the form")
        await pilot.press("ctrl+u", *"0 25 * * 0")
        assert "WRONG  hour: 25" in screen_text(app)
        await pilot.press("enter")
        assert isinstance(app.screen, ScheduleForm)
        await pilot.press("ctrl+u", *"30 4 * * 0")
        assert "At 04:30 on Sunday" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen, "the schedule")
        await pilot.pause()
        assert "NOT WRITTEN" in screen_text(app)
        assert times(engine)["weekly"] == ("0 2 * * 0", True)

        await pilot.press("w")
        await until(pilot, lambda: "+30 4 * * 0" in screen_text(app), "the difference")
        assert "-0 2 * * 0" in screen_text(app)
        await confirmed(app, pilot, "Write this to your crontab?")
        await until(pilot, lambda: screen.edit is None, "the write")
        assert times(engine)["weekly"] == ("30 4 * * 0", True)
        assert engine.crontab.tab is not None
        assert engine.crontab.tab.startswith(FOREIGN)

        await pilot.press("u")
        await confirmed(app, pilot, "Undo this to your crontab?")
        await until(pilot, lambda: times(engine)["weekly"] == ("0 2 * * 0", True), "the undo")


async def test_presets_come_first(tmp_path: Path) -> None:
    """The form lists presets in words; the arrow keys put one into the field."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        install(engine)
        screen = await open_schedule(app, pilot)
        await pilot.press("e", "down", "enter")
        await until(pilot, lambda: app.screen is screen and screen.edit, "the change")

        assert screen.edit
        assert screen.edit.line("weekly").expression == "0 4 * * 0"  # type: ignore[union-attr]


async def test_changes_outlive_a_look_elsewhere_and_leaving_asks(tmp_path: Path) -> None:
    """esc and another screen keep them; ctrl+q asks, and nothing is written."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        install(engine)
        writes = engine.crontab.writes
        screen = await open_schedule(app, pilot)
        await pilot.press("space")
        for key in ("escape", "1"):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
            await until(pilot, lambda: "5 Sched*" in screen_text(app), "the mark on the tab")
            screen = await open_schedule(app, pilot)
            assert screen.edit
            assert screen.edit.changed == ("weekly",)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "schedule: weekly" in screen_text(app), "the question")
        await pilot.press("n")
        await until(pilot, lambda: app.screen is screen, "the schedule")
        assert engine.crontab.writes == writes


async def test_toggle_undo_and_remove(tmp_path: Path) -> None:
    """space pauses, u takes the change back, D takes a job out after a question; only w writes."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        install(engine)
        screen = await open_schedule(app, pilot)
        await pilot.press("space")
        assert screen.edit
        assert screen.edit.changed == ("weekly",)
        await pilot.press("u")
        assert screen.edit is None
        await pilot.press("j", "D")
        await confirmed(app, pilot, "Take performance out")
        await until(pilot, lambda: screen.edit, "the change")
        assert set(times(engine)) == set(STANDARD_JOBS)
        await pilot.press("w")
        await confirmed(app, pilot, "Write this")
        await until(
            pilot, lambda: set(times(engine)) == set(STANDARD_JOBS) - {"performance"}, "the write"
        )


async def test_a_first_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty schedule `n` adds the standard jobs and `w` writes them;
    no daemon is said loudly."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        monkeypatch.setenv("PATH", f"{stockml_program(tmp_path).parent}:/usr/bin:/bin")
        engine.daemon = Daemon(False, detail="no process is named cron")
        screen = await open_schedule(app, pilot)
        assert "NO CRON DAEMON" in screen_text(app)
        assert "no job starts before one does (`stockml doctor`" in " ".join(
            screen_text(app).split()
        )
        await pilot.press("n")
        await until(pilot, lambda: screen.edit and screen.edit.changed, "the jobs")
        assert engine.crontab.tab is None
        await pilot.press("w")
        await confirmed(app, pilot, "Write this")
        await until(pilot, lambda: engine.crontab.tab, "the write")
        assert set(times(engine)) == set(STANDARD_JOBS)
        await until(
            pilot,
            lambda: "nothing fires until one is started" in screen_text(app).replace("\n", " "),
            "the warning",
        )


async def test_another_programs_write_is_kept(tmp_path: Path) -> None:
    """A tab that changed since the look is a conflict: nothing is lost, the change stays and can
    be written again."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        install(engine)
        screen = await open_schedule(app, pilot)
        await pilot.press("space")
        engine.crontab.tab = (engine.crontab.tab or b"") + b"1 1 * * * foreign\n"
        await pilot.press("w")
        await confirmed(app, pilot, "Write this")
        await until(
            pilot, lambda: screen.notice and screen.notice.level is Level.CRIT, "the conflict"
        )
        assert b"foreign" in engine.crontab.tab
        assert times(engine)["weekly"][1]
        await until(
            pilot,
            lambda: screen.edit and screen.edit.base.tab == engine.crontab.tab,
            "the new look",
        )
        await pilot.press("w")
        await confirmed(app, pilot, "Write this")
        await until(pilot, lambda: not times(engine)["weekly"][1], "the write")
        assert b"foreign" in (engine.crontab.tab or b"")


async def test_run_now_asks_first(tmp_path: Path) -> None:
    """`T` and a yes start the current job; a no starts nothing."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        install(engine)
        await open_schedule(app, pilot)
        await pilot.press("T", "n")
        await pilot.press("G", "k", "T")
        await confirmed(app, pilot, "Run health now, as cron would?")
        await until(pilot, lambda: engine.asked("run-now"), "the start")
        assert engine.asked("run-now") == ["health"]


async def test_a_hand_edited_block_is_told_and_not_changed(tmp_path: Path) -> None:
    """With lines edited by hand the screen says so, and every change is refused with the next
    step."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        install(engine)
        assert engine.crontab.tab
        engine.crontab.tab = engine.crontab.tab.replace(b"0 3 * * *", b"0 5 * * *")
        before = engine.crontab.tab
        screen = await open_schedule(app, pilot)
        await pilot.press("space")
        assert screen.edit is None
        assert screen.notice
        assert "edited by hand" in screen.notice.text
        assert engine.crontab.tab == before


async def test_read_only_changes_nothing(tmp_path: Path) -> None:
    """A read-only console shows the schedule and refuses each key that writes."""
    async with opened(tmp_path / "home", trained_home(), read_only=True) as (app, engine, pilot):
        install(engine)
        writes = engine.crontab.writes
        screen = await open_schedule(app, pilot)
        await pilot.press("space", "e", "n", "D", "u", "T", "w")
        assert app.screen is screen
        assert screen.edit is None
        assert engine.crontab.writes == writes
        assert engine.calls == []


@pytest.mark.parametrize("mode", ["silent", "garbled", "denies"])
async def test_an_unreadable_crontab_is_said(tmp_path: Path, mode: str) -> None:
    """A `crontab -l` that fails is told, never taken for an empty tab, and nothing is written."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        install(engine)
        writes = engine.crontab.writes
        with engine.crontab.fails(mode):
            screen = await open_schedule(app, pilot)
            text = screen_text(app)
            await pilot.press("n", "space", "w")
            assert screen.edit is None
        assert "w write" in text.splitlines()[-1]
        assert "problem:" in text
        assert "NOT WRITTEN" not in text and all(
            f"{name:<11}  ?  " in text for name in ("weekly", "health")
        )
        assert (
            "CRONTAB UNREAD" in text
            and "nothing installed" not in text
            and "has nothing else" not in text
        )
        assert engine.crontab.writes == writes


async def test_a_check_shows_its_line_and_its_answer(tmp_path: Path) -> None:
    """`c` asks with the line; the answer is a notice, also where none came."""
    async with opened(tmp_path / "home", trained_home(), (120, 40)) as (app, engine, pilot):
        await open_schedule(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: "cron-run --probe" in screen_text(app), "the line")
        await confirmed(app, pilot, "Start this probe")
        await until(pilot, lambda: "no answer in 3 minutes" in screen_text(app), "the answer")
        assert ("schedule-check", "crontab") in [call[:2] for call in engine.calls]
