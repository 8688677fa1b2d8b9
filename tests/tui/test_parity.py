"""Whatever the console changes, a command changes too: nobody needs a terminal that can draw."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from engine.cli.main import cli
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


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    """Every command, with the names of its groups before it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, f"{before}{name} ")
        else:
            yield f"{before}{name}"


@pytest.mark.parametrize("action", [action.id for action in ACTIONS if action.writes])
def test_every_writing_action_has_a_command(action: str) -> None:
    """A new action that writes is missed here until its command is named, and the command
    exists."""
    assert COMMANDS[action] in set(commands(cli))
