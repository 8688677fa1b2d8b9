"""The Backups screens: list, verify, what is in one, restore with a typed word, undo."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine.core.child import ChildAnswer
from engine.core.errors import StockmlError
from engine.core.records import Level
from engine.vault.backups import Backup, BackupEntry
from tests.tui.fake import FakeEngine
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NOW, trained_home
from tui.app import StockmlApp
from tui.backups.detail import BackupScreen
from tui.backups.list import BackupsScreen
from tui.backups.text import made_notice
from tui.dashboard.screen import MainScreen
from tui.dialogs.prompt import PromptScreen

AT = "2026-10-12T09:00:00Z"


def entry(symbol: str, **more: Any) -> BackupEntry:
    """A model file in a backup."""
    values: dict[str, Any] = {
        "kind": "model",
        "size_bytes": 400_000,
        "generation": 3,
        "trained_at": AT,
        "sha256": "a" * 64,
    }
    return BackupEntry(
        **{"symbol": symbol, "file": f"{symbol.lower()}_lstm_model.h5", **values, **more}
    )


def backups(folder: Path) -> tuple[Backup, ...]:
    """One by hand, one that a restore made, one plain copy, one that cannot be read."""
    made = NOW - timedelta(days=1)
    copied = entry("AAPL", kind="unknown", generation=0)
    return (
        Backup(
            folder / "backup_20261020_143711",
            made,
            (entry("NVDA"), entry("TSLA"), entry("SMR", kind="foreign")),
            "manual",
        ),
        Backup(
            folder / "backup_20261019_143711",
            made,
            (entry("NVDA", generation=2),),
            "automatic",
            "restore-20261019-abc",
        ),
        Backup(folder / "backup_20261001_000000", made, (copied,), "a plain copy", "", False),
        Backup(
            folder / "backup_20260901_000000",
            made,
            (),
            problem="its manifest.json cannot be read: truncated",
        ),
    )


def checked(found: Backup, ok: bool) -> dict[str, Any]:
    """What `backups verify --json` says of one."""
    files = [
        {"symbol": one.symbol, "ok": ok, "kind": "model", "damaged": not ok, "text": None}
        for one in found.entries
    ]
    return {"name": found.name, "path": str(found.path), "ok": ok, "problem": None, "files": files}


async def open_backups(app: StockmlApp, engine: FakeEngine, pilot: Pilot[Any]) -> BackupsScreen:
    """The list."""
    engine.backups_there = backups(engine.home.models)
    await pilot.press("4")
    await until(
        pilot,
        lambda: isinstance(app.screen, BackupsScreen) and "backup_20261020" in screen_text(app),
        "the list",
    )
    assert isinstance(app.screen, BackupsScreen)
    return app.screen


def asked(engine: FakeEngine) -> list[Any]:
    return engine.asked("command")


async def test_every_backup_has_its_word(tmp_path: Path) -> None:
    """Made, unverified, unreadable: each backup says how far it can be trusted, why it was made,
    what it holds."""
    async with opened(tmp_path / "home", trained_home(), (120, 30)) as (app, engine, pilot):
        await open_backups(app, engine, pilot)
        rows = {
            text.split()[0 if text[0] != ">" else 1]: text
            for text in screen_text(app).splitlines()[2:6]
        }

        assert "made" in rows["backup_20261020_143711"]
        assert "before a restore" in rows["backup_20261019_143711"]
        assert "unverified" in rows["backup_20261001_000000"]
        assert "UNREADABLE" in rows["backup_20260901_000000"]
        assert asked(engine) == []


async def test_verify_tells_damage(tmp_path: Path) -> None:
    """`v` reads one backup again in a child; the word in its row changes, damage is said loudly."""
    async with opened(tmp_path / "home", trained_home(), (120, 30)) as (app, engine, pilot):
        screen = await open_backups(app, engine, pilot)
        one, two = engine.backups_there[:2]
        engine.answers["backups"] = ChildAnswer(0, {"backups": [checked(one, True)]})
        await pilot.press("v")
        await until(
            pilot, lambda: "every file is as it was backed up" in screen_text(app), "the words"
        )
        assert asked(engine) == [("backups", "verify", one.name)]
        assert " OK " in screen_text(app).splitlines()[2]
        engine.answers["backups"] = ChildAnswer(
            1, {"backups": [checked(one, True), checked(two, False)]}
        )
        await pilot.press("V")
        await until(
            pilot, lambda: screen.notice and screen.notice.level is Level.CRIT, "the damage"
        )
        assert f"DAMAGED: {two.name}" in screen_text(app).replace("\n", " ")
        assert asked(engine)[-1] == ("backups", "verify")


async def test_restore_wants_the_symbol_typed(tmp_path: Path) -> None:
    """What is in it stands beside what is live; enter alone, y, or another word restore nothing;
    the symbol does."""
    async with opened(tmp_path / "home", trained_home(), (110, 30)) as (app, engine, pilot):
        await open_backups(app, engine, pilot)
        await pilot.press("enter")
        await until(
            pilot,
            lambda: isinstance(app.screen, BackupScreen) and "foreign" in screen_text(app),
            "the backup",
        )
        assert "gen 1, 2026-10-21" in screen_text(app)
        await pilot.press("j", "r")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the question")
        await until(
            pilot,
            lambda: "Restore 1 model from backup_20261020_143711" in screen_text(app),
            "what it touches",
        )
        assert "gen 2, 2026-10-20 11:37 > gen 3 of 2026-10-12 09:00" in screen_text(app).replace(
            "  ", " "
        )
        await pilot.press("enter", *"yes", "enter")
        assert isinstance(app.screen, PromptScreen)
        assert asked(engine) == []
        result = {
            "symbol": "TSLA",
            "ok": True,
            "generation": 9,
            "from_generation": 3,
            "replaced": True,
            "error": None,
        }
        engine.answers["restore"] = ChildAnswer(0, {"results": [result]})
        await pilot.press("ctrl+u", *"TSLA", "enter")
        await until(
            pilot,
            lambda: "restored TSLA; u on the list of backups takes it back" in screen_text(app),
            "the words",
        )
        assert asked(engine) == [("restore", "backup_20261020_143711", "TSLA", "--yes")]


async def test_marked_models_and_all(tmp_path: Path) -> None:
    """Many symbols want RESTORE; a foreign file is never among all;
    a fault of one is told beside the others."""
    async with opened(tmp_path / "home", trained_home(), (110, 30)) as (app, engine, pilot):
        await open_backups(app, engine, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, BackupScreen), "the backup")
        results = [
            {"symbol": "NVDA", "ok": True, "error": None},
            {"symbol": "TSLA", "ok": False, "error": {"message": "TSLA is in use by run 7"}},
        ]
        engine.answers["restore"] = ChildAnswer(1, {"results": results})
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the question")
        await pilot.press(*"RESTORE", "enter")
        await until(pilot, lambda: "TSLA is in use by run 7" in screen_text(app), "the fault")
        assert asked(engine) == [("restore", "backup_20261020_143711", "NVDA", "TSLA", "--yes")]


async def test_undo_takes_the_newest_restore_back(tmp_path: Path) -> None:
    """`u` offers what the newest restore replaced; esc restores nothing; without one it says so."""
    async with opened(tmp_path / "home", trained_home(), (110, 30)) as (app, engine, pilot):
        screen = await open_backups(app, engine, pilot)
        await pilot.press("u")
        await until(
            pilot,
            lambda: "Restore 1 model from backup_20261019_143711" in screen_text(app),
            "the question",
        )
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the list")
        engine.backups_there = engine.backups_there[:1]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "backup_20261019" not in screen_text(app), "the shorter list")
        await pilot.press("u")
        await until(pilot, lambda: "no restore to take back" in screen_text(app), "the words")
        assert asked(engine) == []


async def test_backup_from_the_dashboard(tmp_path: Path) -> None:
    """`b` backs up the marked rows and tells the backup's name;
    a failing child is told with its words."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        made = {
            "name": "backup_X",
            "entries": [{"symbol": "NVDA"}, {"symbol": "TSLA"}],
            "size_bytes": 800_000,
        }
        engine.answers["backup"] = ChildAnswer(0, {"backup": made, "problems": [], "absent": []})
        await pilot.press("space", "space", "b")
        await until(pilot, lambda: "backup_X: NVDA TSLA, 800 kB" in screen_text(app), "the words")
        assert asked(engine) == [("backup", "NVDA", "TSLA")]
        assert isinstance(app.screen, MainScreen)
        engine.error = StockmlError("the disk is full", "free some space")
        await pilot.press("b")
        await until(
            pilot, lambda: "the disk is full (free some space)" in screen_text(app), "the fault"
        )


async def test_no_backup_yet_and_an_unreadable_folder(tmp_path: Path) -> None:
    """An empty list says how one comes to be; an error is never taken for no backups."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("4")
        await until(pilot, lambda: "no backup yet: b makes one" in screen_text(app), "the words")
        engine.backups_there = property(lambda self: 1 / 0)  # type: ignore[assignment]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "CANNOT READ" in screen_text(app), "the failure")


def test_a_backup_of_a_broken_file_says_so_first() -> None:
    """What is not in it, and what is in it as no model, stand before the name of the backup."""
    entries = [{"symbol": "NVDA", "kind": "model"}, {"symbol": "TSLA", "kind": "broken"}]
    made = {
        "backup": {"name": "backup_1", "entries": entries, "size_bytes": 7},
        "absent": ["AAPL"],
        "problems": [],
    }
    told = made_notice(made)

    assert told.level is Level.WARN
    assert told.text.startswith(
        "AAPL has no model; TSLA is broken, kept as it is; backup_1: NVDA TSLA"
    )
    entry = {**made["backup"], "entries": entries[:1]}  # type: ignore[dict-item]
    whole = made_notice({**made, "backup": entry, "absent": []})
    assert whole.level is Level.OK
    entry = {**made["backup"], "entries": []}  # type: ignore[dict-item]
    assert made_notice({**made, "backup": entry}).level is Level.CRIT
