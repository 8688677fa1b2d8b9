"""Commands that fetch bars, forecast from them and score forecasts."""

from __future__ import annotations

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.options import (
    ACCEPT_REBASE,
    EPOCHS,
    FORECASTS,
    HOME,
    MEMBERS,
    READS_BARS,
    SOURCE,
    SYMBOL,
    SYMBOLS,
)

PREDICT = Command(
    name="predict",
    summary="Forecast the next session's close.",
    details=(
        "Forecast the next close of SYMBOLS with its 80 and 95 % interval; never asks the network."
    ),
    target="engine.cli.predict:predict",
    verb="models.predict",
    arguments=(SYMBOLS,),
    options=(
        Option("--all", "Every configured symbol.", name="all_symbols"),
        Option("--accept-doubts", "Forecast from doubtful bars too, this time only."),
        Option(
            "--horizon",
            "Sessions ahead: 1, or 5 for the range of a week.",
            ValueType.INTEGER,
            limits=(1, 5),
            default=1,
        ),
        *FORECASTS,
    ),
)
EVALUATE = Command(
    name="evaluate",
    summary="Score live models on sessions they could not have seen; keep a report.",
    details=(
        "Score live models beside naive on sessions after their last training bar (few: on held-out"
        " ones); never asks the network.\n\n"
        "The report (JSON, Markdown, one HTML page) is kept in evaluation_results/."
    ),
    target="engine.cli.evaluate:evaluate",
    verb="models.evaluate",
    arguments=(SYMBOLS,),
    options=FORECASTS,
)
BACKTEST = Command(
    name="backtest",
    summary="Walk forward: every member beside naive on sessions never seen.",
    details=(
        "Refit every N sessions, forecast one session ahead, and score every member beside naive,"
        " drift and always-up."
    ),
    target="engine.cli.backtest:backtest",
    verb="models.backtest",
    arguments=(SYMBOLS,),
    options=(
        Option(
            "--from",
            "First target session.",
            ValueType.DATE,
            metavar="DATE",
            name="first",
            required=True,
        ),
        Option(
            "--to",
            "Last target session, included.",
            ValueType.DATE,
            metavar="DATE",
            name="last",
            required=True,
        ),
        Option(
            "--retrain-every",
            "Sessions between refits.",
            ValueType.INTEGER,
            limits=(1, 1000),
            default=21,
        ),
        EPOCHS,
        MEMBERS,
        Option("--baselines", "Also score RiskMetrics EWMA and GARCH(1,1)-t (extra: baselines)."),
        *FORECASTS,
    ),
)
DATA = CommandGroup(
    name="data",
    summary="Fetch, check or import bars, or show report dates.",
    options=(HOME, SOURCE),
    verbs=(
        Command(
            name="accept",
            summary="Close a doubt about the bars of SYMBOL for good; KIND and DATE name it.",
            target="engine.cli.data:accept",
            verb="bars.accept",
            arguments=(
                SYMBOL,
                Argument("kind", metavar="KIND"),
                Argument("day", metavar="DATE"),
            ),
            options=(
                Option(
                    "--reason",
                    "Why it is accepted; kept in stockml.toml and in the audit log.",
                    ValueType.TEXT,
                    metavar="R",
                    required=True,
                ),
                *READS_BARS,
            ),
            writes=True,
        ),
        Command(
            name="check",
            summary=(
                "Check the stored bars of SYMBOLS; never asks the network. Ends with 4 without"
                " usable bars, with 5 for an open doubt."
            ),
            target="engine.cli.data:check",
            verb="bars.stored",
            arguments=(SYMBOLS,),
            options=READS_BARS,
        ),
        Command(
            name="fetch",
            summary=(
                "Ask the source for fresh bars of SYMBOLS, check and store them; without SYMBOLS"
                " of all."
            ),
            target="engine.cli.data:fetch",
            verb="bars.fetch",
            arguments=(SYMBOLS,),
            options=(*READS_BARS, ACCEPT_REBASE),
            writes=True,
        ),
        Command(
            name="import",
            summary="Bring a CSV file of another program into the folder of the source.",
            details=(
                "Show how FILE is understood (columns, rows, first and last, doubts), ask, and"
                " write it as DIR/SYMBOL.csv of --source csv:DIR; the file before is kept."
            ),
            target="engine.cli.data_import:import_file",
            verb="bars.import_file",
            arguments=(Argument("file", metavar="FILE"), SYMBOL),
            options=(Option("--yes", "Write without asking."), *READS_BARS),
            writes=True,
        ),
        Command(
            name="reports",
            summary="Show the report dates of SYMBOL, or set or drop one by hand.",
            details=(
                "Past and coming dates of the quarterly reports of SYMBOL; one set by hand wins."
            ),
            target="engine.cli.reports:reports",
            verb="bars.reports",
            arguments=(SYMBOL,),
            options=(
                Option(
                    "--set",
                    "Set a report, before the open or after the close of its day.",
                    ValueType.TEXT,
                    metavar="DATE before|after",
                    name="set_words",
                    words=2,
                ),
                Option(
                    "--drop",
                    "Drop the report of this day.",
                    ValueType.DATE,
                    metavar="DATE",
                ),
                *FORECASTS,
            ),
            writes=True,
        ),
    ),
)
