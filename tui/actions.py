"""Every key of the console, once: bindings, footer, help, palette and the README's key table read this table.

Adding an action is one row here and one method, named by `handler`, on the screen of its group.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType
from textual.keys import format_key

from tui.action import Action, frame, moves, tabs, themes

GROUPS = {
    "main": "Dashboard",
    "symbol": "One symbol",
    "runs": "Runs",
    "run": "One run",
    "logs": "Logs",
    "view": "A log file",
    "backups": "Backups",
    "backup": "One backup",
    "schedule": "Schedule",
    "form": "Time of a job",
    "settings": "Settings",
    "setting": "One setting",
    "service": "Service",
    "alerts": "Alerts",
    "doctor": "Doctor",
    "away": "While you were away",
    "prompt": "A line to type",
    "help": "Help",
    "confirm": "Confirmation",
    "palette": "Palette",
}

ACTIONS = (
    Action("help", ("question_mark", "f1"), "help", "explain keys, columns and states", "do_help", footer=1),
    Action("quit", ("q",), "quit", "leave the console; training goes on", "do_quit", footer=2),
    Action("palette", ("colon", "ctrl+p"), "menu", "find an action by name", "do_palette", footer=3),
    Action("mark", ("space",), "mark", "mark the row, or take its mark away", "do_mark", footer=4),
    Action("retrain", ("r",), "retrain", "retrain the marked rows, or the current one", "do_retrain", writes=True, footer=6),
    Action("train_all", ("A",), "all", "train all symbols", "do_train_all", writes=True, footer=7),
    Action(
        "quick_train",
        ("R",),
        "quick",
        "quick train, few epochs: marked rows, or all of high priority",
        "do_quick_train",
        writes=True,
    ),
    Action("cancel", ("x",), "cancel", "cancel the run of the current row", "do_cancel", writes=True, footer=8),
    Action("log", ("l",), "log", "training log of the current row", "do_log"),
    Action(
        "open",
        ("enter", "d"),
        "open",
        "all about the row: why it is or is not retrained, price, errors",
        "do_open",
        footer=5,
    ),
    Action("filter", ("slash",), "filter", "only rows with a text in symbol, company, state; !text: without", "do_filter"),
    Action("problems", ("e",), "problems", "show only rows that want attention, or every row", "do_problems"),
    Action("sort", ("o",), "sort", "another order: age, MASE, change, name, the table's own", "do_sort"),
    Action("check", ("p",), "check", "check every model now: predictions, figures, triggers", "do_check", writes=True),
    Action(
        "auto_train",
        ("a",),
        "auto-train",
        "auto-train what has a reason; the plan is shown first",
        "do_auto_train",
        writes=True,
    ),
    Action("away", ("w",), "away", "while you were away: what ended, rang or was missed", "do_away"),
    Action("backup_now", ("b",), "backup", "back up the marked rows, or the current one", "do_back_up", writes=True),
    Action("test_symbol", ("t",), "test", "ask the service for the current row: status, latency, verdict", "do_test_symbol"),
    Action("refresh", ("ctrl+r", "f5"), "refresh", "read everything again now", "do_refresh"),
    Action("copy", ("y",), "copy", "copy the marked rows, or the current one", "do_copy"),
    Action("zoom", ("z",), "zoom", "the chosen pane alone on the screen, or all of them again", "do_zoom"),
    Action("next_pane", ("tab",), "pane", "choose the next pane: symbols, detail, runs, log, meters", "do_next_pane"),
    Action("pane_before", ("shift+tab",), "pane before", "choose the pane before", "do_pane_before"),
    Action("theme", ("C",), "colours", "the next colours; the palette has each theme by its name", "do_theme"),
    Action("back", ("escape",), "back", "one step back: notice, zoom, what was away, filter, marks", "do_back"),
    Action("leave", ("ctrl+q",), "leave", "leave the console from any screen; no other key takes its place", "do_quit"),
    *moves("main"),
    *tabs("main"),
    *themes(),
    *frame("symbol"),
    Action("symbol_retrain", ("r",), "retrain", "retrain it", "do_retrain", "symbol", writes=True, footer=3),
    Action("symbol_backup_now", ("b",), "backup", "back it up", "do_back_up", "symbol", writes=True, footer=4),
    Action("symbol_log", ("l",), "log", "its training log", "do_log", "symbol", footer=5),
    Action(
        "symbol_test_symbol",
        ("t",),
        "test",
        "ask the service for it: status, latency, verdict",
        "do_test_symbol",
        "symbol",
        footer=6,
    ),
    Action("symbol_cancel", ("x",), "cancel", "cancel its run", "do_cancel", "symbol", writes=True, footer=7),
    *frame("runs"),
    Action("runs_open", ("enter",), "open", "progress, losses and log of the run", "do_open", "runs", footer=3),
    Action("runs_cancel", ("x",), "cancel", "cancel the run", "do_cancel", "runs", writes=True, footer=4),
    *frame("run"),
    Action("run_follow", ("f",), "follow", "follow the log, or freeze it", "do_follow", "run", footer=3),
    Action("run_cancel", ("x",), "cancel", "cancel the run", "do_cancel", "run", writes=True, footer=4),
    *frame("logs"),
    Action("logs_open", ("enter",), "open", "read the file: follow, filter, search", "do_open", "logs", footer=3),
    *frame("view"),
    Action(
        "view_filter",
        ("slash",),
        "filter",
        "only the lines with a text; !text: those without it",
        "do_filter",
        "view",
        footer=3,
    ),
    Action("view_follow", ("f",), "follow", "follow the newest line, or freeze the page", "do_follow", "view", footer=4),
    Action("view_error", ("e",), "error", "the next error; while it follows, the last one", "do_next_error", "view", footer=5),
    Action("view_time", ("t",), "time", "jump to a time", "do_time", "view", footer=6),
    Action("view_wrap", ("w",), "wrap", "wrap long lines, or cut them", "do_wrap", "view", footer=7),
    Action("view_next", ("n",), "next", "the next line that matches", "do_next", "view", footer=8),
    Action("view_previous", ("N",), "before", "the matching line before", "do_previous", "view"),
    Action("view_error_before", ("E",), "error before", "the error before", "do_previous_error", "view"),
    Action("view_only", ("s",), "matches/all", "matching lines only, or every line with the matches marked", "do_only", "view"),
    Action("prompt_back", ("escape",), "back", "type nothing", "do_back", "prompt", footer=1),
    Action("prompt_take", ("enter",), "take", "take what was typed", "do_take", "prompt", footer=2),
    *frame("backups"),
    Action("backups_open", ("enter",), "open", "what is in it; restore from there", "do_open", "backups", footer=3),
    Action("backups_verify", ("v",), "verify", "read every file of it again", "do_verify", "backups", footer=4),
    Action("backups_verify_all", ("V",), "verify all", "read every backup again", "do_verify_all", "backups", footer=5),
    Action("backups_make", ("b",), "back up", "back up every live model", "do_back_up", "backups", writes=True, footer=6),
    Action("backups_undo", ("u",), "undo", "take the last restore back", "do_undo", "backups", writes=True, footer=7),
    *frame("backup"),
    Action("backup_mark", ("space",), "mark", "mark the row, or take its mark away", "do_mark", "backup", footer=3),
    Action("backup_verify", ("v",), "verify", "read every file of it again", "do_verify", "backup", footer=4),
    Action(
        "backup_restore",
        ("r",),
        "restore",
        "restore the marked models, or the current one",
        "do_restore",
        "backup",
        writes=True,
        footer=5,
    ),
    Action("backup_restore_all", ("A",), "all", "restore every model of it", "do_restore_all", "backup", writes=True, footer=6),
    *frame("schedule"),
    Action("schedule_edit", ("e", "enter"), "edit", "give the job another time", "do_edit", "schedule", writes=True, footer=3),
    Action("schedule_toggle", ("space",), "on/off", "switch the job on or off", "do_toggle", "schedule", writes=True, footer=4),
    Action(
        "schedule_add",
        ("n",),
        "add",
        "add the job; in an empty schedule the standard ones",
        "do_add",
        "schedule",
        writes=True,
        footer=6,
    ),
    Action(
        "schedule_delete", ("D",), "remove", "take the job out of the schedule", "do_remove", "schedule", writes=True, footer=7
    ),
    Action(
        "schedule_undo",
        ("u",),
        "undo",
        "take back the last change, or the last write",
        "do_undo",
        "schedule",
        writes=True,
        footer=8,
    ),
    Action(
        "schedule_run", ("T",), "run now", "run the job now, as cron would", "do_run_now", "schedule", writes=True, footer=9
    ),
    Action(
        "schedule_write",
        ("w",),
        "write",
        "show the difference of the whole crontab, then write it",
        "do_write",
        "schedule",
        writes=True,
        footer=5,
    ),
    Action("form_back", ("escape",), "back", "leave the time as it is", "do_back", "form", footer=1),
    Action("form_take", ("enter",), "take", "take this time; nothing is written yet", "do_take", "form", footer=2),
    Action("form_down", ("down", "tab"), "next", "next preset", "do_down", "form", footer=3),
    Action("form_up", ("up", "shift+tab"), "before", "preset before", "do_up", "form", footer=4),
    *frame("settings"),
    Action("settings_edit", ("e", "enter"), "edit", "give the key another value", "do_edit", "settings", writes=True, footer=3),
    Action("settings_reset", ("r",), "default", "put the default there", "do_reset", "settings", writes=True, footer=4),
    Action(
        "settings_write",
        ("w",),
        "write",
        "write what was changed; several keys are shown first",
        "do_write",
        "settings",
        writes=True,
        footer=5,
    ),
    Action("settings_undo", ("u",), "undo", "take the change of the row back", "do_undo", "settings", writes=True, footer=6),
    Action("settings_changed", ("c",), "changed", "only what is not the default, or all", "do_changed", "settings", footer=7),
    Action("settings_filter", ("slash",), "filter", "only keys with these words", "do_filter", "settings", footer=8),
    Action("setting_back", ("escape",), "back", "leave the key as it is", "do_back", "setting", footer=1),
    Action("setting_take", ("enter",), "take", "take this value; nothing is written yet", "do_take", "setting", footer=2),
    Action("setting_default", ("ctrl+r",), "default", "put the default into the field", "do_default", "setting", footer=3),
    Action("setting_down", ("down", "tab"), "next", "the next of the values it takes", "do_down", "setting", footer=4),
    Action("setting_up", ("up", "shift+tab"), "before", "the value before", "do_up", "setting", footer=5),
    *frame("alerts"),
    Action("alerts_ack", ("enter",), "acknowledge", "it was seen: not sent again", "do_acknowledge", "alerts", True, footer=3),
    Action("alerts_silence", ("s",), "silence", "send nothing of it for a time", "do_silence", "alerts", True, footer=4),
    Action(
        "alerts_ack_all", ("A",), "acknowledge all", "all that fires was seen", "do_acknowledge_all", "alerts", True, footer=5
    ),
    Action(
        "alerts_test", ("t",), "test", "send a test message, and what waits undelivered", "do_test", "alerts", True, footer=6
    ),
    *frame("doctor"),
    *frame("away"),
    *frame("service"),
    Action(
        "service_test",
        ("t",),
        "test",
        "ask for the current symbol: status, latency, verdict",
        "do_test_symbol",
        "service",
        footer=3,
    ),
    Action("help_back", ("escape", "q", "question_mark", "f1"), "back", "close the help", "do_back", "help", footer=1),
    Action("help_down", ("j", "down"), "down", "one line down", "do_down", "help", footer=2),
    Action("help_up", ("k", "up"), "up", "one line up", "do_up", "help", footer=3),
    Action("help_page_down", ("pagedown", "ctrl+d", "space"), "page", "one page down", "do_page_down", "help", footer=4),
    Action("help_page_up", ("pageup", "ctrl+u"), "page up", "one page up", "do_page_up", "help"),
    Action("help_top", ("g", "home"), "top", "first line", "do_top", "help"),
    Action("help_bottom", ("G", "end"), "end", "last line", "do_bottom", "help"),
    Action("confirm_no", ("escape", "n", "q"), "no", "do nothing", "do_no", "confirm", footer=1),
    Action("confirm_yes", ("y",), "yes", "do what is listed", "do_yes", "confirm", footer=2),
    Action(
        "confirm_switch",
        ("tab", "left", "right", "h", "l"),
        "switch",
        "choose between the two buttons",
        "do_switch",
        "confirm",
        footer=3,
    ),
    Action(
        "confirm_choose",
        ("enter",),
        "choose",
        "press the chosen button; Cancel is chosen first",
        "do_choose",
        "confirm",
        footer=4,
    ),
    Action("confirm_down", ("j", "down"), "down", "scroll the list down", "do_down", "confirm"),
    Action("confirm_up", ("k", "up"), "up", "scroll the list up", "do_up", "confirm"),
    Action("palette_back", ("escape",), "back", "close the palette", "do_back", "palette", footer=1),
    Action("palette_choose", ("enter",), "run", "run the chosen action", "do_choose", "palette", footer=2),
    Action("palette_down", ("down", "tab"), "next", "next action", "do_down", "palette", footer=3),
    Action("palette_up", ("up", "shift+tab"), "before", "action before", "do_up", "palette", footer=4),
    Action("palette_erase", ("backspace",), "erase", "erase a letter of the search", "do_erase", "palette"),
)

_BY_ID = {action.id: action for action in ACTIONS}
KEY_NAMES = {
    "comma": ",",
    "question_mark": "?",
    "colon": ":",
    "escape": "esc",
    "slash": "/",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "f1": "F1",
    "f5": "F5",
}


def in_group(group: str) -> tuple[Action, ...]:
    """The actions of one screen, in the order of the table."""
    return tuple(action for action in ACTIONS if action.group == group)


def by_id(action_id: str) -> Action:
    """The action with this id; KeyError when there is none."""
    return _BY_ID[action_id]


def bindings(group: str) -> list[BindingType]:
    """Textual's bindings of one screen; the id makes a key remappable."""
    return [
        Binding(",".join(action.keys), f"act('{action.id}')", action.description, show=False, id=action.id)
        for action in in_group(group)
        if action.keys
    ]


def key_name(key: str) -> str:
    """A key as people write it: `F9`, `!`, `ctrl+t`, `space`."""
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    sign = format_key(key)
    return key.upper() if key[:1] == "f" and key[1:].isdigit() else sign if len(sign) == 1 and sign.isascii() else key


def key_names(keys: Iterable[str]) -> str:
    """Several keys of one action."""
    return " ".join(key_name(key) for key in keys)
