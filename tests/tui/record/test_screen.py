"""The record on the console: one key away, readable, and among the logs."""

from pathlib import Path

import pytest

from engine.core import audit
from engine.core.audit import record
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import clock, trained_home
from tui import app as console
from tui.record.screen import AuditScreen
from tui.record.text import readable
from tui.work.messages import Notice


async def test_an_empty_record_says_so(tmp_path: Path) -> None:
    """Before anything was done there is a sentence instead of a missing file."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("H")
        await until(
            pilot,
            lambda: "nothing was done through stockml in this home yet" in screen_text(app),
            "the sentence",
        )


async def test_the_record_is_read_in_words(tmp_path: Path) -> None:
    """Lines stand there as people read them, new ones come while it is open, and a text narrows
    them."""
    async with opened(tmp_path / "home", trained_home(), (120, 24)) as (app, engine, pilot):
        record(engine.home, clock(), "hold", "done", symbol="NVDA", reason="the auditor")
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, AuditScreen), "the record")
        await until(
            pilot,
            lambda: 'done       hold  NVDA reason="the auditor"' in screen_text(app),
            "the first line",
        )
        record(engine.home, clock(), "backup", "failed", message="no room", symbols=["SMR"])
        await until(pilot, lambda: "failed     backup  SMR" in screen_text(app), "the second line")
        assert "no room" in screen_text(app)
        await pilot.press("slash", *"backup", "enter")
        await until(pilot, lambda: "NVDA" not in screen_text(app), "the narrowed list")


async def test_it_stands_among_the_logs(tmp_path: Path) -> None:
    """The Logs screen lists the file and shows its end in words."""
    async with opened(tmp_path / "home", trained_home(), (120, 24)) as (app, engine, pilot):
        record(engine.home, clock(), "hold", "done", symbol="NVDA")
        await pilot.press("3")
        await until(
            pilot,
            lambda: "audit.log" in screen_text(app) and "hold  NVDA  by" in screen_text(app),
            "the file",
        )


def test_a_torn_line_stays_as_it_is() -> None:
    """What is no entry is shown as it stands in the file; other logs are never touched."""
    torn = '{"at": "2026-11-22T18:45:23'

    assert readable(Path("logs/audit.log"), torn) == torn
    assert readable(Path("logs/training/training.log"), torn) == torn


async def test_a_record_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on the terminal's stderr: console.log keeps it, and a notice says it after what the
    action itself says."""
    monkeypatch.setattr(console, "UNRECORDED_AFTER_S", 0.2)
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        monkeypatch.setattr(audit, "report_unrecorded", app.complain)
        engine.home.audit_log.mkdir(parents=True)
        app.ask(
            "hold",
            lambda: record(engine.home, app.wall, "hold", "done", symbol="NVDA"),
            lambda _: app.say(Notice("held")),
        )
        await until(
            pilot,
            lambda: "hold done is not recorded" in " ".join(screen_text(app).split()),
            "the notice",
        )
        assert "hold done is not recorded" in (engine.home.logs / "console.log").read_text()
