"""What the bars say: distances, moves and rises against their own past."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from engine.market.bars import Bars, day
from engine.market.reports import ReportDate, ReportDates, ReportState, ReportTime, coverage
from engine.watch.signals import (
    critical,
    drift_signals,
    ks,
    report_eves,
    volatility_signals,
    within_share,
)
from engine.watch.trigger_facts import Live, Signal
from tests.forecast.samples import flat, scaled_from, walk
from tests.watch.noise import louder, make
from tests.watch.replay import packaged

WATCH = packaged().watch


def test_ks_is_the_greatest_distance() -> None:
    """Equal samples are 0 apart, separate ones 1;
    the critical distance of 60 and 252 values at 1 % is that of the tables."""
    some = np.array([1.0, 2.0, 3.0, 4.0])

    assert 0.0 == ks(some, some)
    assert 1.0 == ks(some, some + 10)
    assert 0.5 == ks(some, np.array([3.0, 4.0, 5.0, 6.0]))
    assert critical(60, 252) == pytest.approx(0.2338, abs=0.001)


def test_one_great_move_since_the_training_counts() -> None:
    """A fall of a third is beyond every limit;
    once the model has been trained with it, it is no news."""
    bars = scaled_from(walk(700), 695, 0.67)
    fallen = str(bars.dates[695])
    (move,) = [
        each
        for each in volatility_signals(bars, None, str(bars.dates[690]), WATCH)
        if each.name == "move"
    ]

    assert move.value > move.limit
    assert fallen in move.text
    later = [each for each in volatility_signals(bars, None, fallen, WATCH) if each.name == "move"]
    assert all(each.value < each.limit for each in later)


def reporting(bars: Bars) -> Bars:
    """The bars of a symbol that reports quarterly, the last time after the close of row -4."""
    rows = (-259, -194, -129, -67, -4)
    reports = tuple(ReportDate(day=day(bars.dates[row]), time=ReportTime.AFTER) for row in rows)
    first, last = coverage(reports)
    dates = ReportDates(
        symbol=bars.symbol,
        today=bars.last_date,
        state=ReportState.KNOWN,
        reports=reports,
        covered_from=first,
        covered_until=last,
    )
    return replace(bars, reports=dates)


def beyond(signals: Iterable[Signal]) -> list[str]:
    """The names of those beyond their limit."""
    return [each.name for each in signals if each.value > each.limit]


def test_a_report_day_is_no_event() -> None:
    """The same fall fires where no report is known, and neither move, rise nor drift where the
    session reacts to one; the confidence of the evening before says nothing either."""
    bars = scaled_from(walk(700, seed=3), 697, 0.6)
    trained_to = str(bars.dates[690])
    known = reporting(bars)
    assert report_eves(known) >= {str(bars.dates[696])}

    assert "move" in beyond(volatility_signals(bars, None, trained_to, WATCH))
    assert not beyond(volatility_signals(known, None, trained_to, WATCH))
    assert not beyond(drift_signals(known, Live(), (None, 0), WATCH))
    plain, quiet = (
        next(each.value for each in volatility_signals(each, None, trained_to, WATCH))
        for each in (bars, known)
    )
    assert quiet < plain, "its range counts as the usual one"


def test_an_event_on_another_day_fires_though_reports_are_known() -> None:
    """A fall two sessions after the report is the market's own."""
    bars = reporting(scaled_from(walk(700, seed=3), 699, 0.6))

    assert "move" in beyond(volatility_signals(bars, None, str(bars.dates[690]), WATCH))


def test_returns_are_compared_in_units_of_the_scale() -> None:
    """A market that has become three times as wild is no drift once the scale has followed it:
    its volatility is a trigger of its own."""
    series = make(1)
    row = len(series.bars) - 80
    loud = louder(series, row, 3.0).bars
    raw = np.diff(np.log(loud.close))

    assert ks(np.abs(raw[-60:]), np.abs(raw[-312:-60])) > critical(60, 252)
    assert not beyond(drift_signals(loud, Live(), (None, 0), WATCH, series.market))


def test_few_bars_and_flat_ones_tell_nothing() -> None:
    """With too little past, or prices that never move, no signal is beyond its limit and nothing
    divides by zero."""
    assert not [
        each for each in volatility_signals(walk(100), None, "", WATCH) if each.value > each.limit
    ]
    live = Live()
    for bars in (walk(200), flat(700)):
        assert not [
            each for each in drift_signals(bars, live, (None, 0), WATCH) if each.value > each.limit
        ]


def test_another_distribution_is_drift_and_a_level_is_not() -> None:
    """Sixty sessions three times as wild are drift;
    a price ten times as high from one day on is not."""
    calm = walk(800)
    wild = replace(
        calm,
        close=np.append(
            calm.close[:-60], calm.close[-61] * np.cumprod(1 + 0.1 * (-1.0) ** np.arange(60))
        ),
    )

    assert any(each.value > each.limit for each in drift_signals(wild, Live(), (None, 0), WATCH))
    level = scaled_from(calm, 0, 10.0)
    plain = drift_signals(calm, Live(), (None, 0), WATCH)
    assert [each.value for each in drift_signals(level, Live(), (None, 0), WATCH)] == pytest.approx(
        [each.value for each in plain]
    )


def test_a_lost_direction_is_drift() -> None:
    """Calls held out at 80 % that go wrong ten times in a row are no luck;
    at 50 % held out the same is."""
    lost = Live(10, 1.0, 1.0, (False,) * 10, "a", "b")

    assert any(
        each.name == "direction" and each.value > each.limit
        for each in drift_signals(walk(200), lost, (80.0, 120), WATCH)
    )
    even = Live(10, 1.0, 1.0, (False,) * 8 + (True,) * 2, "a", "b")
    assert not [
        each
        for each in drift_signals(walk(200), even, (50.0, 120), WATCH)
        if each.name == "direction"
    ]


def test_the_share_within_a_limit() -> None:
    """Of sixty moves, thirty beyond the limit make a half."""
    close = np.asarray(100.0 * np.cumprod(np.where(np.arange(61) % 2, 1.1, 1.0)), dtype=np.float64)

    assert within_share(close, 5.0) == pytest.approx(50.0)
    assert within_share(close[:30], 5.0) is None
