"""Commands for the service, the settings, the audit log and the demo."""

from __future__ import annotations

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.options import HOME, PRINTS, REPORTS, SOURCE

SERVE = Command(
    name="serve",
    summary="Answer predictions over HTTP.",
    details=(
        "Answer predictions over HTTP until Ctrl-C or SIGTERM; never trains, never loads"
        " TensorFlow."
    ),
    target="engine.cli.serve:serve",
    options=(
        Option(
            "--host",
            "Address to listen on. Default: service.host in stockml.toml.",
            ValueType.TEXT,
            metavar="ADDRESS",
        ),
        Option(
            "--port",
            "Port; 0 picks a free one. Default: service.port.",
            ValueType.INTEGER,
            limits=(0, 65535),
        ),
        Option("--no-fetch", "Never ask the network for fresh bars."),
        Option("--detach", "Serve in the background and end; its output goes to logs/service.log."),
        Option("--stop", "End the running service of this home."),
        Option("--restart", "End it and start it again in the background."),
        Option("--make-token", "Write a new bearer token into secrets.toml and end."),
        SOURCE,
        REPORTS,
        HOME,
    ),
)
TEST_SYMBOL = Command(
    name="test-symbol",
    summary="Ask the running service for one prediction.",
    details=(
        "Ask the service for one prediction: status, latency, answer, verdict against the limits."
    ),
    target="engine.cli.serve:test_symbol",
    verb="service.ask",
    arguments=(Argument("symbol", required=False, default="NVDA"),),
    options=PRINTS,
)
CONFIG = CommandGroup(
    name="config",
    summary="Show, check or change the settings.",
    options=(HOME,),
    verbs=(
        Command(
            name="check",
            summary=(
                "Name every mistake in stockml.toml and in the environment at once; exit 3 when"
                " there is one."
            ),
            target="engine.cli.config:check",
            options=PRINTS,
        ),
        Command(
            name="set",
            summary=(
                "Set KEY (training.epochs) to VALUE in stockml.toml; that line alone changes, the"
                " file before is kept."
            ),
            target="engine.cli.config:set_value",
            arguments=(Argument("key"), Argument("value")),
            options=PRINTS,
            writes=True,
            dashes_are_values=True,
        ),
        Command(
            name="show",
            summary=(
                "Every effective value and where it comes from: file, default or environment."
            ),
            target="engine.cli.config:show",
            options=PRINTS,
        ),
    ),
)
AUDIT = Command(
    name="audit",
    summary="Who did what, when, from where, and how it ended.",
    details=(
        "Everything changed through stockml, oldest first; with TEXT only the lines that"
        " hold every word of it."
    ),
    target="engine.cli.audit:audit",
    arguments=(Argument("words", required=False, multiple=True, metavar="[TEXT]…"),),
    options=(
        Option(
            "--since",
            "Only what is newer: 30m, 6h, 2d, or a day as 2026-11-20.",
            ValueType.TEXT,
            metavar="2d",
        ),
        *PRINTS,
    ),
)
DEMO = Command(
    name="demo",
    summary="Try everything on a simulated market, in a home of its own.",
    details=(
        "Open the console on a simulated market; without a terminal train every symbol and show"
        " the table."
    ),
    target="engine.cli.demo:demo",
    options=(HOME,),
    writes=True,
)
VERSION = Command(
    name="version",
    summary="Print the version.",
    details=(
        "Print the version; with --verbose those of what reads model files and requests as well."
    ),
    target="engine.cli.version:version",
    options=(
        Option("--verbose", "Name h5py, HDF5, h11, starlette and uvicorn too."),
        *PRINTS,
    ),
)
COMPLETION = Command(
    name="completion",
    summary="Print the completion script of a shell.",
    details=(
        "Print the completion script of a shell, for commands, options and symbols:"
        ' `eval "$(stockml completion bash)"` in ~/.bashrc, the same with zsh in ~/.zshrc,'
        " `stockml completion fish > ~/.config/fish/completions/stockml.fish`."
    ),
    target="engine.cli.completion:completion",
    arguments=(Argument("shell", metavar="bash|zsh|fish"),),
    options=(HOME,),
)
