"""The man page and the page of commands are those of the table."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from engine.commands import manual
from engine.commands.command import Argument, Command, Option, ValueType
from engine.commands.exit_codes import EXIT_CODES
from engine.commands.table import all_commands
from engine.core.errors import ExitCode
from tests.helpers import ROOT


@pytest.mark.parametrize(
    ("file", "text"),
    [("man/stockml.1", manual.man_page()), ("docs/commands.md", manual.markdown())],
)
def test_the_files_are_what_the_table_makes(file: str, text: str) -> None:
    """`make pages` writes both anew after a change of a command."""
    assert (ROOT / file).read_text(encoding="utf-8") == text


def test_every_command_has_its_place_in_both() -> None:
    """With the line that calls it."""
    for name, command in all_commands():
        assert manual.usage(name, command) in manual.markdown()
        assert f".SS {name.replace('-', chr(92) + '-')}\n" in manual.man_page()


def test_a_usage_line_shows_what_is_optional() -> None:
    """Brackets where a word may be left out, dots where it may be repeated."""
    command = Command(
        name="feed",
        summary="Feed.",
        target="a:b",
        arguments=(
            Argument("animal"),
            Argument("foods", required=False, multiple=True),
        ),
        options=(Option("--now", "At once."),),
    )
    assert manual.usage("zoo feed", command) == "stockml zoo feed [OPTIONS] ANIMAL [FOODS…]"


def test_an_option_shows_the_word_that_it_takes() -> None:
    """Its choices, else its own word, else the type."""
    assert manual.option_text(Option("--now", "At once.")) == "--now"
    assert manual.option_text(Option("--n", "Count.", ValueType.INTEGER)) == "--n INTEGER"
    choices = Option("--how", "How.", ValueType.TEXT, choices=("raw", "done"))
    assert manual.option_text(choices) == "--how raw|done"


def test_each_exit_code_has_a_meaning() -> None:
    """No code without words, no words without a code."""
    assert set(EXIT_CODES) == set(ExitCode)


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_the_man_page_has_no_fault_of_its_language() -> None:
    """groff has no warning about it."""
    shown = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "man/stockml.1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    assert "train-all" in shown.stdout
