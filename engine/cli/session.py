"""One invocation of `stockml`: its home, source and output streams."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from engine.core.errors import ConfigError, StockmlError, UsageError
from engine.core.paths import Home
from engine.core.symbols import check_symbols
from engine.core.text import clean
from engine.settings.home import find_home

if TYPE_CHECKING:
    from engine.api import Engine


def open_engine(home: Home, source: str | None) -> Engine:
    """The engine of `home`; imported here, so that `--help` loads none of it."""
    from engine.api import Engine

    return Engine(home, source=source)


@dataclass
class Session:
    """One invocation; facts and narration go to stdout, with `--json` the narration to stderr."""

    home_text: str | None = None
    source: str | None = None
    reports: str | None = None
    """The folder of `--reports`."""
    json: bool = False
    trusted: bool = True
    """False for a command that examines a home which the others refuse."""
    make_engine: Callable[[Home, str | None], Engine] = field(default=open_engine, repr=False)

    @cached_property
    def home(self) -> Home:
        """The home folder; ConfigError when there is none or it cannot be trusted."""
        try:
            cwd = Path.cwd()
        except FileNotFoundError as error:
            raise ConfigError(
                "the working directory is gone", "cd to a folder that exists, then try again"
            ) from error
        return find_home(self.home_text, os.environ, cwd, trusted=self.trusted)

    @cached_property
    def unchecked_engine(self) -> Engine:
        """The engine before its settings are read, for commands that must work with broken ones."""
        engine = self.make_engine(self.home, self.source)
        if self.reports is not None:
            folder = Path(self.reports).expanduser().absolute()
            if not folder.is_dir():
                raise UsageError(
                    f"--reports {clean(self.reports, 200)} is not a folder",
                    "name a folder of SYM.csv files with report dates",
                )
            engine.take_reports(str(folder))
        return engine

    @cached_property
    def engine(self) -> Engine:
        """The engine of the home, its settings read; ml_config.json follows them."""
        engine = self.unchecked_engine
        try:
            engine.settings.publish(engine.settings.current)
        except OSError as error:
            self.note(f"{self.home.ml_config} could not be written: {error.strerror}")
        return engine

    def symbols(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The named symbols, or all configured ones; UsageError for an unknown one."""
        texts = tuple(texts)
        configured = self.engine.settings.current.names
        return check_symbols(texts, configured) if texts else configured

    @property
    def narration(self) -> TextIO:
        """The stream for progress."""
        return sys.stderr if self.json else sys.stdout

    def say(self, text: str) -> None:
        """One line of narration."""
        click.echo(text, file=self.narration)

    def note(self, text: str) -> None:
        """One line of warning on stderr."""
        click.echo(clean(text), err=True)

    def facts(self, lines: Iterable[str]) -> None:
        """Lines of the answer on stdout."""
        for line in lines:
            click.echo(line)

    def document(self, tree: dict[str, Any]) -> None:
        """The answer as one JSON document on stdout."""
        import json

        click.echo(json.dumps(tree, indent=2, allow_nan=False))


def on_terminal(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that can move the cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def report(error: StockmlError) -> None:
    """Print one line for the error and one for the next step on stderr."""
    click.echo(f"stockml: {clean(error.message, 1000)}", err=True)
    if error.hint:
        click.echo(f"  → {clean(error.hint, 1000)}", err=True)


def report_symbol(symbol: str, message: str, hint: str) -> None:
    """Report a symbol's error, prefixed once with the symbol."""
    text = message if message.startswith(symbol) else f"{symbol}: {message}"
    report(StockmlError(text, hint))


def session_of(context: click.Context) -> Session:
    """The session of this invocation, made on first use."""
    return context.ensure_object(Session)
