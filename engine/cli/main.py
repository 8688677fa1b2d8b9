"""`stockml`: the console without a verb, else one command, imported only when it is invoked."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from engine.cli.console import open_console, target
from engine.cli.options import Group, home_option, source_option, takes_session
from engine.cli.session import Session, report
from engine.core.errors import ConfigError, ExitCode, StockmlError, UsageError


@dataclass(frozen=True, slots=True)
class Row:
    """One verb: where its click command stands, and its line in `--help`."""

    target: str
    help: str


# A new command is one function in engine/cli and one row here.
COMMANDS: dict[str, Row] = {
    "train": Row("engine.cli.train:train", "Train symbols and follow the run."),
    "train-all": Row("engine.cli.train:train_all", "Train every configured symbol."),
    "quick-train": Row(
        "engine.cli.train:quick_train", "Train with few epochs; without names: priority high."
    ),
    "auto-train": Row(
        "engine.cli.auto_train:auto_train", "Train every symbol that has a reason to be trained."
    ),
    "hold": Row("engine.cli.auto_train:hold", "Stop automatic training of a symbol."),
    "unhold": Row("engine.cli.auto_train:unhold", "Let automatic training of a symbol go on."),
    "performance": Row(
        "engine.cli.performance:performance", "Check every model; train what has a reason."
    ),
    "monitor": Row("engine.cli.performance:performance", "The same as performance."),
    "accuracy": Row(
        "engine.cli.performance:accuracy", "Live accuracy of the forecasts that were kept."
    ),
    "alerts": Row("engine.cli.alerts:alerts", "List, acknowledge, silence or test alerts."),
    "health": Row(
        "engine.cli.health:health", "Is the house in order; ends with 1 when something is critical."
    ),
    "doctor": Row(
        "engine.cli.health:doctor", "Can this machine and terminal do the work; with fixes."
    ),
    "status": Row("engine.cli.status:status", "State, forecast and figures of every symbol."),
    "dashboard": Row(
        "engine.cli.dashboard:dashboard", "Models, performance, runs and resources as plain text."
    ),
    "predict": Row("engine.cli.predict:predict", "Forecast the next session's close."),
    "evaluate": Row(
        "engine.cli.evaluate:evaluate",
        "Score live models on sessions they could not have seen; keep a report.",
    ),
    "backtest": Row(
        "engine.cli.backtest:backtest",
        "Walk forward: every member beside naive on sessions never seen.",
    ),
    "runs": Row("engine.cli.runs:runs", "List, show, follow or cancel training runs."),
    "data": Row("engine.cli.data:data", "Fetch bars, or check the stored ones."),
    "backup": Row("engine.cli.backup:backup", "Copy live models into a new, verified backup."),
    "backups": Row("engine.cli.backup:backups", "List the backups, or verify them."),
    "restore": Row("engine.cli.backup:restore", "Bring models back from a backup."),
    "clean": Row("engine.cli.clean:clean", "Remove old backups, logs and runs by rule."),
    "schedule": Row(
        "engine.cli.schedule:schedule", "The jobs in your crontab: show, install, change, undo."
    ),
    "cron-run": Row("engine.cli.cron_run:cron_run", "Run one scheduled job, as cron starts it."),
    "serve": Row("engine.cli.serve:serve", "Answer predictions over HTTP."),
    "test-symbol": Row(
        "engine.cli.serve:test_symbol", "Ask the running service for one prediction."
    ),
    "config": Row("engine.cli.config:config", "Show, check or change the settings."),
    "audit": Row("engine.cli.audit:audit", "Who did what, when, from where, and how it ended."),
    "demo": Row(
        "engine.cli.demo:demo", "Try everything on a simulated market, in a home of its own."
    ),
}

CLOSED_PIPE = 141
"""128 + SIGPIPE, as other programs of a pipe end."""


class Commands(Group):
    """Reads the table above; a module is imported when its command is invoked."""

    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if name not in COMMANDS:
            return None
        found: click.Command = target(COMMANDS[name].target)
        return found

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in COMMANDS.items()])


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"stockml {installed_version()}")
        context.exit()


def installed_version() -> str:
    """The version of the installed package, or of the checkout that this file stands in."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("stockml")
    except PackageNotFoundError:
        import tomllib

        project = tomllib.loads(
            (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
        )
        return str(project["project"]["version"])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@home_option
@source_option
@click.option("--read-only", is_flag=True, help="The console looks and never writes.")
@click.option(
    "--link",
    type=click.Choice(["auto", "fast", "slow"]),
    help="The console's bandwidth. Default: stockml.toml.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version.",
)
@click.pass_context
@takes_session
def cli(session: Session, context: click.Context, read_only: bool, link: str | None) -> int:
    """Keep stock-forecast models trained, watched, backed up and scheduled.
    Without a command: open the console."""
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    return open_console(session, read_only, link)


def entry() -> None:
    """The console script."""
    # Under cron's umask of 0 the home's folders would become writable by others, and then be
    # refused.
    os.umask(os.umask(0o022) | 0o022)
    sys.exit(main(sys.argv[1:]))


def main(args: Sequence[str]) -> int:
    """Run one command line; every fault becomes one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A locale without UTF-8 shows "?" for an arrow and never ends a command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    session = Session()
    try:
        code = _run(list(args), session)
        sys.stdout.flush()
    except BrokenPipeError:
        return _quiet_pipe()
    return code


def _run(args: list[str], session: Session) -> int:
    try:
        return int(cli.main(args, prog_name="stockml", standalone_mode=False, obj=session) or 0)
    except StockmlError as error:
        report(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()  # a group without a verb: its help, as it is
        return error.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        report(
            UsageError(
                error.format_message(),
                f"`{context.command_path} --help` shows the usage" if context else "",
            )
        )
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        # The word begins a line of its own: click ends the line of a Ctrl-C, but not that of a
        # question.
        asked = isinstance(error, click.Abort) and error.__cause__ is None
        click.echo(("\n" if asked else "") + "stockml: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except SystemExit as error:
        # click's own end: 1 for a closed pipe (its stdout then flushes in silence), else shell
        # completion.
        return CLOSED_PIPE if error.code == 1 else int(error.code or 0)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a word and a file, never a traceback
        return _crashed(error, args, session)


def _quiet_pipe() -> int:
    """The reader went away (`| head`): say nothing, and let the interpreter's last flush go
    nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(null, sys.stdout.fileno())
    return CLOSED_PIPE


_NO_WRITING = (errno.EROFS, errno.ENOSPC, errno.EDQUOT)


def _crashed(error: Exception, args: list[str], session: Session) -> int:
    if (
        isinstance(error, OSError) and error.strerror
    ):  # without a file it was the output itself: a full disk behind `>`
        what = f"{error.strerror}: {error.filename or 'while writing or reading'}"
        if (
            error.errno in _NO_WRITING
        ):  # no fault of the program, and its file could not be written either
            report(StockmlError(what, "`stockml doctor` looks at the home and its disk"))
            return ExitCode.FAILED
    else:
        what = repr(error)
    where = _crash_file(error, args, session)
    report(StockmlError(what, f"details in {where}" if where else "no crash file could be written"))
    return ExitCode.FAILED


def _crash_file(error: Exception, args: list[str], session: Session) -> Path | None:
    """The traceback in a file under logs/, or in the temporary folder where there is no home."""
    import platform
    import traceback
    from datetime import UTC, datetime

    lines = [
        f"{datetime.now(UTC).isoformat()} stockml {' '.join(args)}",
        f"Python {platform.python_version()}",
        "",
    ]
    text = "\n".join(lines + traceback.format_exception(error))
    folder: Path | None = None
    try:
        session.home.logs.mkdir(parents=True, exist_ok=True)
        folder = session.home.logs
    except (ConfigError, OSError):
        pass  # no home: the temporary folder
    try:
        fd, name = tempfile.mkstemp(
            ".txt", f"stockml-crash-{datetime.now(UTC):%Y%m%d_%H%M%S}-", folder
        )
        with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)


if __name__ == "__main__":
    entry()
