"""Bars and settings that tests share: a random walk with volatility clusters, and variants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.forecast.members.base import FitOptions
from engine.forecast.splits import SplitRules
from engine.market.bars import Bars
from engine.settings.home import default_settings
from engine.settings.load import parse
from engine.settings.schema import Settings

QUICK = FitOptions(epochs=2, sequence_length=10, patience=2, seed=3)


def walk(
    count: int, seed: int = 1, symbol: str = "ABC", drift: float = 0.0, last: str = "2024-08-30"
) -> Bars:
    """`count` plausible bars ending on `last`, weekdays only; the same seed gives the same bars."""
    random = np.random.default_rng(seed)
    size = 0.02 * np.exp(np.cumsum(random.normal(0.0, 0.05, count)) * 0.5)
    steps = drift + size * random.standard_t(5, count)
    close = 100.0 * np.exp(np.cumsum(steps))
    start = close * np.exp(-steps * random.uniform(0.2, 1.0, count))
    reach = np.abs(size * random.normal(0.0, 0.7, (2, count)))
    high, low = (
        np.maximum(start, close) * np.exp(reach[0]),
        np.minimum(start, close) * np.exp(-reach[1]),
    )
    volume = np.rint(np.exp(random.normal(14.0, 0.4, count)))
    days = np.busday_offset(np.datetime64(last, "D"), np.arange(1 - count, 1), roll="backward")
    return Bars(symbol, "csv:/tests", days, start, high, low, close, volume)


def flat(count: int, symbol: str = "ABC") -> Bars:
    """Bars that never move and never trade."""
    price, shape = np.full(count, 10.0), walk(count)
    return Bars(symbol, "csv:/tests", shape.dates, price, price, price, price, np.zeros(count))


def scaled_from(bars: Bars, row: int, factor: float) -> Bars:
    """The bars with every price from `row` on times `factor`: a jump overnight, or a split
    nobody adjusted."""
    times = np.where(np.arange(len(bars)) >= row, factor, 1.0)
    return replace(
        bars, **{name: getattr(bars, name) * times for name in ("open", "high", "low", "close")}
    )


def scrambled_after(bars: Bars, row: int, seed: int) -> Bars:
    """The bars with every session after `row` replaced by another, wilder history."""
    other = walk(len(bars), seed + 1000, bars.symbol, drift=0.01)
    later = np.arange(len(bars)) > row
    names = ("open", "high", "low", "close", "volume")
    return replace(
        bars,
        **{
            name: np.where(later, 3.0 * getattr(other, name), getattr(bars, name)) for name in names
        },
    )


def rules(
    sequence: int = 60, share: float = 0.2, holdout: int = 120, most: int = 1500
) -> SplitRules:
    """Rules of a split; the defaults are those of the packaged settings."""
    return SplitRules(
        sequence_length=sequence,
        validation_split=share,
        holdout_sessions=holdout,
        max_sessions=most,
    )


def settings(**training: Any) -> Settings:
    """The packaged settings with other values in [training]."""
    found, problems = parse(default_settings(), "default.toml", {})
    assert found is not None, problems
    import msgspec

    return msgspec.structs.replace(
        found, training=msgspec.structs.replace(found.training, **training)
    )


def write_csv(folder: Path, bars: Bars, name: str | None = None) -> None:
    """The bars as SYM.csv in `folder`, as the csv source reads them."""
    folder.mkdir(exist_ok=True)
    columns = (bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume)
    rows = [",".join(str(value) for value in row) for row in zip(*columns, strict=True)]
    (folder / f"{name or bars.symbol}.csv").write_text(
        "\n".join(["date,open,high,low,close,volume", *rows]) + "\n"
    )
