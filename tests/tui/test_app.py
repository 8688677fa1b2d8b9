"""The application: what it looks at, what it asks, and what does not end it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from engine.core.errors import BusyError
from engine.core.records import SymbolState
from engine.core.snapshot import Away
from tests.tui.helpers import asked, opened, screen_text, until
from tests.tui.scenes import NOW, row, snapshot, trained_home, training_home
from tui.dashboard.status_refresh import same
from tui.work.messages import (
    AwayRead,
    Notice,
    ServiceSeen,
    SnapshotFailed,
    SnapshotRead,
    VerbDone,
    VerbFailed,
)


async def test_engine_errors_become_notices(tmp_path: Path) -> None:
    """A StockmlError shows its message and hint;
    any other error is shown and written to console.log; nothing dies."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.error = BusyError("NVDA is being trained", "wait for run 7", holder="run 7")
        await pilot.press("r")
        await until(
            pilot,
            lambda: "ERROR: NVDA is being trained (wait for run 7)" in screen_text(app),
            "the notice",
        )
        assert "SPY" in screen_text(app)

        await pilot.press("escape")
        assert "ERROR" not in screen_text(app)

        engine.error = ZeroDivisionError("division by zero\x1b[2J")
        await pilot.press("r")
        await until(
            pilot,
            lambda: "plan failed: ZeroDivisionError: division by zero" in screen_text(app),
            "the notice",
        )
        engine.error = None
        await pilot.press("r")
        await asked(app, pilot)

    log = (tmp_path / "home" / "logs" / "console.log").read_text()
    assert "action=plan error=ZeroDivisionError" in log
    assert "\x1b" not in log


async def test_a_hung_verb_blocks_neither_keys_nor_leaving(tmp_path: Path) -> None:
    """While the engine hangs keys work, a second press says so, and the console still leaves."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.gate.clear()
        await pilot.press("r")
        await until(pilot, lambda: engine.asked("plan"), "the call")
        await pilot.press("r")
        await until(pilot, lambda: "still at it" in screen_text(app), "the notice")
        await pilot.press("j")
        assert app.main.cursor == "TSLA"
        assert len(engine.asked("plan")) == 1
        await pilot.press("q")
    engine.gate.set()
    assert app.return_code == 0


async def test_the_end_of_a_verb_takes_its_own_words_away_alone(tmp_path: Path) -> None:
    """That it is waited for is said no more;
    what somebody else said meanwhile stands for its own time."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        done: list[bool] = []
        for told in (None, Notice("backed up")):
            engine.gate.clear()
            app.ask("reading NVDA", lambda: engine.gate.wait(60), done.append)
            await until(
                pilot,
                lambda: "reading NVDA: waiting for the engine" in screen_text(app),
                "the wait",
            )
            if told:
                app.say(told)
            engine.gate.set()
            await until(pilot, lambda told=told: len(done) == 1 + bool(told), "the end of the verb")  # type: ignore[misc]
            assert app.main.notice is told
        app._verb_failed(VerbFailed("reading NVDA", "EIO", "look at dmesg"))
        await until(pilot, lambda: "EIO" in screen_text(app), "its failure")
        app.ask("reading NVDA", lambda: True, done.append)
        await until(pilot, lambda: len(done) == 3, "a reading that works")
        assert app.main.notice is None, "its own failure is said no more"


async def test_what_comes_while_its_panes_are_taken_away_breaks_nothing(tmp_path: Path) -> None:
    """A look that comes back while the dashboard loses its panes finds no place for them."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        await app.main.query_one("#summary").remove()
        app._away_read(AwayRead(Away(NOW, ("a run ended",))))
        app._snapshot_read(SnapshotRead(training_home()))
        assert app.main.snapshot == training_home()


async def test_what_comes_while_it_ends_is_dropped(tmp_path: Path) -> None:
    """A clock's turn, a look or a verb that comes back once the screens are gone finds none, and
    breaks nothing."""
    came: list[object] = []
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        pass

    assert app.screen_stack == []
    app._tick()
    app._service_seen(ServiceSeen("up", 0.007))
    app._snapshot_read(SnapshotRead(trained_home()))
    app._snapshot_failed(SnapshotFailed("EIO"))
    app._away_read(AwayRead(Away()))
    app._verb_failed(VerbFailed("plan", "EIO", ""))
    app._verb_done(VerbDone("plan", came.append, 1))
    assert came == []


async def test_outdated_statuses_are_refreshed_at_most_every_few_seconds(tmp_path: Path) -> None:
    """Rows that wait for their status make the console ask for a refresh, once in five seconds."""
    stale = snapshot((row("NVDA", stale_status=True),))
    async with opened(tmp_path / "home", stale) as (app, engine, pilot):
        for _ in range(5):
            app.look_now()
            await pilot.pause()
        assert len(engine.asked("refresh")) == 1
        app.wall.advance(timedelta(seconds=6))  # type: ignore[attr-defined]
        app.look_now()
        await until(pilot, lambda: len(engine.asked("refresh")) == 2, "the second refresh")


def test_same_ignores_only_the_time() -> None:
    """Two looks that show the same are the same; a changed row is not."""
    found = trained_home()

    assert not same(None, found)
    assert same(found, replace(found, taken_at=found.taken_at.replace(hour=1)))
    assert not same(
        found,
        replace(found, rows=(replace(found.rows[0], state=SymbolState.LOST), *found.rows[1:])),
    )
