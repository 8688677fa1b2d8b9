"""Whatever the console changes, a command changes too: nobody needs a terminal that can draw."""

from __future__ import annotations

import pytest

from engine.commands.table import all_commands
from tui.keys.table import ACTIONS

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
