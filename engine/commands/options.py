"""Arguments and options shared by several commands."""

from __future__ import annotations

from engine.commands.command import Argument, Option, ValueType
from engine.core.members import MEMBER_NAMES
from engine.core.sources import SOURCE_FORMS

HOME = Option(
    "--home",
    "Home folder; created when absent. Default: STOCKML_HOME, else the nearest folder upwards with"
    " stockml.toml.",
    ValueType.TEXT,
    metavar="DIR",
    name="home_text",
    shared=True,
)
SOURCE = Option(
    "--source",
    "Where bars come from. Default: stockml.toml.",
    ValueType.TEXT,
    metavar="|".join(SOURCE_FORMS),
    shared=True,
)
JSON = Option("--json", "One JSON document on stdout, narration on stderr.", shared=True)
REPORTS = Option(
    "--reports",
    "Folder of SYM.csv with report dates (date,time[,known]). Default: stockml.toml, else reports/"
    " in a csv folder.",
    ValueType.TEXT,
    metavar="DIR",
    shared=True,
)
READS_BARS = (JSON, SOURCE, HOME)
FORECASTS = (*READS_BARS, REPORTS)
"""Options of a command that forecasts from bars."""
PRINTS = (JSON, HOME)
ACCEPT_REBASE = Option(
    "--accept-rebase", "Take a history on another base, though no split of the source explains it."
)

EPOCHS = Option(
    "--epochs",
    "Epochs at most. Default: stockml.toml.",
    ValueType.INTEGER,
    limits=(1, 1000),
)
MEMBERS = Option(
    "--members",
    f"Members of the ensemble: {', '.join(MEMBER_NAMES)}.",
    ValueType.MEMBERS,
    metavar="NAME,…",
    multiple=True,
)
ONLY_SYMBOLS = Option("--symbols", "Only these symbols.", ValueType.TEXT, metavar='"A B"')

SYMBOL = Argument("symbol")
OPTIONAL_SYMBOL = Argument("symbol", required=False)
SYMBOLS = Argument("symbols", required=False, multiple=True, metavar="[SYMBOL…]")
