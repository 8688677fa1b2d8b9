"""How stored and fresh bars become one series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.market import refresh
from tests.market.samples import DAYS, some_bars


def test_resume_day_goes_back_over_sessions() -> None:
    """Five sessions are asked again, holidays not counted, and never a day before the first bar."""
    assert refresh.resume_day(some_bars(), 5) == DAYS[-5]
    assert refresh.resume_day(some_bars(), 1) == DAYS[-1]
    assert refresh.resume_day(some_bars(), 50) == DAYS[0]


def test_a_split_is_detected_by_event_and_by_prices() -> None:
    """A new split event, shared closes on another base, or nothing shared at all: the whole
    history is needed."""
    held, fresh = some_bars(), some_bars(DAYS).tail(5)
    assert not refresh.is_rebased(held, fresh)
    assert refresh.is_rebased(held, replace(fresh, splits=((DAYS[-1], 10.0),)))
    assert not refresh.is_rebased(
        replace(held, splits=((DAYS[-1], 10.0),)), replace(fresh, splits=((DAYS[-1], 10.0),))
    )
    assert refresh.is_rebased(held, some_bars(scale=20 / 21).tail(5))
    assert refresh.is_rebased(held.until(DAYS[3]), fresh)


def test_merge_prefers_fresh_bars_and_fills_from_stored_ones() -> None:
    """Shared sessions are the fresh ones, lost ones come from the store, new ones are added,
    events follow."""
    held = replace(some_bars(DAYS[:8]), splits=((DAYS[0], 2.0),), dividends=((DAYS[6], 0.1),))
    fresh = some_bars(scale=1.001).since(DAYS[5])
    fresh = replace(fresh.since(DAYS[5]), dividends=((DAYS[6], 0.2),))
    whole = refresh.merge(held, fresh)
    assert tuple(whole.dates.tolist()) == DAYS
    assert np.array_equal(whole.close[:5], held.close[:5])
    assert np.array_equal(whole.close[5:], fresh.close)
    assert whole.splits == ((DAYS[0], 2.0),)
    assert whole.dividends == ((DAYS[6], 0.2),)
    assert "revised" in whole.warnings[-1]


def test_an_unchanged_close_is_no_revision() -> None:
    """Equal closes give no warning."""
    assert refresh.revisions(some_bars(), some_bars().tail(5)) == ()
