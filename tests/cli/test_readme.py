"""What the documents say exists."""

import re
import shlex
from pathlib import Path

import click
import pytest

from engine.cli.main import cli
from engine.commands.table import CONSOLE_OPTIONS, all_commands
from engine.core.errors import ExitCode
from engine.settings.schema import ENVIRONMENT
from tests.helpers import ROOT

README = (ROOT / "README.md").read_text()
LINES = sorted(set(re.findall(r"`stockml ((?!COMMAND)[^`]+)`", README)))


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that a line names, and the words after it."""
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None
    if isinstance(command, click.Group):
        verb = command.get_command(click.Context(command), words[1])
        assert verb is not None
        return verb, words[2:]
    return command, words[1:]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_readme_parses(line: str) -> None:
    """Each command line of the README names a command, with arguments and options that it takes."""
    command, words = command_of(shlex.split(line))

    assert command.make_context(line, list(words)).command is command


def test_every_command_is_in_the_readme() -> None:
    """No verb is missing from the README, nor a verb of a group."""
    missing = {
        words
        for words, _ in all_commands()
        if not any(f"{line} ".startswith(f"{words} ") for line in LINES)
    }

    assert missing == set()


def test_options_of_the_readme_exist() -> None:
    """Every option named in the README is an option of some command."""
    options = {option.flag for _, command in all_commands() for option in command.options}
    options |= {option.flag for option in CONSOLE_OPTIONS}

    assert set(re.findall(r"(--[a-z][a-z-]*)", README)) <= options | {"--help", "--version"}


def test_exit_codes_and_variables_are_the_real_ones() -> None:
    """The README lists each exit code and each variable of the guide, and no other."""
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.M)} == {
        int(code) for code in ExitCode
    }
    assert all(variable in README for variable in ENVIRONMENT)


def test_files_named_by_the_documents_exist() -> None:
    """Every path into the code that README or architecture names is there."""
    text = README + (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`?((?:engine|tui|docs|tests)/[\w./]+\w)", text))

    assert named
    assert all(Path(ROOT / path).exists() for path in named)
