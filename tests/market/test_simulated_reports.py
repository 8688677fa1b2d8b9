"""Report dates of the simulated market, and what its bars make of them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.market import calendar
from engine.market.fetch import fetch_bars
from engine.market.simulated_reports import simulated_reactions, simulated_reports
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home


def test_one_report_a_quarter_by_seed_and_symbol() -> None:
    """Sessions about 91 days apart, always at the same time of day."""
    reports = simulated_reports("NVDA", 7)
    days = [report.day for report in reports]

    assert days == sorted(days)
    assert all(map(calendar.is_session, days))
    assert all(75 <= (after - day).days <= 107 for day, after in pairwise(days))
    assert len({report.time for report in reports}) == 1
    assert days != [report.day for report in simulated_reports("NVDA", 8)]
    assert days != [report.day for report in simulated_reports("TSLA", 7)]


def test_bars_move_more_on_the_session_after_a_report(tmp_path: Path) -> None:
    """As real ones do: about 2.5 times the typical move."""
    home = new_home(tmp_path / "home", market__simulated_sessions=2500)
    clock = FakeClock(datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
    ratios = []
    for symbol in ("NVDA", "AAPL", "MSFT", "PLTR"):
        bars = fetch_bars(home, load(home, {}), "simulated", symbol, clock)
        moves = np.abs(np.diff(np.log(bars.close)))
        days = np.array(sorted(simulated_reactions(symbol, 7)), dtype="datetime64[D]")
        reacts = np.isin(bars.dates[1:], days)
        ratios.append(float(np.median(moves[reacts]) / np.median(moves[~reacts])))
    assert 2.0 < np.mean(ratios) < 3.2
