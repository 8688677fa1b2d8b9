"""Where bars come from: one row a kind of source, and the names that settings and commands use."""

from __future__ import annotations

import os
from dataclasses import dataclass

from engine.core.errors import UsageError
from engine.core.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One kind of source; a new one is a module with `fetch(request) -> Bars` and a row here."""

    module: str
    about: str
    needs_network: bool = False
    """Its bars follow the exchange: they are fetched, and fall behind when they are not."""
    takes_folder: bool = False
    """Named with a folder: csv:DIR."""
    simulated: bool = False
    """Its prices are made up."""
    has_report_dates: bool = False
    """The dates of earnings reports can be looked up."""


SOURCES: dict[str, SourceKind] = {
    "yahoo": SourceKind(
        module="engine.market.yahoo",
        about="Yahoo Finance through yfinance",
        needs_network=True,
        has_report_dates=True,
    ),
    "csv": SourceKind(
        module="engine.market.csv_folder",
        about="a folder of SYM.csv files: csv:DIR",
        takes_folder=True,
    ),
    "simulated": SourceKind(
        module="engine.market.simulated",
        about="a seeded market that does not exist",
        simulated=True,
    ),
}
SOURCE_FORMS = tuple(f"{name}:DIR" if kind.takes_folder else name for name, kind in SOURCES.items())
"""How each source is named: yahoo, csv:DIR, simulated."""
SOURCE_CHOICES = f"{', '.join(SOURCE_FORMS[:-1])} or {SOURCE_FORMS[-1]}"


@dataclass(frozen=True, slots=True)
class Source:
    """A source as settings and commands name it."""

    kind: str
    """The row of `SOURCES`: yahoo, csv or simulated."""
    name: str
    """The full name: "yahoo", "csv:/abs/dir", "simulated"."""
    key: str
    """The folder of this source in the store."""

    @property
    def folder(self) -> str:
        """The folder that a csv source reads; empty for the others."""
        return self.name.partition(":")[2]

    @property
    def module(self) -> str:
        """The module that fetches its bars."""
        return SOURCES[self.kind].module

    @property
    def needs_network(self) -> bool:
        return SOURCES[self.kind].needs_network

    @property
    def simulated(self) -> bool:
        return SOURCES[self.kind].simulated


def parse_source(text: str, base: str | os.PathLike[str] = "") -> Source:
    """The source of a name; UsageError when there is none like it. A csv folder is made absolute.

    A relative one is seen from `base`: the home folder for the settings, the working directory
    for a command's words.
    """
    if not names_a_source(text):
        raise UsageError(f"unknown source {clean(text, 60)!r}", f"use {SOURCE_CHOICES}")
    kind, _, folder = text.partition(":")
    if not folder:
        return Source(kind, kind, kind)
    import hashlib  # 5 ms, which no other source needs

    # Not pathlib, which keeps `..`.
    expanded = os.path.expanduser(folder)  # noqa: PTH111
    absolute = os.path.abspath(os.path.join(base, expanded))  # noqa: PTH100, PTH118
    digest = hashlib.sha256(os.fsencode(absolute)).hexdigest()[:8]
    return Source(kind, f"{kind}:{absolute}", f"{kind}-{digest}")


def names_a_source(text: str) -> bool:
    """Whether `text` has the form of a source's name."""
    kind, colon, folder = text.partition(":")
    if kind not in SOURCES:
        return False
    return bool(folder) if SOURCES[kind].takes_folder else not colon


def kind_of(name: str) -> str:
    """The kind of a source's full name, "csv" for "csv:/abs/dir"."""
    return name.partition(":")[0]


def follows_exchange(name: str) -> bool:
    """Whether its bars follow the exchange and fall behind when they are not fetched."""
    kind = SOURCES.get(kind_of(name))
    return kind is not None and kind.needs_network


def is_simulated(name: str | None) -> bool:
    """Whether the bars of the source called `name` are made up; False for an unknown one."""
    kind = SOURCES.get(kind_of(name or ""))
    return kind is not None and kind.simulated


def has_report_dates(name: str) -> bool:
    """Whether the source called `name` knows the dates of earnings reports."""
    kind = SOURCES.get(kind_of(name))
    return kind is not None and kind.has_report_dates
