"""The man page and the page of commands in the manual, both written from the table of commands.

`python -m engine.commands.manual man` prints man/stockml.1, `… markdown` docs/commands.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.exit_codes import EXIT_CODES
from engine.commands.table import COMMANDS, CONSOLE_HELP, CONSOLE_OPTIONS, all_commands

FILES = {
    "stockml.toml": "the settings of a home; the folder that holds it is the home",
    "secrets.toml": "tokens and alert URLs, readable by the owner alone",
    "persistent_data/": "models, backups, bars, runs and history.db",
    "logs/": "what happened, by program and by day",
}
"""Of a home."""
ENVIRONMENT = {
    "STOCKML_HOME": "the home, where --home does not name one",
    "NO_COLOR": "the console without colours",
}


def usage(name: str, command: Command) -> str:
    """The line that calls a command."""
    options = ["[OPTIONS]"] if command.options else []
    return " ".join(["stockml", name, *options, *map(argument_text, command.arguments)])


def argument_text(argument: Argument) -> str:
    """An argument as a usage line shows it."""
    text = argument.metavar or argument.name.upper()
    if argument.multiple and not text.rstrip("]").endswith("…"):
        text += "…"
    return text if argument.required or text.startswith("[") else f"[{text}]"


def option_text(option: Option) -> str:
    """An option with the word that it takes."""
    if option.type is ValueType.FLAG:
        return option.flag
    word = "|".join(option.choices) or option.metavar or option.type.name
    return f"{option.flag} {word}"


def man_page() -> str:
    """stockml(1) in the macros of man."""
    lines = [
        ".TH STOCKML 1",
        ".SH NAME",
        "stockml \\- keep stock\\-forecast models trained, watched, backed up and scheduled",
        ".SH SYNOPSIS",
        ".B stockml",
        "[OPTIONS] [COMMAND]",
        ".SH DESCRIPTION",
        _roff(CONSOLE_HELP),
        ".SH OPTIONS",
        *_roff_options(CONSOLE_OPTIONS),
        ".SH COMMANDS",
    ]
    for name, command in all_commands():
        lines += [f".SS {_roff(name)}", f".B {_roff(usage(name, command))}", ".PP"]
        lines += [_roff(command.help), *_roff_options(command.options)]
    for title, entries in (
        ("EXIT STATUS", {str(int(code)): text for code, text in EXIT_CODES.items()}),
        ("FILES", FILES),
        ("ENVIRONMENT", ENVIRONMENT),
    ):
        lines += [f".SH {title}"]
        for term, text in entries.items():
            lines += [".TP", f".B {_roff(term)}", _roff(text)]
    return "\n".join(lines) + "\n"


def _roff_options(options: Sequence[Option]) -> Iterator[str]:
    for option in options:
        yield from (".TP", f".B {_roff(option_text(option))}", _roff(option.help))


def _roff(text: str) -> str:
    """Text that no macro is read from."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return "\n".join(
        f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped.split("\n")
    )


def markdown() -> str:
    """The page of commands: a section each, with usage, arguments, options."""
    lines = [
        "# Commands",
        "",
        "Every command, from the table that also makes `--help`, the console's `:` line and the man"
        " page. Exit codes are at the end.",
        "",
        "`stockml` without a command opens the console:",
        "",
        *_option_rows(CONSOLE_OPTIONS),
    ]
    for row in COMMANDS.values():
        lines += ["", f"## {row.name}", ""]
        if isinstance(row, CommandGroup):
            lines += [row.help]
            for verb in row.verbs:
                name = f"{row.name} {verb.name}"
                lines += ["", f"### {name}", "", *_section(name, verb)]
        else:
            lines += _section(row.name, row)
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---:|---|"]
    lines += [f"| {int(code)} | {text} |" for code, text in EXIT_CODES.items()]
    return "\n".join(lines) + "\n"


def _section(name: str, command: Command) -> Iterator[str]:
    yield from ("```text", usage(name, command), "```", "", command.help)
    if command.options:
        yield from ("", *_option_rows(command.options))


def _option_rows(options: Sequence[Option]) -> Iterator[str]:
    yield from ("| option | meaning |", "|---|---|")
    for option in options:
        name = option_text(option).replace("|", "\\|")
        yield f"| `{name}` | {option.help.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    sys.stdout.write({"man": man_page, "markdown": markdown}[sys.argv[1]]())
