"""The table of commands: every row can be called, and says what it does."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from engine.api import Engine
from engine.cli.build import load_target
from engine.commands.command import Command, CommandGroup, ValueType
from engine.commands.options import MEMBERS
from engine.commands.table import COMMANDS, CONSOLE_OPTIONS, all_commands
from engine.core.members import MEMBER_NAMES
from engine.schedule.records import JobTrigger
from tests.helpers import new_home

ALL = dict(all_commands())


def parameters(command: Command) -> set[str]:
    """What the target is called with, besides the session."""
    options = {option.parameter for option in command.options if not option.shared}
    return options | {argument.name for argument in command.arguments}


@pytest.mark.parametrize("words", ALL)
def test_a_target_takes_what_its_row_gives(words: str) -> None:
    """The function of a row exists, takes the session first, and has the row's parameters."""
    command = ALL[words]
    signature = inspect.signature(load_target(command.target))

    signature.bind(None, **dict.fromkeys(parameters(command)))
    named = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    assert named[0] == "session"
    assert set(named[1:]) <= parameters(command)


@pytest.mark.parametrize("words", ALL)
def test_a_command_has_a_summary_and_takes_home(words: str) -> None:
    """Each row has one sentence of help, and `--home`."""
    command = ALL[words]

    assert command.summary.endswith(".")
    assert "\n" not in command.summary
    assert command.takes("--home")


def test_the_verb_of_a_row_is_one_of_the_engine(tmp_path: Path) -> None:
    """Each verb names a facade of the engine and a method of it."""
    engine = Engine(new_home(tmp_path / "home"))

    for command in ALL.values():
        if command.verb:
            facade, _, method = command.verb.partition(".")
            assert callable(getattr(getattr(engine, facade), method))


def test_groups_take_home_and_list_their_verbs_by_name() -> None:
    """A group's verbs are in the order of the alphabet."""
    for group in COMMANDS.values():
        if isinstance(group, CommandGroup):
            names = [verb.name for verb in group.verbs]
            assert names == sorted(names)
            assert "--home" in [option.flag for option in group.options]


def test_every_command_that_asks_writes() -> None:
    """Whoever has `--yes` changes something."""
    assert all(command.writes for command in ALL.values() if command.asks)


def test_looking_writes_nothing() -> None:
    """The commands that only show things are known."""
    assert {words for words, command in ALL.items() if not command.writes} == {
        "accuracy",
        "alerts list",
        "health",
        "doctor",
        "status",
        "dashboard",
        "predict",
        "evaluate",
        "backtest",
        "runs follow",
        "runs list",
        "runs show",
        "data check",
        "backups list",
        "backups verify",
        "schedule diff",
        "schedule next",
        "schedule show",
        "serve",
        "cluster status",
        "symbols list",
        "test-symbol",
        "config check",
        "config show",
        "audit",
        "completion",
        "version",
    }


def test_an_option_is_described_once() -> None:
    """No command has two options of one flag, and each option has its help."""
    for command in ALL.values():
        flags = [option.flag for option in command.options]
        assert len(flags) == len(set(flags))
        assert all(option.help for option in command.options)


def test_a_flag_takes_no_word() -> None:
    """Choices, limits and defaults belong to options that take a word."""
    options = [option for command in ALL.values() for option in command.options]
    for option in (*options, *CONSOLE_OPTIONS):
        if option.type is ValueType.FLAG:
            assert not option.choices
            assert option.limits is None
            assert option.default is None


def test_choices_are_those_of_the_engine() -> None:
    """Triggers and members are named as the engine knows them."""
    (trigger,) = (option for option in ALL["cron-run"].options if option.flag == "--trigger")

    assert trigger.choices == tuple(str(each) for each in JobTrigger)
    assert ", ".join(MEMBER_NAMES) in MEMBERS.help
