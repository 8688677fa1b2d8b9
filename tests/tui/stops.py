"""Every screen of the console, one row each: the keys that lead to it, and what must stand on it
at every size."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.color import ColorType
from textual.pilot import Pilot

from engine.core.snapshot import Snapshot
from engine.vault.records import Backup, BackupEntry
from tests.tui.fake import FakeEngine
from tests.tui.fake_service import service_up
from tests.tui.helpers import screen_text, until
from tests.tui.scenes import ALERTS, NOW, training_home
from tui.app import StockmlApp

SIZES = ((80, 24), (60, 15), (40, 10), (120, 40))


@dataclass(frozen=True, slots=True)
class Stop:
    """One screen or dialog."""

    name: str
    group: str
    """Its keys in the table of actions."""
    keys: tuple[str, ...]
    """From the dashboard, its first row current."""
    there: str
    """Words that stand there once it is read, at every size: a state, a question."""
    title: str
    """What its first line begins with; of a dialog, what is asked."""
    out: str
    """How to leave, in the footer."""
    row: bool = True
    """Whether it has rows, the current one marked with `>`."""
    dialog: bool = False
    """It stands over another screen, whose first line is there too."""


STOPS = (
    Stop("dashboard", "main", (), "TRAIN", "1 RUN", "q quit"),
    Stop(
        "zoomed log", "main", ("tab", "tab", "tab", "z"), "published", "1 RUN", "q quit", row=False
    ),
    Stop("zoomed detail", "main", ("tab", "z"), "DONE", "1 RUN", "q quit", row=False),
    Stop("symbol", "symbol", ("enter",), "DONE", "Symbol", "esc back", row=False),
    Stop(
        "filter",
        "prompt",
        ("slash",),
        "show rows with",
        "show rows with",
        "esc back",
        row=False,
        dialog=True,
    ),
    Stop(
        "confirm", "confirm", ("A",), "Cancel", "Train 13 symbols", "esc no", row=False, dialog=True
    ),
    Stop("palette", "palette", ("ctrl+p",), "explain keys", "Do what?", "esc back"),
    Stop("command", "command", ("colon",), "dashboard", "", "esc back", row=False, dialog=True),
    Stop("messages", "messages", ("M",), "no message yet", "Messages", "esc back", row=False),
    Stop(
        "output",
        "output",
        ("colon", *"status", "enter"),
        "exit 0",
        "Command",
        "esc back",
        row=False,
    ),
    Stop("help", "help", ("question_mark",), "explain keys", "Help", "esc back", row=False),
    Stop("away", "away", ("w",), "open", "While you were away", "esc back", row=False),
    Stop("runs", "runs", ("2",), "RUNNING", "Runs", "esc back"),
    Stop("run", "run", ("2", "enter"), "RUNNING", "Run", "esc back"),
    Stop("logs", "logs", ("3",), "training.log", "Logs", "esc back"),
    Stop("log", "view", ("3", "enter"), "FAILED", "Log", "esc back", row=False),
    Stop("backups", "backups", ("4",), "backup_2026", "Backups", "esc back"),
    Stop("backup", "backup", ("4", "enter"), "NVDA", "Backup", "esc back"),
    Stop(
        "restore",
        "prompt",
        ("4", "enter", "r"),
        "type NVDA",
        "type NVDA",
        "esc back",
        row=False,
        dialog=True,
    ),
    Stop("schedule", "schedule", ("5",), "weekly", "Schedule", "esc back"),
    Stop(
        "time of a job",
        "form",
        ("5", "e"),
        "time: ",
        "When does weekly run?",
        "esc back",
        row=False,
    ),
    Stop("alerts", "alerts", ("6",), "FIRING", "Alerts", "esc back"),
    Stop("service", "service", ("7",), "up", "Service", "esc back", row=False),
    Stop("doctor", "doctor", ("8",), "WARN", "Doctor", "esc back", row=False),
    Stop("symbols", "symbols", ("9",), "NVDA", "Symbols", "esc back"),
    Stop("hosts", "hosts", ("0",), "fitting", "Hosts", "esc back"),
    Stop("settings", "settings", ("comma",), "[market]", "Settings", "esc back"),
    Stop(
        "setting",
        "setting",
        ("comma", "enter"),
        "market.source",
        "market.source",
        "esc back",
        row=False,
    ),
    Stop("record", "view", ("H",), "done", "Record", "esc back", row=False),
)


def furnished() -> Snapshot:
    """A home that trains, with alerts in every state."""
    return replace(training_home(), alerts=ALERTS[:-1], undelivered=1, checked_at=NOW)


def furnish(engine: FakeEngine) -> None:
    """A home in which no screen is empty."""
    engine.home.training_log.parent.mkdir(parents=True, exist_ok=True)
    engine.home.training_log.write_text(
        "2026-10-21 14:30:00 FAILED symbol=NVDA\n" * 30, encoding="utf-8"
    )
    name = "backup_20261020_000000"
    path = engine.home.models / name
    path.mkdir(parents=True)
    engine.backups_there = (
        Backup(
            path,
            NOW,
            (
                BackupEntry(
                    symbol="NVDA",
                    file="nvda_lstm_model.h5",
                    kind="model",
                    size_bytes=412_345,
                    generation=1,
                ),
            ),
        ),
    )
    engine.overview = service_up()
    scheduler = engine.schedule.scheduler()
    scheduler.write(scheduler.install(scheduler.current(), (), Path("/bin/true")))
    os.utime(engine.home.audit_log, (0, 0))  # the log of the trainings is the newest


async def go(app: StockmlApp, pilot: Pilot[Any], stop: Stop) -> None:
    """From wherever it is to the stop, read and drawn at 80x24."""
    await pilot.resize_terminal(80, 24)
    while len(app.screen_stack) > 1:
        app.pop_screen()
        await pilot.pause()
    app.main.chosen, app.main.zoomed, app.main.notice = "symbols", False, None
    app.main.cursor = "NVDA"
    app.main.arrange_panes()
    for at, key in enumerate(stop.keys):
        before = app.screen
        await pilot.press(key)
        typed = getattr(before, "TAKES_TEXT", False) and len(key) == 1
        if at + 1 < len(stop.keys) and key not in ("tab", "shift+tab", "z") and not typed:
            await until(
                pilot,
                lambda before=before: app.screen is not before,  # type: ignore[misc]
                f"{stop.name}: a screen for {key}",
            )
            await until(
                pilot,
                lambda: getattr(app.screen, "value", True) is not None,
                f"{stop.name}: its first look",
            )
            await pilot.pause()
    await until(pilot, lambda: stop.there in screen_text(app), f"{stop.name}: {stop.there!r}")


def problems(
    app: StockmlApp, stop: Stop, size: tuple[int, int], *, colours: str = "any"
) -> list[str]:
    """What is wrong with the screen as it stands;
    `colours` is any, own (the terminal's sixteen) or none."""
    width, height = size
    text = screen_text(app)
    lines = text.splitlines() or [""]
    found = [] if getattr(app.screen, "GROUP", "") == stop.group else [f"this is {app.screen}"]
    found += [f"{cell_len(one)} cells: {one!r}" for one in lines if cell_len(one) > width]
    found += [f"{len(lines)} lines"] if len(lines) > height else []
    found += ["a traceback"] if "Traceback" in text else []
    heads = text if stop.dialog else "\n".join(lines[:3])
    found += [f"no title {stop.title!r}"] if stop.title[: width - 4] not in heads else []
    found += [f"no way out {stop.out!r}"] if stop.out not in lines[-1] else []
    found += [f"no {stop.there!r}"] if stop.there not in text else []
    rows = [one for one in lines if one.startswith(">")]
    found += [f"{len(rows)} current rows"] if stop.row and len(rows) != 1 else []
    found += ["not ASCII"] if app.ascii_only and not text.isascii() else []
    return found + [f"colour {one}" for one in _colours(app) if not _allowed(one, colours)]


def _colours(app: StockmlApp) -> set[Any]:
    """Every colour of text and background that is sent."""
    styles = [
        segment.style
        for strip in app.screen._compositor.render_strips()
        for segment in strip
        if segment.style
    ]
    return {
        colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None
    }


def _allowed(colour: Any, colours: str) -> bool:
    if colours == "any":
        return True
    kinds = (ColorType.DEFAULT,) if colours == "none" else (ColorType.DEFAULT, ColorType.STANDARD)
    return colour.type in kinds
