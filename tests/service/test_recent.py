"""The newest requests: percentiles and pace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.service.recent import Pace, percentiles


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_are_nearest_ranks(values: list[float], rank: int) -> None:
    """At least `rank` % of the values are at most the percentile, and no smaller value would do."""
    chosen = percentiles(values, (rank,))[0]
    assert chosen in values
    assert chosen is not None
    assert sum(value <= chosen for value in values) * 100 >= rank * len(values)
    assert sum(value < chosen for value in values) * 100 < rank * len(values)


def test_without_values_there_is_no_percentile() -> None:
    """No request yet: no number."""
    assert percentiles([], (50, 99)) == [None, None]


def test_the_pace_is_of_the_last_minute() -> None:
    """Requests of the last 60 s divided by 60;
    before a minute has passed, by the time since the start."""
    pace = Pace()
    pace._started = 1000.0
    for second in range(1000, 1010):
        for _ in range(30):
            pace.count(second + 0.5)
    assert pace.per_second(1010.0) == 30.0
    assert pace.per_second(1060.0) == pytest.approx(300 / 60, rel=0.11)
    assert pace.per_second(1100.0) == 0.0
    for second in range(2000, 4000):
        pace.count(float(second))
    assert pace.per_second(3999.0) == 1.0
    assert len(pace._counts) <= 121
