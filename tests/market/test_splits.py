"""Which steps between two closes look like a split that nobody adjusted for."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market import calendar
from engine.market.bars import Bars
from engine.market.splits import ratio_words, split_jumps
from tests.helpers import ROOT

DATA = ROOT.parent / "shared" / "data"
DAYS = calendar.sessions_between(date(2024, 1, 2), date(2024, 3, 28))
STEP = 40
SYMBOLS = "AAPL AMZN AUR GOOGL MP MSFT NVDA PLTR SMCI SMR SPY TSLA TSM"


def series(
    factor: float = 1.0, crowd: float = 1.0, gap: float | None = None, count: int = 1
) -> Bars:
    """Calm bars around 100 dollars; `count` of them from STEP on `factor` times as high."""
    n = len(DAYS)
    close = 100.0 + np.arange(n) % 7 * 0.3
    scale = np.ones(n)
    scale[STEP : STEP + count] = factor
    volume = np.array(1e6 + np.arange(n) % 5 * 1e4, dtype=np.float64)
    volume[STEP] *= crowd
    open_ = (close - 0.1) * scale
    if gap is not None:
        open_[STEP] = close[STEP - 1] * gap
    return Bars(
        "MP",
        "yahoo",
        np.array(DAYS, dtype="datetime64[D]"),
        open=open_,
        high=np.maximum(open_, close * scale) * 1.01,
        low=np.minimum(open_, close * scale) * 0.99,
        close=close * scale,
        volume=volume,
    )


@pytest.mark.parametrize("ratio", [1.5, 2.0, 2.5, 3.0, 4.0, 10.0, 20.0, 100.0])
@pytest.mark.parametrize("turn", [lambda ratio: ratio, lambda ratio: 1 / ratio])
def test_a_split_ratio_with_ordinary_volume_is_a_jump(
    ratio: float, turn: Callable[[float], float]
) -> None:
    """3:2, 2:1 and every larger ratio, either way, where the opening is already there."""
    jumps = split_jumps(series(turn(ratio), count=99))
    assert [jump.day for jump in jumps] == [DAYS[STEP]]
    assert jumps[0].factor == pytest.approx(turn(ratio), rel=0.02)
    assert f"{DAYS[STEP]}" in jumps[0].text


@pytest.mark.parametrize(
    ("factor", "crowd", "gap"),
    [(1.5, 3.7, None), (0.67, 5.0, None), (0.5, 1.0, 0.8), (1.3, 1.0, None), (5.0, 50.0, None)],
)
def test_a_true_move_is_no_jump(factor: float, crowd: float, gap: float | None) -> None:
    """A crowd, an opening elsewhere, or a ratio that no split has: the market moved."""
    assert split_jumps(series(factor, crowd, gap, count=99)) == ()


def test_another_unit_is_a_jump_whatever_the_volume() -> None:
    """One row in pence for pounds goes up and comes back: both steps are jumps."""
    assert [jump.day for jump in split_jumps(series(100.0, crowd=50.0))] == [
        DAYS[STEP],
        DAYS[STEP + 1],
    ]


def test_volume_that_grew_by_a_large_ratio_is_ordinary() -> None:
    """Ten times the shares at a tenth of the price are the usual dollars."""
    assert len(split_jumps(series(0.1, crowd=10.0, count=99))) == 1


@pytest.mark.parametrize("away", [-6, 0, 9])
def test_a_step_of_the_sources_own_split_is_certain(away: int) -> None:
    """An event some sessions away makes the same step a jump whatever the volume, and is named."""
    event = (DAYS[STEP + away], 2.0)
    bars = replace(series(0.5, crowd=9.0, count=99), splits=(event,))
    assert [jump.event for jump in split_jumps(bars)] == [event]
    assert f"the split 2:1 of {event[0]}" in split_jumps(bars)[0].text


def test_a_split_far_away_or_of_another_ratio_explains_nothing() -> None:
    """The event must be near, and near in ratio."""
    bars = series(0.5, crowd=9.0, count=99)
    assert split_jumps(replace(bars, splits=((DAYS[STEP - 16], 2.0),))) == ()
    assert split_jumps(replace(bars, splits=((DAYS[STEP], 3.0),))) == ()


def test_a_dividend_explains_its_step() -> None:
    """Half the price paid out halves it, beside a split of that very ratio too."""
    bars = replace(series(0.5, count=99), dividends=((DAYS[STEP], 50.0),))
    assert split_jumps(replace(bars, splits=((DAYS[STEP], 0.5),))) == ()


def test_a_price_of_few_ticks_has_no_jumps() -> None:
    """From 2 to 1 is one tick down, not a split."""
    bars = series()
    ticks = np.where(np.arange(len(bars)) < STEP, 2.0, 1.0)
    low = replace(bars, open=ticks, high=np.full(len(bars), 3.0), low=ticks, close=ticks)
    assert split_jumps(low) == ()


def test_a_step_over_a_long_hole_is_no_jump() -> None:
    """After weeks without bars half the price proves nothing; a tenth does."""

    def holed(factor: float) -> Bars:
        bars = series(factor, count=99)
        keep = np.r_[0:30, STEP : len(bars)]
        columns = ("dates", "open", "high", "low", "close", "volume")
        return replace(bars, **{name: getattr(bars, name)[keep] for name in columns})

    assert split_jumps(holed(0.5)) == ()
    assert len(split_jumps(holed(0.1))) == 1


@given(st.floats(0.75, 1.33), st.floats(0.01, 30.0))
def test_an_ordinary_move_is_never_a_jump(factor: float, crowd: float) -> None:
    """Below 33 % either way nothing is said, whatever the volume."""
    assert split_jumps(series(factor, crowd, count=99)) == ()


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(10.0, "10:1"), (1.5, "3:2"), (0.05, "1:20"), (1.05, "21:20"), (0.4714, "1:2.121")],
)
def test_ratios_are_spoken(ratio: float, words: str) -> None:
    """New shares first."""
    assert ratio_words(ratio) == words


def read(path: Path) -> Bars:
    """A file of the shared data with its events, its days taken as they are."""
    if not path.exists():
        pytest.skip(f"no {path.name} in ../shared/data")
    with path.open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row.get("Date") or row["date"])
    table = [{name.lower(): text for name, text in row.items()} for row in rows]
    days = [date.fromisoformat(row["date"][:10]) for row in table]

    def column(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([float(row.get(name) or 0) for row in table])

    def events(name: str) -> tuple[tuple[date, float], ...]:
        pairs = zip(days, column(name).tolist(), strict=True)
        return tuple((when, size) for when, size in pairs if size)

    return Bars(
        "MP",
        "csv:/bars",
        np.array(days, dtype="datetime64[D]"),
        open=column("open"),
        high=column("high"),
        low=column("low"),
        close=column("close"),
        volume=column("volume"),
        splits=events("stock splits"),
        dividends=events("dividends"),
    )


@pytest.mark.parametrize("symbol", re.findall(r"\w+", SYMBOLS))
def test_true_moves_of_ten_years_are_no_jumps(symbol: str) -> None:
    """Thirteen real series, with moves of 51 % up and 41 % down in a day, have none."""
    assert split_jumps(read(DATA / "ohlcv" / f"{symbol}.csv")) == ()


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("AET-L-1d-100x-error", ["2022-05-09", "2022-05-20"]),
        ("4063-T-1d-bad-stock-split", ["2023-03-29"]),
        ("ALPHA-PA-1d-bad-stock-split", ["2023-05-08", "2023-05-09"]),
        ("CNE-L-1d-bad-stock-split", ["2023-05-09", "2023-05-10"]),
        ("DEX-AX-1d-bad-stock-split", ["2023-05-22"]),
    ],
)
def test_real_broken_series_have_their_jumps_alone(name: str, days: list[str]) -> None:
    """Each series that Yahoo broke is named where it is broken; its repaired form has none."""
    broken = split_jumps(read(DATA / "yahoo_recorded" / "series" / f"{name}.csv"))
    assert [str(jump.day) for jump in broken] == days
    assert split_jumps(read(DATA / "yahoo_recorded" / "series" / f"{name}-fixed.csv")) == ()


@pytest.mark.parametrize(
    ("name", "day"), [("91_split_2_1", "2025-09-24"), ("95_100x_last_row", "2026-11-25")]
)
def test_synthetic_splits_are_jumps(name: str, day: str) -> None:
    """A 2:1 split left in the file, and a last row in another unit."""
    jumps = split_jumps(read(DATA / "csv_wrong" / f"{name}.csv"))
    assert [str(jump.day) for jump in jumps] == [day]
