"""Which file of a folder holds the bars of a symbol: `MP.csv`, `mp.txt`, `MP.csv.gz`, `mp.us.txt`.

Case does not matter, and a `.us` after the symbol is Stooq's. No other name is taken for a symbol.
"""

from __future__ import annotations

import os
from pathlib import Path

_ENDINGS = (".csv", ".txt", ".csv.gz", ".txt.gz")
_STOOQ = ".us"


def own_name(symbol: str) -> str:
    """The name that stockml gives the file of a symbol."""
    return f"{symbol}.csv"


def files_of(folder: str | os.PathLike[str], symbol: str) -> list[Path]:
    """The files of a symbol in a folder, by name; OSError where the folder cannot be read."""
    lower = symbol.lower()
    names = {f"{lower}{market}{ending}" for market in ("", _STOOQ) for ending in _ENDINGS}
    return sorted(
        Path(folder, name)
        for name in os.listdir(folder)  # noqa: PTH208 - a third of the time of Path.iterdir
        if name.lower() in names
    )


def file_of(folder: str | os.PathLike[str], symbol: str) -> Path:
    """The file of a symbol, stockml's own name first; its own name too where there is none.

    Cheap enough to be asked of each row of the console once a second.
    """
    own = Path(folder, own_name(symbol))
    if own.exists():
        return own
    try:
        return next(iter(files_of(folder, symbol)), own)
    except OSError:
        return own
