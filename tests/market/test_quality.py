"""Which rows are believed, which are dropped in words, which fail the symbol."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from engine.core.errors import NoDataError
from engine.market import quality
from engine.market.rows import Rows
from tests.market.samples import DAYS, some_rows, values

NAN = float("nan")


def test_good_rows_are_kept_as_they_are() -> None:
    """Rows that can be true become bars unchanged and without a warning, whatever their order."""
    forward = quality.checked_bars(some_rows())
    backward = quality.checked_bars(some_rows().take(list(reversed(range(len(DAYS))))))
    for bars in (forward, backward):
        assert tuple(bars.dates.tolist()) == DAYS
        assert bars.close.tolist() == [row[3] for row in values(len(DAYS))]
        assert bars.warnings == ()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([10.0, 12.0, 10.5, 11.0, 5.0], "low 10.5 above open 10"),
        ([11.0, 12.0, 10.5, 10.0, 5.0], "low 10.5 above close 10"),
        ([10.0, 12.0, 10.001, 11.0, 5.0], "low 10.001 above open 10"),
        ([13.0, 12.0, 10.0, 11.0, 5.0], "open 13 above high 12"),
        ([11.0, 12.0, 10.0, 13.0, 5.0], "close 13 above high 12"),
        ([11.0, 9.0, 10.0, 11.0, 5.0], "open 11 above high 9"),
        ([0.0, 12.0, 0.0, 11.0, 5.0], "open 0 is not a positive price"),
        ([11.0, 12.0, -1.0, 11.0, 5.0], "low -1 is not a positive price"),
        ([11.0, 12.0, 10.0, 11.0, -5.0], "volume -5 is negative"),
        ([NAN, 12.0, 10.0, 11.0, 5.0], "open is missing"),
        ([11.0, 12.0, 10.0, 11.0, NAN], "volume is missing"),
        ([11.0, float("inf"), 10.0, 11.0, 5.0], "high inf is not finite"),
    ],
)
def test_impossible_rows_fail_with_file_and_line(row: list[float], words: str) -> None:
    """A row inside the series that cannot be true is exit 4 naming file, line and both values,
    with the next step."""
    with pytest.raises(NoDataError) as caught:
        quality.checked_bars(some_rows(changed={4: row}))
    assert caught.value.message == f"/bars/MP.csv line 6: {words}"
    assert f"symbols.MP.min_date after {DAYS[4]}" in caught.value.hint


@pytest.mark.parametrize(
    "row", [[10.0, 12.0, 10.5, 11.0, 5.0], [11.0, 12.0, 10.0, NAN, 5.0], [11.0, NAN, NAN, NAN, NAN]]
)
def test_a_last_row_that_disagrees_is_dropped_with_a_warning(row: list[float]) -> None:
    """A newest bar whose prices disagree or are missing was captured too early: dropped, and the
    warning says where."""
    bars = quality.checked_bars(some_rows(changed={len(DAYS) - 1: row}))
    assert tuple(bars.dates.tolist()) == DAYS[:-1]
    assert "/bars/MP.csv line 11" in bars.warnings[0]
    assert "unfinished" in bars.warnings[0]
    assert str(DAYS[-1]) in bars.warnings[0]


def test_a_last_row_with_an_impossible_price_still_fails() -> None:
    """A newest bar with a price below zero is no early capture but a broken file."""
    with pytest.raises(NoDataError, match="not a positive price"):
        quality.checked_bars(some_rows(changed={len(DAYS) - 1: [11.0, 12.0, -10.0, 11.0, 5.0]}))


def test_only_one_unfinished_row_is_forgiven() -> None:
    """The row before a dropped last one must be true."""
    bad = [10.0, 12.0, 10.5, 11.0, 5.0]
    with pytest.raises(NoDataError, match="line 10"):
        quality.checked_bars(some_rows(changed={len(DAYS) - 1: bad, len(DAYS) - 2: bad}))


def test_rounding_of_32_bit_floats_is_accepted() -> None:
    """A low above the open by less than a 32-bit float can tell is kept."""
    bars = quality.checked_bars(some_rows(changed={3: [10.0, 12.0, 10.000001, 11.0, 5.0]}))
    assert len(bars) == len(DAYS)


def test_big_true_moves_are_kept() -> None:
    """Plus 51 % and minus 33 % in one day happened and stay, without a warning."""
    rows = some_rows(changed={5: [21.0, 24.0, 20.0, 23.5, 9.0], 6: [12.0, 15.8, 11.0, 15.7, 9.0]})
    bars = quality.checked_bars(rows)
    assert (bars.close[5], bars.close[6], bars.warnings) == (23.5, 15.7, ())


@pytest.mark.parametrize("day", [date(2024, 2, 17), date(2024, 2, 19)])
def test_a_day_without_a_session_fails(day: date) -> None:
    """A bar of a Saturday or of a holiday is exit 4 naming the day."""
    days = tuple(sorted((*DAYS, day)))
    with pytest.raises(NoDataError, match=f"{day} .*is not a session"):
        quality.checked_bars(some_rows(days))


def test_missing_sessions_are_named() -> None:
    """Sessions that the file skips stand in one warning; holidays are not missing."""
    assert quality.with_missing_warning(quality.checked_bars(some_rows())).warnings == ()
    rows = some_rows().take([row for row in range(len(DAYS)) if row not in (3, 6)])
    bars = quality.with_missing_warning(quality.checked_bars(rows))
    assert bars.warnings == (f"MP: 2 sessions missing: {DAYS[3]}, {DAYS[6]}",)
    late = quality.with_missing_warning(quality.checked_bars(some_rows()), date(2024, 2, 27))
    assert late.warnings == ("MP: 1 session missing: 2024-02-27",)


def test_many_missing_sessions_are_counted() -> None:
    """Of many missing sessions the newest are named and all are counted."""
    rows = some_rows().take([0, len(DAYS) - 1])
    warning = quality.with_missing_warning(quality.checked_bars(rows)).warnings[0]
    assert warning.startswith("MP: 8 sessions missing: ")
    assert warning.endswith("; 3 earlier ones too")


def test_a_repeated_row_is_used_once() -> None:
    """The same row twice is used once, with a warning."""
    bars = quality.checked_bars(some_rows().take([0, 1, 1, 2]))
    assert tuple(bars.dates.tolist()) == DAYS[:3]
    assert "stands twice" in bars.warnings[0]


def _twice(row: int) -> Rows:
    first, again = some_rows(), some_rows()
    again.values[row] += 0.25
    both = np.concatenate((first.values, again.values[row : row + 1]))
    return Rows("MP", "csv:/bars", "/bars/MP.csv", (*DAYS, DAYS[row]), both, tuple(range(2, 13)))


def test_the_later_capture_of_the_newest_session_is_used() -> None:
    """Two captures of the newest session are an early and a final one: the later row stands,
    with a warning."""
    bars = quality.checked_bars(_twice(len(DAYS) - 1))
    assert bars.close[-1] == values(len(DAYS))[-1][3] + 0.25
    assert "line 11: an earlier capture" in bars.warnings[0]
    backward = _twice(len(DAYS) - 1).take(list(reversed(range(len(DAYS) + 1))))
    assert quality.checked_bars(backward).close[-1] == bars.close[-1]


def test_different_rows_of_an_older_session_fail() -> None:
    """Different rows for one older session cannot both be true: exit 4 that names both lines."""
    with pytest.raises(
        NoDataError,
        match=r"line 12: .*stands twice with different values \(also /bars/MP.csv line 5\)",
    ):
        quality.checked_bars(_twice(3))


def test_bars_after_the_last_complete_session_are_dropped() -> None:
    """With a clock, every row after the last complete session is unfinished, however good it
    looks."""
    bars = quality.checked_bars(some_rows(), newest=DAYS[-3])
    assert bars.last_date == DAYS[-3]
    assert len(bars.warnings) == 2


@pytest.mark.parametrize(
    ("moment", "kept"),
    [("14:29", True), ("14:30", False), ("21:00", False), ("21:29", False), ("21:30", True)],
)
def test_a_bar_captured_during_its_session_is_dropped(moment: str, kept: bool) -> None:
    """A file written between open and settled close holds an unfinished last bar;
    before and after, its own clock rules."""
    captured = datetime.fromisoformat(f"{DAYS[-1]}T{moment}").replace(tzinfo=UTC)
    bars = quality.checked_bars(some_rows(), (captured,), 30)
    assert (bars.last_date == DAYS[-1]) is kept
    assert bool(bars.warnings) is not kept


def test_no_rows_left_is_no_data() -> None:
    """No row, or one unfinished row only, is exit 4."""
    with pytest.raises(NoDataError, match="no bars of MP"):
        quality.checked_bars(some_rows(()))
    with pytest.raises(NoDataError, match="no finished bar of MP"):
        quality.checked_bars(some_rows(DAYS[:1]), newest=date(2024, 2, 1))
