"""Whatever the console changes, a command changes too: nobody needs a terminal that can draw."""

from __future__ import annotations

import pytest

from engine.commands.table import all_commands
from engine.core.errors import UsageError
from tui.command.line import KEPT_OUT
from tui.command.run import meaning
from tui.keys.table import ACTIONS

COMMANDS_BY_NAME = dict(all_commands())

# The command of each action that writes; an edit that `w` writes has the command that writes the
# same.
COMMANDS = {
    "retrain": "train",
    "train_all": "train-all",
    "quick_train": "quick-train",
    "cancel": "runs cancel",
    "symbol_retrain": "train",
    "symbol_backup_now": "backup",
    "symbol_cancel": "runs cancel",
    "runs_cancel": "runs cancel",
    "run_cancel": "runs cancel",
    "check": "performance",
    "auto_train": "auto-train",
    "backup_now": "backup",
    "backups_make": "backup",
    "backups_undo": "restore",
    "backup_restore": "restore",
    "backup_restore_all": "restore",
    "schedule_edit": "schedule set",
    "schedule_toggle": "schedule disable",
    "schedule_add": "schedule install",
    "schedule_delete": "schedule remove",
    "schedule_undo": "schedule undo",
    "schedule_run": "cron-run",
    "schedule_write": "schedule install",
    "schedule_check": "schedule check",
    "symbols_add": "symbols add",
    "symbols_import": "symbols import",
    "symbols_remove": "symbols remove",
    "symbols_set": "symbols set",
    "settings_edit": "config set",
    "settings_reset": "config set",
    "settings_write": "config set",
    "settings_undo": "config set",
    "alerts_ack": "alerts ack",
    "alerts_ack_all": "alerts ack",
    "alerts_silence": "alerts silence",
    "alerts_test": "alerts test",
}


@pytest.mark.parametrize("action", [action.id for action in ACTIONS if action.writes])
def test_every_writing_action_has_a_command(action: str) -> None:
    """Each action that writes names a command that exists and writes too."""
    assert dict(all_commands())[COMMANDS[action]].writes


@pytest.mark.parametrize("name", [name for name, _ in all_commands()])
def test_every_command_can_be_typed_in_the_console(name: str) -> None:
    """The line takes it, or says why it does not run there."""
    words = name.split() + [argument.name for argument in COMMANDS_BY_NAME[name].arguments]
    for option in COMMANDS_BY_NAME[name].options:
        words += [option.flag, "x"] if option.required else []
    try:
        asked = meaning(" ".join(words), ())
    except UsageError as refused:
        assert refused.hint == KEPT_OUT[name]
    else:
        shown = asked.tab or (asked.invocation.name if asked.invocation else "")
        assert shown == name
