"""Names of the places bars come from: yahoo, csv:DIR, simulated."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from engine.core.errors import NoDataError, UsageError
from engine.core.text import clean


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of source: its module, and whether asking it needs the network."""

    module: str
    network: bool
    about: str


# A new source is one module with `fetch(asked: Asked) -> Bars`, and one row here.
SOURCES: dict[str, Source] = {
    "yahoo": Source("engine.market.yahoo", network=True, about="Yahoo Finance through yfinance"),
    "csv": Source(
        "engine.market.csv_folder", network=False, about="a folder of SYM.csv files: csv:DIR"
    ),
    "simulated": Source(
        "engine.market.simulated", network=False, about="a seeded market that does not exist"
    ),
}


class SourceAbsentError(NoDataError):
    """The place that bars come from is not there."""


@dataclass(frozen=True, slots=True)
class SourceName:
    """A source as settings and commands name it."""

    kind: str
    """yahoo, csv or simulated."""
    text: str
    """The full name: "yahoo", "csv:/abs/dir", "simulated"."""
    key: str
    """The folder of this source in the store."""

    @property
    def folder(self) -> str:
        """The folder that a csv source reads; empty for the others."""
        return self.text.partition(":")[2]

    @property
    def simulated(self) -> bool:
        return self.kind == "simulated"


def parse_source(text: str, base: str | os.PathLike[str] = "") -> SourceName:
    """The source of a name; UsageError when there is none like it. A csv folder is made absolute.

    A relative one is seen from `base`: the home folder for the settings, the working directory
    for a command's words.
    """
    kind, colon, folder = text.partition(":")
    if kind == "csv" and folder:
        absolute = os.path.abspath(os.path.join(base, os.path.expanduser(folder)))  # noqa: PTH100, PTH111, PTH118 - Path keeps `..`
        digest = hashlib.sha256(os.fsencode(absolute)).hexdigest()[:8]
        return SourceName("csv", f"csv:{absolute}", f"csv-{digest}")
    if kind in SOURCES and kind != "csv" and not colon:
        return SourceName(kind, kind, kind)
    raise UsageError(f"unknown source {clean(text, 60)!r}", "use yahoo, csv:DIR or simulated")
