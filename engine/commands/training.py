"""Commands that train models and show training runs."""

from __future__ import annotations

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.options import (
    ACCEPT_REBASE,
    EPOCHS,
    FORECASTS,
    HOME,
    JSON,
    MEMBERS,
    ONLY_SYMBOLS,
    PRINTS,
    REPORTS,
    SOURCE,
    SYMBOL,
    SYMBOLS,
)

_TRAINING = (
    HOME,
    SOURCE,
    REPORTS,
    JSON,
    EPOCHS,
    MEMBERS,
    Option("--accept-worse", "Publish even where the guard would refuse."),
    Option("--replace-source", "Let bars of another source replace a live model."),
    Option("--accept-doubts", "Train on doubtful bars too, this time only."),
    Option("--detach", "Print the run's id and leave."),
)
_RUN = Argument("run_id", required=False, metavar="[RUN]")

TRAIN = Command(
    name="train",
    summary="Train symbols and follow the run.",
    details="Train SYMBOLS and follow the run; Ctrl-C cancels it.",
    target="engine.cli.train:train",
    verb="runs.start",
    arguments=(Argument("symbols", multiple=True, metavar="SYMBOL…"),),
    options=(*_TRAINING, ACCEPT_REBASE),
    writes=True,
)
TRAIN_ALL = Command(
    name="train-all",
    summary="Train every configured symbol.",
    target="engine.cli.train:train_all",
    verb="runs.start",
    options=_TRAINING,
    writes=True,
)
QUICK_TRAIN = Command(
    name="quick-train",
    summary="Train with few epochs; without names: priority high.",
    details=(
        "Train with few epochs (training.quick_epochs); without SYMBOLS those of priority high."
    ),
    target="engine.cli.train:quick_train",
    verb="runs.start",
    arguments=(SYMBOLS,),
    options=_TRAINING,
    writes=True,
)
AUTO_TRAIN = Command(
    name="auto-train",
    summary="Train every symbol that has a reason to be trained.",
    details=(
        "Train every symbol that has a reason to be trained: age, accuracy, error, confidence,"
        " failures, events, drift."
    ),
    target="engine.cli.auto_train:auto_train",
    verb="watch.auto_train",
    options=(
        Option("--force", "Train every symbol, whatever the reasons."),
        Option("--skip-market-hours", "Train although the market is open."),
        ONLY_SYMBOLS,
        Option("--dry-run", "Print symbol, decision and reason, and train nothing."),
        Option("--detach", "Start the run and return; its id is printed."),
        *FORECASTS,
    ),
    writes=True,
)
HOLD = Command(
    name="hold",
    summary="Stop automatic training of a symbol.",
    details="Stop automatic training of SYMBOL; `train` still trains it.",
    target="engine.cli.auto_train:hold",
    verb="watch.hold",
    arguments=(SYMBOL,),
    options=(
        Option(
            "--until",
            "The last day of the hold: 2025-12-31, fri or 3d. Default: until `unhold`.",
            ValueType.TEXT,
            metavar="DATE",
        ),
        Option(
            "--reason",
            "Why; it is shown wherever the symbol is.",
            ValueType.TEXT,
            required=True,
        ),
        HOME,
    ),
    writes=True,
)
UNHOLD = Command(
    name="unhold",
    summary="Resume automatic training of a symbol.",
    details="Resume automatic training of SYMBOL.",
    target="engine.cli.auto_train:unhold",
    verb="watch.unhold",
    arguments=(SYMBOL,),
    options=(HOME,),
    writes=True,
)
RUNS = CommandGroup(
    name="runs",
    summary="List, show, follow or cancel training runs.",
    options=(HOME,),
    verbs=(
        Command(
            name="cancel",
            summary="Ask a run to stop; without RUN the one that is live.",
            target="engine.cli.runs:cancel",
            verb="runs.cancel",
            arguments=(_RUN,),
            options=PRINTS,
            writes=True,
        ),
        Command(
            name="follow",
            summary=(
                "Follow a run until it ends; Ctrl-C leaves it running. Without RUN the one that is"
                " live, else the newest."
            ),
            target="engine.cli.runs:follow_run",
            verb="runs.show",
            arguments=(_RUN,),
            options=PRINTS,
        ),
        Command(
            name="list",
            summary="The newest runs, newest first.",
            target="engine.cli.runs:list_runs",
            verb="runs.recent",
            options=(
                Option("--limit", "How many.", ValueType.INTEGER, limits=(1, 500), default=20),
                *PRINTS,
            ),
        ),
        Command(
            name="show",
            summary="One run and its jobs; without RUN the newest.",
            target="engine.cli.runs:show",
            verb="runs.show",
            arguments=(_RUN,),
            options=PRINTS,
        ),
    ),
)
