"""The scores of the week's range."""

from __future__ import annotations

import numpy as np

from engine.forecast.week import HORIZON, week_rows
from engine.forecast.week_scores import WeekRecord, week_record, week_table
from tests.forecast.samples import walk

BARS = walk(700)


def record(count: int = 200) -> WeekRecord:
    """The record of the newest sessions."""
    made = week_record(week_rows(BARS, {}), BARS.dates[-count:], 0.05)
    assert made is not None
    return made


def test_only_whole_weeks_are_scored() -> None:
    """A range that ends after the last session has no outcome yet."""
    made = record()

    assert len(made.target) == 200 - HORIZON + 1
    assert np.isfinite(made.target).all()
    assert made.dates[-1] == BARS.dates[-1 - HORIZON]
    assert np.isclose(made.target[-1], np.log(BARS.close[-1] / BARS.close[-1 - HORIZON]))


def test_the_rows_stand_beside_their_baselines() -> None:
    """Coverage near what is stated, losses and skill; the forecast's figures at the top too."""
    table = week_table([record(), None, record()], 0.05)

    assert table is not None
    assert (table["n"], table["horizon"]) == (392, 5)
    assert list(table["rows"]) == ["ensemble", "range_ewma", "constant"]
    assert 60.0 < table["coverage80"] < 95.0 < 5.0 + table["coverage95"]
    assert table["crps"] == table["rows"]["ensemble"]["crps"] > 0.0
    assert set(table["skill"]) == {"range_ewma", "constant"}
    assert table["report_days"]["n"] == 0


def test_nothing_scored_is_no_table() -> None:
    """Neither without sessions nor with too few before them."""
    assert week_record(week_rows(BARS, {}), BARS.dates[:0], 0.05) is None
    assert week_record(week_rows(BARS, {}), BARS.dates[:60], 0.05) is None
    assert week_table([None], 0.05) is None
