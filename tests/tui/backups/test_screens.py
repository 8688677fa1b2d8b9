"""The Backups screens: list, verify, what is in one, restore with a typed word, undo."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine.children.messages import (
    BackupCreated,
    BackupRestored,
    BackupsVerified,
    CreateBackup,
    RestoreBackup,
    RestoredModel,
    VerifiedBackup,
    VerifiedFile,
    VerifyBackups,
)
from engine.core.errors import StockmlError
from engine.core.records import Level
from engine.vault.records import Backup, BackupEntry
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


def verified(backup: Backup, *, ok: bool) -> VerifiedBackup:
    """What reading a backup again shows."""
    files = tuple(
        VerifiedFile(symbol=entry.symbol, kind="model", ok=ok, damaged=not ok)
        for entry in backup.entries
    )
    return VerifiedBackup(name=backup.name, path=str(backup.path), ok=ok, files=files)


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
    return engine.asked("child")


async def test_every_backup_has_its_word(tmp_path: Path) -> None:
    """Made, unverified, unreadable: each backup says how far it can be trusted, why it was made,
    what it holds."""
    async with opened(tmp_path / "home", trained_home(), (120, 30)) as (app, engine, pilot):
        await open_backups(app, engine, pilot)
        rows = {
            text.split()[0 if text[0] != ">" else 1]: text
            for text in screen_text(app).splitlines()[4:8]
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
        engine.answers[VerifyBackups] = BackupsVerified((verified(one, ok=True),))
        await pilot.press("v")
        await until(
            pilot, lambda: "every file is as it was backed up" in screen_text(app), "the words"
        )
        assert asked(engine) == [VerifyBackups((one.name,))]
        assert " OK " in screen_text(app).splitlines()[4]
        engine.answers[VerifyBackups] = BackupsVerified(
            (verified(one, ok=True), verified(two, ok=False))
        )
        await pilot.press("V")
        await until(
            pilot, lambda: screen.notice and screen.notice.level is Level.CRIT, "the damage"
        )
        assert f"DAMAGED: {two.name}" in screen_text(app).replace("\n", " ")
        assert asked(engine)[-1] == VerifyBackups()


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
        engine.answers[RestoreBackup] = BackupRestored((RestoredModel("TSLA"),))
        await pilot.press("ctrl+u", *"TSLA", "enter")
        await until(
            pilot,
            lambda: "restored TSLA; u on the list of backups takes it back" in screen_text(app),
            "the words",
        )
        assert asked(engine) == [RestoreBackup("backup_20261020_143711", ("TSLA",))]


async def test_marked_models_and_all(tmp_path: Path) -> None:
    """Many symbols want RESTORE; a foreign file is never among all;
    a fault of one is told beside the others."""
    async with opened(tmp_path / "home", trained_home(), (110, 30)) as (app, engine, pilot):
        await open_backups(app, engine, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, BackupScreen), "the backup")
        engine.answers[RestoreBackup] = BackupRestored(
            (RestoredModel("NVDA"), RestoredModel("TSLA", "TSLA is in use by run 7"))
        )
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the question")
        await pilot.press(*"RESTORE", "enter")
        await until(pilot, lambda: "TSLA is in use by run 7" in screen_text(app), "the fault")
        assert asked(engine) == [RestoreBackup("backup_20261020_143711", ("NVDA", "TSLA"))]


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
        engine.answers[CreateBackup] = BackupCreated(
            name="backup_X", size_bytes=800_000, entries=(entry("NVDA"), entry("TSLA"))
        )
        await pilot.press("space", "space", "b")
        await until(pilot, lambda: "backup_X: NVDA TSLA, 800 kB" in screen_text(app), "the words")
        assert asked(engine) == [CreateBackup(("NVDA", "TSLA"))]
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
    entries = (entry("NVDA"), entry("TSLA", kind="broken"))
    created = BackupCreated(name="backup_1", size_bytes=7, entries=entries, absent=("AAPL",))
    notice = made_notice(created)

    assert notice.level is Level.WARN
    assert notice.text.startswith(
        "AAPL has no model; TSLA is broken, kept as it is; backup_1: NVDA TSLA"
    )
    whole = made_notice(BackupCreated(name="backup_1", size_bytes=7, entries=entries[:1]))
    assert whole.level is Level.OK
    empty = BackupCreated(name="backup_1", size_bytes=7, entries=(), absent=("AAPL",))
    assert made_notice(empty).level is Level.CRIT
