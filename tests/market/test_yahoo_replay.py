"""Thirty mornings of one fault each at Yahoo, through yfinance: the store ends with the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.paths import Home
from engine.market import yahoo
from engine.market.bars import Bars
from engine.market.calendar import sessions_between
from engine.market.fetch import fetch_bars, stored_bars
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market import fake_yahoo as fake

DAYS = list(sessions_between(date(2024, 3, 21), date(2024, 7, 12)))
FIRST = len(DAYS) - 30
"""Bars that are there on the first morning, less one."""
Row = list[float | None]


@dataclass(frozen=True, kw_only=True)
class Morning:
    """What Yahoo does on one morning to the truth of the days so far."""

    number: int
    """From 0 to 29."""
    days: list[date]

    def answer(self, **changes: Any) -> fake.Answer:
        return fake.chart(self.days, **changes)

    def with_rows(self, rows: dict[int, Row], until: int = 30) -> fake.Answer:
        """Some rows, by their place in DAYS, wrong before the morning `until`."""
        wrong = {DAYS[place]: row for place, row in rows.items() if self.number < until}
        return self.answer(rows=wrong)


def times(place: int, factor: float) -> Row:
    return fake.row(DAYS[place], factor)


def disordered(place: int) -> Row:
    close = fake.price(DAYS[place])
    return [close - 0.5, close + 1, close + 0.2, close, 5.0]


NULL: Row = [None] * 5
OLD, NEW = 40, FIRST + 6
"""A row in the middle of the first answer, and one that comes while the store is there."""


def late_split(ratio: float, late: int) -> Callable[[Morning], fake.Answer]:
    """A split on the day NEW whose old rows are re-based `late` mornings after its first."""

    def answer(this: Morning) -> fake.Answer:
        if DAYS[NEW] not in this.days:
            # Before its split a share trades at the old price: the truth is of the new one.
            return this.answer(scale=ratio)
        waits = this.number < NEW - FIRST + late
        rows = {day: fake.row(day, ratio if waits else 1.0) for day in this.days if day < DAYS[NEW]}
        return this.answer(rows=rows, splits={DAYS[NEW]: ratio})

    return answer


FAULTS: dict[str, Callable[[Morning], fake.Answer]] = {
    "none": lambda this: this.answer(),
    "null for 8 mornings": lambda this: this.with_rows({OLD: NULL}, 8),
    "a new session null for 15 mornings": lambda this: this.with_rows({NEW: NULL}, 21),
    "missing for 6 mornings": lambda this: fake.chart(
        [day for day in this.days if day != DAYS[NEW] or this.number > NEW - FIRST + 6]
    ),
    "low above open for 14 mornings": lambda this: this.with_rows({NEW: disordered(NEW)}, 20),
    "open 0 for 9 mornings": lambda this: this.with_rows({OLD: [0.0, *times(OLD, 1)[1:]]}, 9),
    "x 1.3 for 9 mornings": lambda this: this.with_rows({OLD: times(OLD, 1.3)}, 9),
    "three new closes x 1.3": lambda this: this.with_rows(
        {place: times(place, 1.3) for place in range(NEW, NEW + 3)}, 16
    ),
    "x 100 for one morning": lambda this: this.with_rows(
        {FIRST + this.number: times(FIRST + this.number, 100)}, 1
    ),
    "x 100 in a stored row": lambda this: this.with_rows(
        {FIRST - 2: times(FIRST - 2, 100)} if this.number > 3 else {}, 20
    ),
    "newest rows x 0.1 at first": lambda this: this.with_rows(
        {place: times(place, 0.1) for place in range(FIRST - 4, FIRST + 2)}, 2
    ),
    "only three sessions": lambda this: fake.chart(
        this.days[-3:] if this.number % 4 == 1 else this.days
    ),
    "a holiday row": lambda this: fake.chart(
        sorted({*this.days, date(2024, 5, 27), date(2024, 6, 19)} & set(_until(this.days[-1])))
    ),
    "429 on odd mornings": lambda this: fake.rate_limited if this.number % 2 else this.answer(),
    "empty on odd mornings": lambda this: fake.nothing if this.number % 2 else this.answer(),
    "another symbol on odd mornings": lambda this: fake.changed(
        this.answer(), lambda tree: _meta(tree, symbol="AMD" if this.number % 2 else "NVDA")
    ),
    "another base on odd mornings": lambda this: this.answer(scale=4.0 if this.number % 2 else 1.0),
    "split at once": late_split(10.0, 0),
    "split 2:1, 5 late": late_split(2.0, 5),
    "split 3:2, 5 late": late_split(1.5, 5),
    "split 2:1, 8 late": late_split(2.0, 8),
    "split 4:1, 12 late": late_split(4.0, 12),
    "reverse split 1:20, 6 late": late_split(0.05, 6),
    "split 21:20, 5 late": late_split(1.05, 5),
}


def _until(last: date) -> list[date]:
    return [DAYS[0] + timedelta(days=n) for n in range((last - DAYS[0]).days + 1)]


def _meta(tree: dict[str, Any], **values: object) -> None:
    tree["chart"]["result"][0]["meta"].update(values)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home", market__request_spacing_s=0, market__request_tries=2)


@pytest.mark.parametrize("fault", FAULTS)
def test_thirty_mornings_end_with_the_truth(
    fault: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No morning is without bars, none is blocked, and the last leaves every true row and no
    other."""
    settings = load(home, {})
    bars: Bars | None = None
    now = datetime.min
    for number in range(30):
        days = DAYS[: FIRST + number + 1]
        now = datetime.combine(days[-1] + timedelta(days=1), datetime.min.time(), UTC)
        now += timedelta(hours=6)
        session = fake.FakeSession(FAULTS[fault](Morning(number=number, days=days)))
        monkeypatch.setattr(yahoo, "session", lambda session=session: session)
        bars = fetch_bars(home, settings, "yahoo", "NVDA", FakeClock(now))
        assert len(bars) >= FIRST - 1, (number, bars.warnings)
    if "odd mornings" in fault:  # the last morning is one: ask once more
        session = fake.FakeSession(fake.chart(DAYS))
        monkeypatch.setattr(yahoo, "session", lambda: session)
        fetch_bars(home, settings, "yahoo", "NVDA", FakeClock(now + timedelta(hours=1)))
    stored = stored_bars(home, settings, "yahoo", "NVDA", FakeClock(now))
    assert stored.dates.tolist() == DAYS
    assert stored.close == pytest.approx([fake.price(day) for day in DAYS], rel=1e-6)
    assert stored.open == pytest.approx([fake.price(day) - 0.5 for day in DAYS], rel=1e-6)
    assert stored.warnings == ()
    assert stored.doubts == ()
