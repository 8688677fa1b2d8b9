"""Commands for the symbols of a home."""

from __future__ import annotations

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.options import HOME, PRINTS, READS_BARS, SOURCE
from engine.core.symbols import Priority

_PRIORITY = Option(
    "--priority", "How early it is trained.", ValueType.TEXT, choices=tuple(map(str, Priority))
)
_FIELDS = (
    Option("--company", "The company's name.", ValueType.TEXT, metavar="TEXT"),
    Option("--sector", "Its sector.", ValueType.TEXT, metavar="TEXT"),
    Option("--kind", "Its kind: stock, etf, large cap, …", ValueType.TEXT, metavar="TEXT"),
    _PRIORITY,
    Option("--min-date", "The day before which bars are not used.", ValueType.DATE, metavar="DATE"),
)
_UNCHECKED = Option("--unchecked", "Do not ask the source whether it has the symbol.")
_NAMES = Argument("symbols", multiple=True, metavar="SYMBOL…")
SYMBOLS_GROUP = CommandGroup(
    name="symbols",
    summary="List the symbols, add, change, import or remove them.",
    options=(HOME, SOURCE),
    verbs=(
        Command(
            name="add",
            summary="Add SYMBOLS that the source has; for any other nothing is written, exit 4.",
            details=(
                "Add SYMBOLS that the source has bars of, with company, sector and kind from the"
                " source where it knows them. For any other nothing is written, and the exit code"
                " is 4."
            ),
            target="engine.cli.symbols:add",
            verb="symbols.add",
            arguments=(_NAMES,),
            options=(*_FIELDS, _UNCHECKED, *READS_BARS),
            writes=True,
        ),
        Command(
            name="import",
            summary="Bring the symbols of FILE, a list or a table, into symbols.csv.",
            details=(
                "Bring the symbols of FILE into symbols.csv: a text of names, or a table (CSV) with"
                " a column symbol or ticker. All of them, or none when the source lacks one, exit"
                " 4."
            ),
            target="engine.cli.symbols:import_list",
            verb="symbols.import_list",
            arguments=(Argument("file", metavar="FILE"),),
            options=(
                _PRIORITY,
                _UNCHECKED,
                Option("--skip-unknown", "Import the others when the source lacks some."),
                *READS_BARS,
            ),
            writes=True,
        ),
        Command(
            name="list",
            summary="Every symbol with its settings, file and line.",
            target="engine.cli.symbols:list_symbols",
            verb="symbols.list",
            options=PRINTS,
        ),
        Command(
            name="remove",
            summary="Take SYMBOLS out; their models move into a backup, their history stays.",
            details=(
                "Take SYMBOLS out of the settings. Their models move into a backup, which clean"
                " drops on the day shown; runs and forecasts of the past stay. Exit 75 while"
                " a run trains one of them."
            ),
            target="engine.cli.symbols:remove",
            verb="symbols.remove",
            arguments=(_NAMES,),
            options=(
                Option("--keep", "Never drop the backup of their models."),
                Option("--yes", "Remove without asking."),
                *PRINTS,
            ),
            writes=True,
        ),
        Command(
            name="set",
            summary="Change KEY of SYMBOL to VALUE in its file; comments and order stay.",
            details=(
                "Change KEY (company, sector, kind, priority, min_date) of SYMBOL to VALUE, or what"
                " the options say; without a VALUE of min_date the key goes."
            ),
            target="engine.cli.symbols:set_fields",
            verb="symbols.set",
            arguments=(
                Argument("symbol"),
                Argument("words", required=False, multiple=True, metavar="[KEY VALUE]…"),
            ),
            options=(*_FIELDS, *PRINTS),
            writes=True,
        ),
    ),
)
