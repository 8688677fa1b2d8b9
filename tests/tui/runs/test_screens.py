"""The Runs screen and one run: every state in words, figures before and after, losses as a
chart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.records import Job, JobState, Metrics
from tests.tui.helpers import heading, opened, screen_text, until
from tests.tui.scenes import NOW, RUN_ID, ended_run, live_run, snapshot, trained_home, training_home
from tui.dashboard.screen import MainScreen
from tui.runs.detail import RunScreen
from tui.runs.list import RunsScreen
from tui.runs.text import job_row


async def test_live_runs_stand_first_with_their_symbols(tmp_path: Path) -> None:
    """`2` lists the live run before the ended one, with state, exit and counts;
    below stand its symbols."""
    async with opened(tmp_path / "home", training_home(), (120, 40)) as (app, _, pilot):
        await pilot.press("2")
        await until(pilot, lambda: RUN_ID in screen_text(app), "the runs")
        rows = screen_text(app).splitlines()[2:]

        assert rows[2].startswith(f"> {RUN_ID}  RUNNING")
        assert "2 running" in rows[2]
        assert "FAILED" in "\n".join(rows[4:])
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")


@pytest.mark.parametrize("width", [80, 120])
async def test_simulated_runs_are_marked(tmp_path: Path, width: int) -> None:
    """Beside runs on real bars a simulated one is marked in its row;
    where all are simulated the title says it."""
    simulated = replace(ended_run(), source="simulated")
    mixed = replace(training_home(), runs=(live_run(), simulated))
    async with opened(tmp_path / "home", mixed, (width, 24)) as (app, engine, pilot):
        await pilot.press("2")
        await until(pilot, lambda: simulated.id in screen_text(app), "the runs")
        rows = screen_text(app).splitlines()
        assert [
            "SIMULATED" in next(row for row in rows if run.id in row)
            for run in (live_run(), simulated)
        ] == [False, True]
        assert "SIMULATED" not in rows[0]
        engine.snap = replace(training_home(), runs=(simulated,))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "SIMULATED" in heading(app), "the mark")
        assert "BARS" not in screen_text(app)


async def test_a_run_opens_with_chart_and_log(tmp_path: Path) -> None:
    """`enter` shows the progress of the run, the losses of the chosen symbol as a braille chart,
    and the way back."""
    async with opened(tmp_path / "home", training_home(), (100, 40)) as (app, _, pilot):
        await pilot.press("2")
        await until(
            pilot,
            lambda: isinstance(app.screen, RunsScreen) and RUN_ID in screen_text(app),
            "the runs",
        )
        await pilot.press("enter")
        await until(
            pilot,
            lambda: isinstance(app.screen, RunScreen) and "RUNNING" in screen_text(app),
            "the run",
        )
        for _ in range(12):
            if "loss per epoch 1 to" in screen_text(app):
                break
            await pilot.press("j")
        text = screen_text(app)
        assert "▪▪▪·· [" in text
        assert " 5/13 " in text
        assert "─ training 0.0" in text
        assert "┄ validation 0.0" in text
        assert any("\u2801" <= character <= "\u28ff" for character in text)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")


async def test_the_chart_is_ascii_where_it_must_be(tmp_path: Path) -> None:
    """Without UTF-8 the chart is drawn with * and o, and every character is ASCII."""
    async with opened(tmp_path / "home", training_home(), (100, 40), ascii_only=True) as (
        app,
        _,
        pilot,
    ):
        await pilot.press("2")
        await until(
            pilot,
            lambda: isinstance(app.screen, RunsScreen) and RUN_ID in screen_text(app),
            "the runs",
        )
        await pilot.press("enter")
        await until(
            pilot,
            lambda: isinstance(app.screen, RunScreen) and "RUNNING" in screen_text(app),
            "the run",
        )
        for _ in range(12):
            if "loss per epoch" in screen_text(app):
                break
            await pilot.press("j")
        text = screen_text(app)
        assert text.isascii()
        assert "* training" in text


async def test_cancel_asks_and_ended_runs_are_told(tmp_path: Path) -> None:
    """`x` on the live run asks and then cancels; on an ended one it says so."""
    async with opened(tmp_path / "home", training_home()) as (app, engine, pilot):
        await pilot.press("2")
        await until(
            pilot,
            lambda: isinstance(app.screen, RunsScreen) and RUN_ID in screen_text(app),
            "the runs",
        )
        await pilot.press("x")
        await until(pilot, lambda: f"Cancel run {RUN_ID}?" in screen_text(app), "the question")
        await pilot.press("y")
        await until(pilot, lambda: engine.asked("cancel"), "the cancel")
        assert engine.asked("cancel") == [RUN_ID]
        await pilot.press("G", "x")
        await until(pilot, lambda: "this run has ended" in screen_text(app), "the notice")


async def test_no_run_yet(tmp_path: Path) -> None:
    """An empty home says what to do."""
    async with opened(tmp_path / "home", replace(trained_home(), runs=())) as (app, _, pilot):
        await pilot.press("2")
        await until(
            pilot,
            lambda: "no run yet: 1, then A trains every symbol" in screen_text(app),
            "the words",
        )


async def test_a_failing_look_is_said(tmp_path: Path) -> None:
    """An engine that raises is told on the screen and the next good look takes it away."""
    async with opened(tmp_path / "home", training_home()) as (app, engine, pilot):
        good, engine.snap = engine.snap, OSError("disk gone")
        await pilot.press("2")
        await until(pilot, lambda: "disk gone" in screen_text(app), "the failure")
        assert "CANNOT READ" in screen_text(app)
        engine.snap = good
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: RUN_ID in screen_text(app) and "CANNOT READ" not in screen_text(app),
            "the runs",
        )


def test_figures_before_and_after() -> None:
    """A job shows the champion's figures before its own; without a champion its own alone;
    without any a dash."""
    job = Job(
        "NVDA",
        JobState.DONE,
        metrics=Metrics(100, 52.0, 1.5, 1.6, 0.97),
        champion=Metrics(100, 50.0, 1.62, 1.6, 1.01),
    )

    assert [text for text, _ in job_row(job, NOW)[4:7]] == [
        "1.62 > 1.50",
        "50.0 > 52.0",
        "1.010 > 0.970",
    ]
    assert [text for text, _ in job_row(replace(job, champion=None), NOW)[4:7]] == [
        "1.50",
        "52.0",
        "0.970",
    ]
    assert [text for text, _ in job_row(Job("NVDA"), NOW)[4:7]] == ["-", "-", "-"]
    assert snapshot(()).runs == ()
