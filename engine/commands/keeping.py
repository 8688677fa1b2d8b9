"""Commands that back up models, restore them and remove old files."""

from __future__ import annotations

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.options import HOME, PRINTS, SYMBOLS

BACKUP = Command(
    name="backup",
    summary="Copy live models into a new, verified backup.",
    details=(
        "Copy the live models of SYMBOLS, without them all of them, into a new backup; every copy"
        " is read again."
    ),
    target="engine.cli.backup:backup",
    verb="backups.create",
    arguments=(SYMBOLS,),
    options=(
        Option(
            "--to",
            "A folder on another disk that gets a copy too.",
            ValueType.PATH,
            metavar="DIR",
        ),
        *PRINTS,
    ),
    writes=True,
)
BACKUPS = CommandGroup(
    name="backups",
    summary="List the backups, or verify them.",
    details="List the backups, or read every file of them again.",
    options=(HOME,),
    verbs=(
        Command(
            name="list",
            summary="Every backup, newest first, here and in the folder of `backup.also_to`.",
            target="engine.cli.backup:list_backups",
            verb="backups.list",
            options=PRINTS,
        ),
        Command(
            name="verify",
            summary=(
                "Read every file of the backups again: its hash, then what the model reader finds."
                " Exit 1 on damage."
            ),
            target="engine.cli.backup:verify",
            verb="backups.verify",
            arguments=(Argument("names", required=False, multiple=True, metavar="[BACKUP…]"),),
            options=PRINTS,
        ),
    ),
)
RESTORE = Command(
    name="restore",
    summary="Bring models back from a backup.",
    details=(
        "Bring models back from BACKUP, a name or a folder, those of SYMBOLS or all; what they"
        " replace is backed up first."
    ),
    target="engine.cli.backup:restore",
    verb="backups.restore",
    arguments=(Argument("name", metavar="BACKUP"), SYMBOLS),
    options=(
        Option("--foreign", "Also what another home sealed: it is checked, then sealed here."),
        Option("--yes", "Replace the live models without asking."),
        *PRINTS,
    ),
    writes=True,
)
CLEAN = Command(
    name="clean",
    summary="Remove old backups, logs and runs by rule.",
    details=(
        "Remove what is old by the rules of the settings; a live model is never removed, nor a"
        " backup still needed."
    ),
    target="engine.cli.clean:clean",
    verb="storage.clean",
    options=(
        Option("--dry-run", "Only say what would be done, and why each thing is kept."),
        Option("--yes", "Remove without asking."),
        *PRINTS,
    ),
    writes=True,
)
