"""Every command of stockml, in the order of `stockml --help`; add new commands here."""

from __future__ import annotations

from collections.abc import Iterator

from engine.commands.cluster import CLUSTER
from engine.commands.command import Command, CommandGroup, Option, ValueType
from engine.commands.forecasting import BACKTEST, DATA, EVALUATE, PREDICT
from engine.commands.keeping import BACKUP, BACKUPS, CLEAN, RESTORE
from engine.commands.operating import (
    AUDIT,
    COMPLETION,
    CONFIG,
    DEMO,
    SERVE,
    TEST_SYMBOL,
    VERSION,
)
from engine.commands.options import HOME, SOURCE
from engine.commands.scheduling import CRON_RUN, SCHEDULE
from engine.commands.training import AUTO_TRAIN, HOLD, QUICK_TRAIN, RUNS, TRAIN, TRAIN_ALL, UNHOLD
from engine.commands.universe import SYMBOLS_GROUP
from engine.commands.watching import (
    ACCURACY,
    ALERTS,
    DASHBOARD,
    DOCTOR,
    HEALTH,
    MONITOR,
    PERFORMANCE,
    STATUS,
)

_ROWS: tuple[Command | CommandGroup, ...] = (
    TRAIN,
    TRAIN_ALL,
    QUICK_TRAIN,
    AUTO_TRAIN,
    HOLD,
    UNHOLD,
    PERFORMANCE,
    MONITOR,
    ACCURACY,
    ALERTS,
    HEALTH,
    DOCTOR,
    STATUS,
    DASHBOARD,
    PREDICT,
    EVALUATE,
    BACKTEST,
    RUNS,
    DATA,
    BACKUP,
    BACKUPS,
    RESTORE,
    CLEAN,
    SCHEDULE,
    CRON_RUN,
    SERVE,
    TEST_SYMBOL,
    SYMBOLS_GROUP,
    CLUSTER,
    CONFIG,
    AUDIT,
    DEMO,
    COMPLETION,
    VERSION,
)
COMMANDS = {row.name: row for row in _ROWS}

CONSOLE_HELP = """Keep stock-forecast models trained, watched, backed up and scheduled.
Without a command: open the console."""
CONSOLE_OPTIONS = (
    HOME,
    SOURCE,
    Option("--read-only", "The console looks and never writes."),
    Option(
        "--link",
        "The console's bandwidth. Default: stockml.toml.",
        ValueType.TEXT,
        choices=("auto", "fast", "slow"),
    ),
)
"""Options of `stockml` without a command."""


def all_commands() -> Iterator[tuple[str, Command]]:
    """Every command with its full name, such as `runs list`."""
    for name, row in COMMANDS.items():
        if isinstance(row, CommandGroup):
            yield from ((f"{name} {verb.name}", verb) for verb in row.verbs)
        else:
            yield name, row
