"""Reads a command line by the table: which command, what is missing, how a word can go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.table import COMMANDS
from engine.core.errors import UsageError

ALIASES = {"retrain": ("train",), "fetch": ("data", "fetch"), "check": ("performance",)}
"""Short words for commands, on a line that is typed in the console."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command with its words, as the shell would pass them."""

    name: str
    """Its full name, such as `runs list`."""
    command: Command
    words: tuple[str, ...]
    """The words behind the name."""
    missing: tuple[Option, ...] = ()
    """Required options that are not given."""

    @property
    def argv(self) -> tuple[str, ...]:
        return (*self.name.split(), *self.words)

    def given(self, flag: str) -> bool:
        """Whether `flag` is among its words."""
        return any(word == flag or word.startswith(f"{flag}=") for word in self.words)


@dataclass(frozen=True, slots=True)
class Completion:
    """A word that can stand at the end of the line, and what it means."""

    word: str
    meaning: str


def read(words: Sequence[str]) -> Invocation:
    """The command that `words` name; UsageError for a command or an option that there is not."""
    words = [*ALIASES.get(words[0], words[:1]), *words[1:]] if words else []
    name, command, rest = _command(words)
    given = _checked(command, rest)
    missing = tuple(
        option for option in command.options if option.required and option.flag not in given
    )
    return Invocation(name=name, command=command, words=tuple(rest), missing=missing)


def _command(words: Sequence[str]) -> tuple[str, Command, list[str]]:
    if not words:
        raise UsageError("no command", "type the name of a command")
    row = COMMANDS.get(words[0])
    if row is None:
        raise _unknown(words[0], COMMANDS)
    if isinstance(row, Command):
        return row.name, row, list(words[1:])
    verbs = {verb.name: verb for verb in row.verbs}
    if len(words) < 2:
        raise UsageError(f"{row.name} needs a verb", f"one of {', '.join(verbs)}")
    if words[1] not in verbs:
        raise _unknown(words[1], verbs)
    return f"{row.name} {words[1]}", verbs[words[1]], list(words[2:])


def _unknown(word: str, names: Iterable[str]) -> UsageError:
    near = get_close_matches(word, list(names), n=1)
    return UsageError(f"no command {word[:40]!r}", f"did you mean {near[0]}?" if near else "")


def _checked(command: Command, words: Sequence[str]) -> set[str]:
    """The flags among the words; UsageError for one that the command does not take."""
    flags = {option.flag: option for option in command.options}
    given: set[str] = set()
    position = 0
    arguments = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("--"):
            arguments += 1
            continue
        flag, _, value = word.partition("=")
        if flag not in flags:
            if command.dashes_are_values:
                continue
            raise UsageError(f"{command.name} has no option {flag[:40]!r}", " ".join(flags))
        given.add(flag)
        if flags[flag].type is not ValueType.FLAG and not value:
            position += flags[flag].words
            if position > len(words):
                raise UsageError(f"{flag} needs a value", flags[flag].help)
    _check_arguments(command, arguments)
    return given


def _check_arguments(command: Command, count: int) -> None:
    least = sum(argument.required for argument in command.arguments)
    if count < least:
        lacking = command.arguments[min(count, len(command.arguments) - 1)]
        raise UsageError(f"{command.name} needs {lacking.name.upper()}", command.summary)
    endless = any(argument.multiple for argument in command.arguments)
    if not endless and count > len(command.arguments):
        raise UsageError(f"{command.name} takes no word more", usage(command.name, command))


def usage(name: str, command: Command) -> str:
    """The form of a command in one line: its arguments, then its own options."""
    parts = [name, *(_form(argument) for argument in command.arguments)]
    for option in command.options:
        if not option.shared:
            value = f" {option.metavar or option.type.value.upper()}"
            text = option.flag if option.type is ValueType.FLAG else f"{option.flag}{value}"
            parts.append(text if option.required else f"[{text}]")
    return " ".join(parts)


def _form(argument: Argument) -> str:
    text = argument.metavar or argument.name.upper()
    if argument.metavar or argument.required:
        return text
    return f"[{text}]"


def completions(text: str, symbols: Sequence[str]) -> tuple[Completion, ...]:
    """What the last word of `text` can become: verbs, symbols, options, their choices."""
    words = text.split(" ")
    before, last = [word for word in words[:-1] if word], words[-1]
    return tuple(_ranked(_candidates(before, symbols), last))


def _ranked(candidates: Sequence[Completion], part: str) -> list[Completion]:
    """The candidates that `part` is a beginning, a piece or the letters of, the nearest first."""
    ranks = [(rank_of(candidate.word, part), candidate) for candidate in candidates]
    return [
        candidate for rank, candidate in sorted(ranks, key=lambda pair: pair[0]) if rank < _NO_MATCH
    ]


_NO_MATCH = 9


def rank_of(word: str, part: str) -> int:
    """How well `part` fits: 0 a beginning, 1 a piece, 2 its letters in order, 9 not at all."""
    word, part = word.lower(), part.lower()
    if word.startswith(part):
        return 0
    if part in word:
        return 1
    letters = iter(word)
    return 2 if all(letter in letters for letter in part) else _NO_MATCH


def _candidates(before: Sequence[str], symbols: Sequence[str]) -> list[Completion]:
    if not before:
        aliases = [Completion(name, " ".join(words)) for name, words in ALIASES.items()]
        rows = [Completion(row.name, row.summary) for row in COMMANDS.values()]
        return [*rows, *aliases, *(Completion(symbol, "its page") for symbol in symbols)]
    words = [*ALIASES.get(before[0], before[:1]), *before[1:]]
    row = COMMANDS.get(words[0])
    if isinstance(row, CommandGroup):
        verbs = {verb.name: verb for verb in row.verbs}
        if len(words) < 2:
            return [Completion(verb.name, verb.summary) for verb in row.verbs]
        row = verbs.get(words[1])
    if row is None:
        return []
    return _values(row, words, symbols)


def _values(command: Command, words: Sequence[str], symbols: Sequence[str]) -> list[Completion]:
    flags = {option.flag: option for option in command.options}
    if (option := flags.get(words[-1])) and option.type is not ValueType.FLAG:
        return [Completion(choice, option.help) for choice in option.choices]
    takes_symbols = any(argument.name in ("symbol", "symbols") for argument in command.arguments)
    named = [symbol for symbol in symbols if takes_symbols and symbol not in words]
    options = [option for option in command.options if option.flag not in words]
    return [
        *(Completion(symbol, "") for symbol in named),
        *(Completion(option.flag, option.help) for option in options),
    ]
