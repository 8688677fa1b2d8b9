"""Which bars are doubted, and of which doubts a forecast means nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.doubts import DoubtKind
from engine.market import calendar, quality
from engine.market.bars import Bars
from engine.market.csv_file import read_rows
from engine.market.doubts import find_doubts
from tests.market.samples import some_rows
from tests.market.walks import COLUMNS, DAYS, scaled, standing_still, taken, walk

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
NEWEST = date(2026, 11, 25)


def kinds(bars: Bars) -> list[tuple[str, str, bool]]:
    """Kind, day and whether it withholds, of each doubt."""
    return [(str(doubt.kind), doubt.date, doubt.withholds) for doubt in find_doubts(bars)]


@given(st.integers(0, 10_000), st.integers(0, 250))
def test_ordinary_bars_raise_no_doubt(seed: int, count: int) -> None:
    """A random walk with ordinary volume is believed, however short."""
    assert kinds(walk(DAYS[:count], seed)) == []


@pytest.mark.parametrize("factor", [100.0, 0.01, 10.0, 0.1, 1 / 3, 20.0])
def test_newest_rows_on_another_base_are_doubted_and_withhold(factor: float) -> None:
    """Rows of another unit or an unadjusted split at the end: the forecast means nothing."""
    for rows in (1, 3, 15, 20):
        bars = scaled(walk(), slice(-rows, None), factor, volume=1.0 if factor > 1 else 1 / factor)
        assert kinds(bars) == [("unadjusted-jump", str(DAYS[-rows]), True)]


def test_an_old_jump_is_doubted_and_does_not_withhold() -> None:
    """A jump that the volatility of the forecast no longer feels stays a doubt."""
    assert kinds(scaled(walk(), slice(0, 120), 10.0, 0.1)) == [
        ("unadjusted-jump", str(DAYS[120]), False)
    ]


def test_a_slip_that_reverts_is_one_doubt_and_no_split() -> None:
    """Rows in the middle that are × 100 are named from first to last, as one doubt."""
    (doubt,) = find_doubts(scaled(walk(), slice(100, 103), 100.0))
    assert (doubt.date, doubt.withholds) == (str(DAYS[100]), False)
    assert f"from {DAYS[100]} to {DAYS[102]}" in doubt.text
    assert "split" not in doubt.text
    (doubt,) = find_doubts(scaled(walk(), slice(-3, -2), 100.0))
    assert doubt.withholds
    assert f"the close of {DAYS[-3]} is" in doubt.text


def test_a_true_move_with_its_volume_is_believed() -> None:
    """A close that triples on many times the volume, and a fall to a quarter, are no doubt."""
    busy = walk().volume.copy()
    busy[150] *= 40
    assert kinds(scaled(replace(walk(), volume=busy), slice(150, None), 3.2)) == []
    assert kinds(scaled(replace(walk(), volume=busy), slice(150, None), 0.25)) == []


@pytest.mark.parametrize(
    ("rows", "volume", "doubted"),
    [(20, 0.0, True), (3, 0.0, True), (2, 0.0, False), (3, 5e5, True), (4, None, False)],
)
def test_a_feed_that_stands_still_withholds(rows: int, volume: float | None, doubted: bool) -> None:
    """Repeated rows at the end are a dead feed, dated from its last true row."""
    since = str(DAYS[-rows - 1])
    assert kinds(standing_still(walk(), rows, volume)) == (
        [("flat-tail", since, True)] if doubted else []
    )


def test_a_price_that_stands_still_while_shares_are_traded_is_forecast() -> None:
    """Volume that changes comes from a feed that lives: a doubt that withholds nothing."""
    (doubt,) = find_doubts(standing_still(walk(), 5, None))
    assert (doubt.kind, doubt.date, doubt.withholds) == ("flat-tail", str(DAYS[-6]), False)
    assert "while shares are traded" in doubt.text


def test_a_halt_that_is_over_is_believed() -> None:
    """Flat rows before rows that move are no doubt: only the newest rows make a forecast."""
    bars = standing_still(walk(DAYS[:200]), 10, 0.0)
    rest = walk(DAYS[200:])
    joined: dict[str, Any] = {
        name: np.concatenate((getattr(bars, name), getattr(rest, name))) for name in COLUMNS
    }
    assert [kind for kind, *_ in kinds(replace(bars, **joined))] == []


def test_rows_without_volume_are_doubted() -> None:
    """Ten rows without a share at the end; nine are not, and an index has none at all."""
    bars = walk()
    for count, expected in ((9, []), (10, [str(DAYS[-10])]), (len(DAYS), [str(DAYS[0])])):
        shares = bars.volume.copy()
        shares[-count:] = 0.0
        assert [doubt.date for doubt in find_doubts(replace(bars, volume=shares))] == expected


@pytest.mark.parametrize(("step", "word"), [(5, "weekly"), (21, "monthly"), (2, "left out")])
def test_rows_a_week_or_a_month_apart_withhold(step: int, word: str) -> None:
    """Sparse bars have no next session to forecast, and each gap is no hole."""
    days = calendar.sessions_between(date(2020, 1, 2), date(2025, 12, 31))
    bars = taken(walk(days), list(range(0, len(days), step)))
    (doubt,) = find_doubts(bars)
    assert (doubt.kind, doubt.date, doubt.withholds) == (DoubtKind.WEEKLY, str(days[0]), True)
    assert word in doubt.text


def test_daily_bars_after_weekly_ones_are_forecast() -> None:
    """An old part with a row a week is doubted, and does not withhold a forecast."""
    bars = taken(walk(), [*range(0, 150, 5), *range(150, len(DAYS))])
    assert kinds(bars) == [("weekly-spacing", str(DAYS[0]), False)]


def test_weekly_bars_are_dated_from_the_first_of_them() -> None:
    """A feed that changed to a row a week begins to be doubted there, and withholds."""
    bars = taken(walk(), [*range(150), *range(150, len(DAYS), 5)])
    assert kinds(bars) == [("weekly-spacing", str(DAYS[150]), True)]


def test_a_long_hole_is_dated_by_its_first_session() -> None:
    """Ten missing sessions in a row are a hole, nine are a note."""
    rows = list(range(len(DAYS)))
    assert kinds(taken(walk(), rows[:100] + rows[110:])) == [("long-hole", str(DAYS[100]), False)]
    assert kinds(taken(walk(), rows[:100] + rows[109:])) == []


def test_a_row_of_a_day_to_come_is_left_out_and_doubted() -> None:
    """A slip in the year is dropped, named as a note, and doubted; the session under way is only
    dropped."""
    today, typo = calendar.next_session(NEWEST), date(2052, 11, 23)
    bars = quality.checked_bars(some_rows((NEWEST, today, typo)), newest=NEWEST)
    assert bars.dates.tolist() == [NEWEST]
    (doubt,) = bars.doubts
    assert (doubt.kind, doubt.date, doubt.withholds) == (DoubtKind.FUTURE_DATE, str(typo), False)
    assert doubt.text.startswith("MP.csv line 4: ")  # and no folder: the service says it too
    assert [str(typo) in doubt.text, len(bars.warnings)] == [True, 2]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real bars are not on this machine")
def test_real_bars_raise_no_doubt() -> None:
    """Ten years of 13 symbols, with days of +51 % and -33 %, are believed."""
    doubts = {
        path.stem: find_doubts(quality.checked_bars(read_rows(path, path.stem, "csv:/bars")))
        for path in sorted((SHARED / "ohlcv").glob("*.csv"))
    }
    assert len(doubts) == 13
    assert not any(doubts.values())
