"""What the documents say exists."""

import re
import shlex
from pathlib import Path

import click
import pytest

from engine.cli import console
from engine.cli.main import COMMANDS, cli
from engine.core.errors import ExitCode
from engine.settings.load import ENVIRONMENT
from tests.helpers import ROOT

README = (ROOT / "README.md").read_text()
LINES = sorted(set(re.findall(r"`stockml ((?!COMMAND)[^`]+)`", README)))


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that a line names, and the words after it."""
    command: click.Command = console.target(COMMANDS[words[0]].target)
    if isinstance(command, click.Group):
        return command.commands[words[1]], words[2:]
    return command, words[1:]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_readme_parses(line: str) -> None:
    """Each command line of the README names a command, with arguments and options that it takes."""
    command, words = command_of(shlex.split(line))

    assert command.make_context(line, list(words)).command is command


def test_every_command_is_in_the_readme() -> None:
    """No verb is missing from the README, nor a verb of a group."""
    verbs = set()
    for name, row in COMMANDS.items():
        command = console.target(row.target)
        verbs |= (
            {f"{name} {inner}" for inner in command.commands}
            if isinstance(command, click.Group)
            else {name}
        )

    assert {
        verb for verb in verbs if not any(f"{line} ".startswith(f"{verb} ") for line in LINES)
    } == set()


def test_options_of_the_readme_exist() -> None:
    """Every option named in the README is an option of some command."""
    commands = [console.target(row.target) for row in COMMANDS.values()]
    commands += [
        inner
        for command in commands
        if isinstance(command, click.Group)
        for inner in command.commands.values()
    ]
    known = {
        text for command in [cli, *commands] for param in command.params for text in param.opts
    }

    assert set(re.findall(r"(--[a-z][a-z-]*)", README)) <= known | {"--help"}


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
