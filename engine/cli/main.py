"""`stockml`: the console without a verb, else one command, imported only when it is invoked."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from engine.cli.build import VerbGroup, build_option
from engine.cli.console import open_console
from engine.cli.session import Session, report, session_of
from engine.commands.table import COMMANDS, CONSOLE_HELP, CONSOLE_OPTIONS
from engine.core.errors import ConfigError, ExitCode, StockmlError, UsageError

CLOSED_PIPE = 141
"""128 + SIGPIPE, as other programs of a pipe end."""


class ConsoleGroup(VerbGroup):
    """`stockml` itself, whose help shows the summary of each command in full."""

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.summary) for name, row in self.rows.items()])


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


def open_without_command(**parameters: Any) -> int:
    """Open the console, unless a command follows."""
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    return open_console(session_of(context), **parameters)


VERSION = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version.",
)
cli = ConsoleGroup(
    tuple(COMMANDS.values()),
    name="cli",
    help=CONSOLE_HELP,
    params=[*map(build_option, CONSOLE_OPTIONS), VERSION],
    callback=open_without_command,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
