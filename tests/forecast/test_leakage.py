"""No forecast sees tomorrow: whatever comes after a day changes nothing that was known on it.

One check, `changed`, runs the whole way from bars to forecast twice, the second time on bars
whose sessions after day t are another history, and names what differs at or before t. Two
planted leaks prove that the check can fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.members import MEMBERS
from engine.forecast import dataset, features, fit, model, scaler
from engine.forecast.members.base import Arrays
from engine.forecast.record import score_rows
from engine.forecast.splits import Split
from engine.market.bars import Bars, day
from engine.market.calendar import iter_sessions
from engine.market.reports import AHEAD, ReportDate, ReportDates, ReportState, ReportTime
from tests.forecast.samples import QUICK, scrambled_after, walk

BARS = 360
LIGHT = tuple(name for name in MEMBERS if name != "lstm")


def known_at(bars: Bars, market: Bars, row: int, members: tuple[str, ...]) -> Arrays:
    """Everything known at the close of dataset row `row`: features, scaler, members, weights,
    forecasts, calibration."""
    data = dataset.build_dataset(bars, {"SPY": market})
    # The last row with an outcome known at the close of `row` is the one before it.
    split = Split(*np.split(np.arange(QUICK.sequence_length, row), [row - 70, row - 40]))
    fitted = model.fit_model(data, split, members, QUICK)
    rows = np.arange(QUICK.sequence_length, row + 1)
    record, calibrator = score_rows(
        fitted, data, split.heldout, fit.first_calibrator(data, split), 0.05
    )
    found = {f"feature {name}": data.features[: row + 1, at] for at, name in enumerate(data.names)}
    found |= {"scale": data.scale[: row + 1], "sigma": data.sigma[: row + 1]}
    found |= {"weights": np.array(list(fitted.weights.values()))}
    found |= {"forecasts": fitted.predict(data, rows).blended}
    return found | fitted.arrays() | record.arrays() | calibrator.arrays()


def changed(row: int, seed: int, members: tuple[str, ...]) -> list[str]:
    """What differs at or before dataset row `row` once every later bar, of the symbol and of the
    market, is another."""
    bars, market = walk(BARS, seed), walk(BARS, seed + 500, "SPY")
    end = row + features.WARMUP
    first = known_at(bars, market, row, members)
    second = known_at(
        scrambled_after(bars, end, seed), scrambled_after(market, end, seed + 7), row, members
    )
    return [name for name, array in first.items() if not np.array_equal(array, second[name])]


@pytest.mark.parametrize("member", LIGHT)
@settings(max_examples=6, deadline=None)
@given(row=st.integers(200, BARS - features.WARMUP - 2), seed=st.integers(0, 99))
def test_later_bars_change_nothing(member: str, row: int, seed: int) -> None:
    """No feature, scaler, weight, calibration or forecast at or before day t depends on a bar
    after it."""
    assert changed(row, seed, ("naive", member)) == []


@settings(max_examples=3, deadline=None)
@given(row=st.integers(200, BARS - features.WARMUP - 2))
def test_later_bars_do_not_change_the_ensemble(row: int) -> None:
    """The same for the blend of all members that need no TensorFlow."""
    assert changed(row, 4, LIGHT) == []


def test_later_bars_do_not_change_the_lstm() -> None:
    """The same for the network: its training and its forecasts."""
    assert changed(230, 5, ("naive", "lstm")) == []


def with_reports(bars: Bars, *reports: ReportDate) -> Bars:
    """The bars with these reports, known for as long as the bars are."""
    dates = ReportDates(
        symbol=bars.symbol,
        today=bars.last_date,
        state=ReportState.KNOWN,
        reports=reports,
        covered_from=bars.first_date,
        covered_until=bars.last_date,
    )
    return replace(bars, reports=dates)


def changed_by_a_report(row: int, seed: int, known: date | None) -> list[str]:
    """What differs at or before dataset row `row` once a report comes out on its day."""
    bars, market = walk(BARS, seed), walk(BARS, seed + 500, "SPY")
    on, before = (day(bars.dates[row + features.WARMUP - back]) for back in (0, 60))
    old = ReportDate(day=before, time=ReportTime.AFTER)
    new = ReportDate(day=on, time=ReportTime.AFTER, known=known)
    first, second = (
        known_at(with_reports(bars, *reports), market, row, ("naive",))
        for reports in ((old,), (old, new))
    )
    return [name for name, array in first.items() if not np.array_equal(array, second[name])]


def test_a_report_date_that_was_not_public_changes_nothing() -> None:
    """A date known from tomorrow on is not seen today; one without `known` counts ten sessions
    before its day and no earlier."""
    on = day(walk(BARS, 3).dates[230 + features.WARMUP])

    assert changed_by_a_report(230, 3, on + timedelta(days=1)) == []
    assert "sigma" in changed_by_a_report(230, 3, on)
    assert "sigma" in changed_by_a_report(230, 3, None)
    report = ReportDate(day=on, time=ReportTime.AFTER)
    assert len(list(iter_sessions(report.public_from, on))) - 1 == AHEAD


def test_report_dates_taken_from_the_future_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scale that takes every listed date for public is named by the same check."""
    on = day(walk(BARS, 3).dates[230 + features.WARMUP])
    monkeypatch.setattr(ReportDate, "public_from", date(2000, 1, 1))

    assert "sigma" in changed_by_a_report(230, 3, on + timedelta(days=1))


@pytest.fixture
def peeking_feature(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Plant a feature that knows tomorrow's return."""
    honest = features.feature_columns

    def peeking(bars: Bars, market: Bars | None) -> dict[str, features.Floats]:
        tomorrow = np.append(features.log_returns(bars.close)[1:], 0.0)
        return honest(bars, market) | {"planted": tomorrow}

    monkeypatch.setattr(dataset, "feature_columns", peeking)
    yield


@pytest.mark.parametrize("member", LIGHT)
@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(row=st.integers(200, BARS - features.WARMUP - 2))
def test_a_planted_peeking_feature_is_caught(peeking_feature: None, member: str, row: int) -> None:
    """A feature that looks one day ahead is named by the same check."""
    assert "feature planted" in changed(row, 3, ("naive", member))


def test_a_scaler_fitted_on_every_row_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scaler that sees rows after the training is named by the same check, and so are the
    forecasts it spoils."""
    honest = scaler.Scaler.fit
    monkeypatch.setattr(
        scaler.Scaler, "fit", lambda data, train: honest(data, np.arange(len(data)))
    )
    found = changed(230, 3, ("naive", "enhanced"))
    assert {"scaler/mean", "scaler/spread", "forecasts"} <= set(found)
