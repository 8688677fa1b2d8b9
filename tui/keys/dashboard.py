"""The actions of the dashboard."""

from __future__ import annotations

from dataclasses import replace

from tui.keys.action import ActionRow, actions_of
from tui.keys.shared import COMMAND, MESSAGES, MOUSE, moves, tabs, themes

DASHBOARD = (
    *actions_of(
        "main",
        (
            ActionRow(
                "help", "question_mark f1", "help", "explain keys, columns and states", footer=1
            ),
            ActionRow("quit", "q", "quit", "leave the console; training continues", footer=2),
            MOUSE,
            replace(COMMAND, footer=3),
            MESSAGES,
            ActionRow("palette", "ctrl+p", "menu", "find an action by name"),
            ActionRow("mark", "space", "mark", "mark the row, or take its mark away", footer=4),
            ActionRow(
                "retrain",
                "r",
                "retrain",
                "retrain the marked rows, or the current one",
                writes=True,
                footer=6,
            ),
            ActionRow("train_all", "A", "all", "train all symbols", writes=True, footer=7),
            ActionRow(
                "quick_train",
                "R",
                "quick",
                "quick train, few epochs: marked rows, or all of high priority",
                writes=True,
            ),
            ActionRow(
                "cancel", "x", "cancel", "cancel the run of the current row", writes=True, footer=8
            ),
            ActionRow("log", "l", "log", "training log of the current row"),
            ActionRow(
                "open",
                "enter d",
                "open",
                "all about the row: why it is or is not retrained, price, errors",
                footer=5,
            ),
            ActionRow(
                "filter",
                "slash",
                "filter",
                "only rows with a text in name, sector, state; !text: without",
            ),
            ActionRow(
                "problems", "e", "problems", "show only rows that want attention, or every row"
            ),
            ActionRow(
                "sort",
                "o",
                "sort",
                "another order: age, MASE, range, report, name, problems",
            ),
            ActionRow("group", "u", "groups", "groups by priority, by sector, or none"),
            ActionRow("find", "f", "find", "go to a symbol while it is typed"),
            ActionRow(
                "check",
                "p",
                "check",
                "check every model now: predictions, figures, triggers",
                writes=True,
            ),
            ActionRow(
                "auto_train",
                "a",
                "auto-train",
                "auto-train what has a reason; the plan is shown first",
                writes=True,
            ),
            ActionRow("away", "w", "away", "while you were away: what ended, fired or was missed"),
            ActionRow(
                "backup_now",
                "b",
                "backup",
                "back up the marked rows, or the current one",
                does="back_up",
                writes=True,
            ),
            ActionRow(
                "test_symbol",
                "t",
                "test",
                "ask the service for the current row: status, latency, verdict",
            ),
            ActionRow("refresh", "ctrl+r f5", "refresh", "read everything again now"),
            ActionRow("copy", "y", "copy", "copy the marked rows, or the current one"),
            ActionRow(
                "zoom", "z", "zoom", "the chosen pane alone on the screen, or all of them again"
            ),
            ActionRow(
                "next_pane",
                "tab",
                "pane",
                "choose the next pane: symbols, detail, runs, log, meters",
            ),
            ActionRow("pane_before", "shift+tab", "pane before", "choose the pane before"),
            ActionRow(
                "theme", "C", "colours", "the next colours; the palette has each theme by its name"
            ),
            ActionRow(
                "back",
                "escape",
                "back",
                "one step back: notice, zoom, what was away, filter, marks",
            ),
            ActionRow(
                "leave",
                "ctrl+q",
                "leave",
                "leave the console from any screen; no other key takes its place",
                does="quit",
            ),
        ),
    ),
    *moves("main"),
    *tabs("main"),
    *themes(),
)
