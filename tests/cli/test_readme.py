"""What README and manual say exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine.cli.main import cli
from engine.commands.table import CONSOLE_OPTIONS, all_commands
from engine.core.errors import ExitCode
from engine.settings.schema import ENVIRONMENT
from tests.helpers import ROOT

README = (ROOT / "README.md").read_text()
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
}
GENERATED = ("docs/commands.md", "docs/keys.md", "docs/settings.md")
_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.M | re.S)
_INLINE = re.compile(r"`stockml ([^`]+)`")
_TYPED = re.compile(r"(?:^|\$\()(?:\$ )?(?:\.venv/bin/)?stockml ([^#|>&)]+)")
ALONE: tuple[list[str], ...] = ([], ["--help"], ["--version"])
# Words that stand for something: a usage line, not one to type.
_USAGE = re.compile(r"COMMAND|NAME…|…$|\[OPTIONS\]")


def typed_lines(page: str) -> Iterator[str]:
    """Every command line of a page, in a sentence, a block, or an indented line."""
    prose = _BLOCK.sub("", page)
    indented = [line.strip() for line in prose.splitlines() if line.startswith("    ")]
    blocks = [line for block in _BLOCK.findall(page) for line in block.splitlines()]
    yield from (line.replace("\n", " ").partition(" > ")[0] for line in _INLINE.findall(prose))
    for line in [*indented, *blocks]:
        if words := _TYPED.search(line):
            # What follows two blanks explains the line.
            yield words[1].strip().partition("   ")[0]


LINES = sorted(
    {
        (name, line)
        for name, page in PAGES.items()
        if name not in GENERATED
        for line in typed_lines(page)
        if not _USAGE.search(line)
    }
)


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that a line names, and the words after it."""
    if words[0].startswith("-"):
        return cli, words
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None
    if isinstance(command, click.Group):
        if not words[1:]:
            return command, ["--help"]
        verb = command.get_command(click.Context(command), words[1])
        assert verb is not None
        return verb, words[2:]
    return command, words[1:]


@pytest.mark.parametrize(("page", "line"), LINES)
def test_every_line_of_a_page_parses(page: str, line: str) -> None:
    """Each command line names a command, with arguments and options that it takes."""
    command, words = command_of(shlex.split(line))
    # A sentence may name a command alone.
    context = command.make_context(line, list(words), resilient_parsing=words in ALONE)

    assert context.command is command


def test_the_readme_is_short() -> None:
    """At most 150 lines and 8 kB."""
    assert len(README.splitlines()) <= 150
    assert len(README.encode()) <= 8000


def test_options_of_the_pages_exist() -> None:
    """Every option named in the README is an option of some command."""
    options = {option.flag for _, command in all_commands() for option in command.options}
    options |= {option.flag for option in CONSOLE_OPTIONS}

    assert set(re.findall(r"(--[a-z][a-z-]*)", README)) <= options | {"--help", "--version"}


def test_exit_codes_and_variables_are_the_real_ones() -> None:
    """The manual lists each exit code and each variable of the guide, and no other."""
    commands, settings = PAGES["docs/commands.md"], PAGES["docs/settings.md"]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", commands, re.M)} == {
        int(code) for code in ExitCode
    }
    assert all(variable in settings for variable in ENVIRONMENT)


def test_files_named_by_the_documents_exist() -> None:
    """Every path into the code that README or architecture names is there."""
    text = README + PAGES["docs/architecture.md"]
    named = set(re.findall(r"`?((?:engine|tui|docs|tests)/[\w./-]+\w)", text))

    assert named
    assert {path for path in named if not Path(ROOT / path).exists()} == set()
