"""The actions of the screens above the dashboard, and those that all of them share."""

from __future__ import annotations

from tui.keys.action import ActionRow, actions_of
from tui.keys.shared import frame

SCREENS = (
    *frame("symbol"),
    *actions_of(
        "symbol",
        (
            ActionRow("retrain", "r", "retrain", "retrain it", writes=True, footer=3),
            ActionRow(
                "backup_now", "b", "backup", "back it up", does="back_up", writes=True, footer=4
            ),
            ActionRow("log", "l", "log", "its training log", footer=5),
            ActionRow(
                "test_symbol",
                "t",
                "test",
                "ask the service for it: status, latency, verdict",
                footer=6,
            ),
            ActionRow("cancel", "x", "cancel", "cancel its run", writes=True, footer=7),
        ),
    ),
    *frame("runs"),
    *actions_of(
        "runs",
        (
            ActionRow("open", "enter", "open", "progress, losses and log of the run", footer=3),
            ActionRow("cancel", "x", "cancel", "cancel the run", writes=True, footer=4),
        ),
    ),
    *frame("run"),
    *actions_of(
        "run",
        (
            ActionRow("follow", "f", "follow", "follow the log, or freeze it", footer=3),
            ActionRow("cancel", "x", "cancel", "cancel the run", writes=True, footer=4),
        ),
    ),
    *frame("logs"),
    *actions_of(
        "logs",
        (ActionRow("open", "enter", "open", "read the file: follow, filter, search", footer=3),),
    ),
    *frame("view"),
    *actions_of(
        "view",
        (
            ActionRow(
                "filter",
                "slash",
                "filter",
                "only the lines with a text; !text: those without it",
                footer=3,
            ),
            ActionRow(
                "follow", "f", "follow", "follow the newest line, or freeze the page", footer=4
            ),
            ActionRow(
                "error",
                "e",
                "error",
                "the next error; while it follows, the last one",
                does="next_error",
                footer=5,
            ),
            ActionRow("time", "t", "time", "jump to a time", footer=6),
            ActionRow("wrap", "w", "wrap", "wrap long lines, or cut them", footer=7),
            ActionRow("next", "n", "next", "the next line that matches", footer=8),
            ActionRow("previous", "N", "before", "the matching line before"),
            ActionRow(
                "error_before", "E", "error before", "the error before", does="previous_error"
            ),
            ActionRow(
                "only",
                "s",
                "matches/all",
                "matching lines only, or every line with the matches marked",
            ),
        ),
    ),
    *frame("backups"),
    *actions_of(
        "backups",
        (
            ActionRow("open", "enter", "open", "what is in it; restore from there", footer=3),
            ActionRow("verify", "v", "verify", "verify every file in it", footer=4),
            ActionRow("verify_all", "V", "verify all", "read every backup again", footer=5),
            ActionRow(
                "make",
                "b",
                "back up",
                "back up every live model",
                does="back_up",
                writes=True,
                footer=6,
            ),
            ActionRow("undo", "u", "undo", "take the last restore back", writes=True, footer=7),
        ),
    ),
    *frame("backup"),
    *actions_of(
        "backup",
        (
            ActionRow("mark", "space", "mark", "mark the row, or take its mark away", footer=3),
            ActionRow("verify", "v", "verify", "verify every file in it", footer=4),
            ActionRow(
                "restore",
                "r",
                "restore",
                "restore the marked models, or the current one",
                writes=True,
                footer=5,
            ),
            ActionRow(
                "restore_all", "A", "all", "restore every model in it", writes=True, footer=6
            ),
        ),
    ),
    *frame("schedule"),
    *actions_of(
        "schedule",
        (
            ActionRow(
                "edit", "e enter", "edit", "give the job another time", writes=True, footer=3
            ),
            ActionRow(
                "toggle", "space", "on/off", "switch the job on or off", writes=True, footer=4
            ),
            ActionRow(
                "add",
                "n",
                "add",
                "add the job; in an empty schedule the standard ones",
                writes=True,
                footer=6,
            ),
            ActionRow(
                "delete",
                "D",
                "remove",
                "take the job out of the schedule",
                does="remove",
                writes=True,
                footer=7,
            ),
            ActionRow(
                "undo",
                "u",
                "undo",
                "take back the last change, or the last write",
                writes=True,
                footer=8,
            ),
            ActionRow(
                "check",
                "c",
                "check",
                "start one probe through the real scheduler",
                writes=True,
            ),
            ActionRow(
                "run",
                "T",
                "run now",
                "run the job now, as cron would",
                does="run_now",
                writes=True,
                footer=9,
            ),
            ActionRow(
                "write",
                "w",
                "write",
                "show the difference of the whole crontab, then write it",
                writes=True,
                footer=5,
            ),
        ),
    ),
    *frame("settings"),
    *actions_of(
        "settings",
        (
            ActionRow(
                "edit", "e enter", "edit", "give the key another value", writes=True, footer=3
            ),
            ActionRow("reset", "r", "default", "put the default there", writes=True, footer=4),
            ActionRow(
                "write",
                "w",
                "write",
                "write what was changed; several keys are shown first",
                writes=True,
                footer=5,
            ),
            ActionRow(
                "undo", "u", "undo", "take the change of the row back", writes=True, footer=6
            ),
            ActionRow("changed", "c", "changed", "only what is not the default, or all", footer=7),
            ActionRow("filter", "slash", "filter", "only keys with these words", footer=8),
        ),
    ),
    *frame("service"),
    *actions_of(
        "service",
        (
            ActionRow(
                "test",
                "t",
                "test",
                "ask for the current symbol: status, latency, verdict",
                does="test_symbol",
                footer=3,
            ),
        ),
    ),
    *frame("alerts"),
    *actions_of(
        "alerts",
        (
            ActionRow(
                "ack",
                "enter",
                "acknowledge",
                "it was seen: not sent again",
                does="acknowledge",
                writes=True,
                footer=3,
            ),
            ActionRow("silence", "s", "silence", "mute it for a time", writes=True, footer=4),
            ActionRow(
                "ack_all",
                "A",
                "acknowledge all",
                "all that fires was seen",
                does="acknowledge_all",
                writes=True,
                footer=5,
            ),
            ActionRow(
                "test",
                "t",
                "test",
                "send a test message, and what waits undelivered",
                writes=True,
                footer=6,
            ),
        ),
    ),
    *frame("doctor"),
    *frame("symbols"),
    *actions_of(
        "symbols",
        (
            ActionRow("open", "enter", "open", "the page of the symbol", footer=3),
            ActionRow("add", "n", "add", "add symbols that the source has", writes=True, footer=4),
            ActionRow("set", "e", "change", "change the symbol", writes=True, footer=5),
            ActionRow(
                "remove",
                "D",
                "remove",
                "take it out; its model moves into a backup",
                writes=True,
                footer=6,
            ),
            ActionRow(
                "import", "i", "import", "bring a list into symbols.csv", writes=True, footer=7
            ),
            ActionRow("filter", "slash", "filter", "only symbols with these words", footer=8),
        ),
    ),
    *frame("hosts"),
    *frame("messages"),
    *frame("output"),
    *actions_of(
        "output",
        (
            ActionRow("cancel", "x", "cancel", "ask the command to end", footer=3),
            ActionRow("follow", "enter", "run it", "run what the plan shows", footer=4),
        ),
    ),
    *frame("away"),
)
