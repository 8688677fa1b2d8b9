"""Click commands built from the table."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from engine.cli.build import build_option
from engine.cli.main import cli
from engine.commands.command import CommandGroup, Option
from engine.commands.table import COMMANDS, CONSOLE_OPTIONS, all_commands
from tests.helpers import ROOT

ALL = dict(all_commands())


def built(words: str) -> click.Command:
    """The click command that these words name."""
    command: click.Command | None = cli
    for word in words.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    return command


def plain(text: str) -> str:
    """The text with single spaces: help is wrapped to the terminal."""
    return " ".join(text.split())


@pytest.mark.parametrize("words", ALL)
def test_the_help_of_a_command_shows_its_row(words: str) -> None:
    """`COMMAND --help` renders, with the help of the row and every option of it."""
    help_page = CliRunner().invoke(cli, [*words.split(), "--help"], prog_name="stockml")

    assert help_page.exit_code == 0
    assert f"Usage: stockml {words} " in help_page.output
    assert plain(ALL[words].help) in plain(help_page.output)
    assert all(plain(option.help) in plain(help_page.output) for option in ALL[words].options)


@pytest.mark.parametrize(
    "name", [name for name, row in COMMANDS.items() if isinstance(row, CommandGroup)]
)
def test_the_help_of_a_group_lists_its_verbs(name: str) -> None:
    """`GROUP --help` shows each verb of the group, in its order."""
    group = built(name)

    assert isinstance(group, click.Group)
    assert group.list_commands(click.Context(group)) == [
        words.removeprefix(f"{name} ") for words in ALL if words.startswith(f"{name} ")
    ]


@pytest.mark.parametrize("words", ALL)
def test_a_built_command_has_the_parameters_of_its_row(words: str) -> None:
    """Names, flags, what is required and what is handed to the target are those of the table."""
    row = ALL[words]
    options = {
        (option.flag, option.parameter, option.required, not option.shared)
        for option in row.options
    }
    arguments = {
        (argument.name, argument.name, argument.required, True) for argument in row.arguments
    }

    assert {
        (parameter.opts[0], parameter.name, parameter.required, parameter.expose_value)
        for parameter in built(words).params
    } == options | arguments


@pytest.mark.parametrize(
    "words",
    [words for words, row in ALL.items() if any(each.required for each in row.arguments)],
)
def test_a_missing_argument_is_a_usage_error(words: str) -> None:
    """A command without its first required word ends with 2 and names the word."""
    ran = CliRunner().invoke(cli, words.split(), prog_name="stockml")

    assert ran.exit_code == 2
    assert "Missing argument" in ran.output


def test_an_option_without_a_word_is_a_flag() -> None:
    """A bare option is a flag that is off by default."""
    option = build_option(Option("--detach", "Leave."))

    assert option.is_flag
    assert option.opts == ["--detach"]
    assert option.name == "detach"


def test_the_console_takes_its_own_options() -> None:
    """`stockml` without a command takes those of the table, `--version` and `--verbose`."""
    flags = [parameter.opts[0] for parameter in cli.params]

    assert flags == [*(option.flag for option in CONSOLE_OPTIONS), "--version", "--verbose"]


def test_help_imports_no_command() -> None:
    """`stockml --help` and the help of a command load no engine, no numbers and no rich."""
    script = (
        "import json, sys\n"
        "from engine.cli.main import main\n"
        "main(['train', '--help'])\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    modules = set(json.loads(ran.stderr))

    heavy = {"numpy", "rich", "msgspec", "importlib.metadata", "textual"}
    assert not modules & heavy
    assert not modules & {"engine.api", "engine.cli.train"}
