"""`stockml`: the console, or one command, whose module is imported when it is invoked."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from engine.cli.build import VerbGroup, build_option
from engine.cli.console import open_console
from engine.cli.session import Session, report, session_of
from engine.commands.table import COMMANDS, CONSOLE_HELP, CONSOLE_OPTIONS
from engine.core.errors import ExitCode, StockmlError, UsageError

_VERBOSE = "stockml.verbose"
CLOSED_PIPE = 141
"""128 + SIGPIPE, as other programs in a pipe end."""


class ConsoleGroup(VerbGroup):
    """`stockml` itself, whose help shows the summary of each command in full."""

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.summary) for name, row in self.rows.items()])


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    verbose = context.meta.get(_VERBOSE, False)
    if value:
        from engine.cli.version import version

        context.exit(version(session_of(context), verbose))
    if verbose:
        raise click.UsageError("--verbose goes with --version", context)


def _verbose(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    context.meta[_VERBOSE] = value


def open_without_command(**parameters: Any) -> int:
    """Open the console, unless a command follows."""
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    return open_console(session_of(context), **parameters)


VERSION = click.Option(
    ["--version"],
    is_flag=True,
    expose_value=False,
    callback=_version,
    help="Print the version; with --verbose those of what reads foreign bytes too.",
)
VERBOSE = click.Option(
    ["--verbose"], is_flag=True, is_eager=True, expose_value=False, callback=_verbose, hidden=True
)
cli = ConsoleGroup(
    tuple(COMMANDS.values()),
    name="cli",
    help=CONSOLE_HELP,
    params=[*map(build_option, CONSOLE_OPTIONS), VERSION, VERBOSE],
    callback=open_without_command,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def entry() -> None:
    """The console script."""
    # Under cron's umask of 0 others could write the home's folders, which are then refused.
    os.umask(os.umask(0o022) | 0o022)
    sys.exit(main(sys.argv[1:]))


def main(args: Sequence[str]) -> int:
    """Run one command line; every error becomes one line on stderr and an exit code."""
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
        hint = f"`{context.command_path} --help` shows the usage" if context else ""
        report(UsageError(error.format_message(), hint))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        # click ends the line of a Ctrl-C, but not that of a question.
        at_question = isinstance(error, click.Abort) and error.__cause__ is None
        click.echo(("\n" if at_question else "") + "stockml: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except SystemExit as error:
        # click's own end: 1 for a closed pipe, else shell completion.
        return CLOSED_PIPE if error.code == 1 else int(error.code or 0)
    except Exception as error:  # noqa: BLE001 - the last line of defence
        from engine.cli.crash import report_crash

        return report_crash(error, args, session)


def _quiet_pipe() -> int:
    """Silence the interpreter's last flush after the reader closed the pipe (`| head`)."""
    null = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(null, sys.stdout.fileno())
    return CLOSED_PIPE


if __name__ == "__main__":
    entry()
