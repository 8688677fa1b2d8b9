"""Copying: what asks the terminal, what is kept in the file, what each screen hands over."""

from __future__ import annotations

import base64
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.paths import Home
from engine.settings.home import prepare
from engine.vault.records import Backup
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NOW, RUN_ID, trained_home, training_home
from tui.terminal import clipboard

PLAIN = {"TERM": "xterm-256color"}


@given(st.text())
def test_only_base64_and_its_frame_reach_the_terminal(text: str) -> None:
    """Whatever is copied, the sequence holds no other control character, and the terminal
    decodes the tidied text."""
    tidied = clipboard.tidy(text)
    asked = clipboard.sequence(tidied, PLAIN)
    found = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", asked)

    assert found
    assert base64.b64decode(found[1]).decode() == tidied
    assert all(char.isprintable() or char == "\n" or ord(char) > 159 for char in tidied)


def test_long_texts_are_not_sent() -> None:
    """74,994 bytes stay below the 100,000 that terminals take; one more goes to the file only.
    Bytes count, not letters."""
    assert len(clipboard.sequence("x" * clipboard.MAX_BYTES, PLAIN)) <= 100_000
    assert clipboard.sequence("x" * (clipboard.MAX_BYTES + 1), PLAIN) == ""
    assert clipboard.sequence("é" * (clipboard.MAX_BYTES // 2 + 1), PLAIN) == ""


@pytest.mark.parametrize(
    "environ", [{"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen"}, {"TERM": "tmux-256color"}]
)
def test_tmux_gets_the_plain_and_the_wrapped_form(environ: dict[str, str]) -> None:
    """tmux takes one of the two by its own settings;
    the wrapped one doubles every escape inside."""
    plain = clipboard.sequence("NVDA", PLAIN)

    assert clipboard.sequence("NVDA", environ) == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"


def test_screen_gets_what_it_passes_on() -> None:
    """GNU screen wants the sequence wrapped, and cuts long ones: those are not sent."""
    plain = clipboard.sequence("NVDA", PLAIN)

    assert clipboard.sequence("NVDA", {"STY": "1.pts", "TERM": "screen"}) == f"\x1bP{plain}\x1b\\"
    assert clipboard.sequence("x" * 600, {"STY": "1.pts", "TERM": "screen"}) == ""


def test_the_file_is_for_its_owner(tmp_path: Path) -> None:
    """The text ends in a file of mode 0600; a folder that takes none is told."""
    home = Home(tmp_path / "home")
    prepare(home)

    assert clipboard.keep(home, "NVDA FRESH") == ""
    assert home.copied.read_text() == "NVDA FRESH\n"
    assert stat.S_IMODE(home.copied.stat().st_mode) == 0o600
    home.copied.unlink()
    home.data.rmdir()
    home.data.write_text("a file where the folder should be")
    assert "cannot be written" in clipboard.keep(home, "NVDA")


WAYS = {
    "main": (
        (),
        r"NVDA  FRESH  CLOSE 101\.25  FORECAST .*80% INTERVAL 99\.22 to 103\.28  GEN 1  .*",
    ),
    "marks": (("space", "space"), r"NVDA  FRESH  .*\nTSLA  FRESH  .*"),
    "symbol": (("enter",), r"(?s)Price\n.*Now\nFRESH .*Lineage.*"),
    "runs": (("2",), RUN_ID),
    "run": (("2", "enter"), rf"{RUN_ID}  NVDA  DONE.*"),
    "logs": (("3",), r"/.*/logs/training/training\.log"),
    "view": (("3", "enter"), "the newest line"),
    "view frozen": (("3", "enter", "g"), "the first line"),
    "backups": (("4",), "backup_20261020_000000"),
    "schedule": (("5",), "[a-z-]+"),
    "settings": (("comma", "j"), r"market\.history_years = 10"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_screen_copies_what_its_cursor_is_on(tmp_path: Path, way: str) -> None:
    """`y` keeps the row, id, path, name or line in the file, says so, and changes no screen."""
    keys, wanted = WAYS[way]
    snap = replace(trained_home(), runs=training_home().runs)
    async with opened(tmp_path / "home", snap) as (app, engine, pilot):
        engine.backups_there = (Backup(engine.home.models / "backup_20261020_000000", NOW, ()),)
        engine.home.training_log.parent.mkdir(parents=True)
        engine.home.training_log.write_text("the first line\nbetween\nthe newest \x1b[2Jline\n")
        for key in keys:
            await pilot.press(key)
            await until(
                pilot, lambda: getattr(app.screen, "value", 1) is not None, "the first look"
            )
        screen = app.screen
        await pilot.press("y")
        await until(pilot, engine.home.copied.exists, "the copy")
        await until(
            pilot,
            lambda: "also in persistent_data/copied.txt" in " ".join(screen_text(app).split()),
            "the notice",
        )
        assert app.screen is screen

    assert re.fullmatch(wanted, engine.home.copied.read_text().removesuffix("\n")), (
        engine.home.copied.read_text()
    )


async def test_a_read_only_console_copies_without_a_file(tmp_path: Path) -> None:
    """With --read-only `y` asks the terminal alone, and says that no file was written."""
    async with opened(tmp_path / "home", trained_home(), read_only=True) as (app, engine, pilot):
        await pilot.press("y")
        await until(
            pilot,
            lambda: "in no file: this console is read-only" in " ".join(screen_text(app).split()),
            "the notice",
        )

    assert not engine.home.copied.exists()


async def test_nothing_to_copy_is_said(tmp_path: Path) -> None:
    """An empty list copies nothing and says so."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("4")
        await until(pilot, lambda: getattr(app.screen, "value", None) is not None, "the list")
        await pilot.press("y")
        await until(
            pilot, lambda: "there is nothing to copy here" in screen_text(app), "the notice"
        )

    assert not engine.home.copied.exists()
