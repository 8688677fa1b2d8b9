"""A year of decisions: on simulated bars always, on the real ones where STOCKML_BARS names a
folder of SYM.csv files."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.snapshot import PlannedAction
from engine.market.bars import Bars
from engine.market.calendar import NEW_YORK, is_open
from engine.market.simulated import character, simulate
from tests.watch.replay import (
    CORRUPT,
    FIRST,
    LAST,
    OUTAGE,
    Line,
    Replay,
    packaged,
    page,
    read_folder,
    trainings,
)

# Read at import: a fixture takes the variable away from every test.
FOLDER = os.environ.get("STOCKML_BARS", "")
SETTINGS = packaged()


def simulated(symbol: str) -> Bars:
    """The simulated bars of a symbol."""
    entry = SETTINGS.symbols[symbol]
    return simulate(symbol, character(symbol, entry.sector, entry.kind, 7), 7).tail(4500)


def no_loop(lines: list[Line]) -> None:
    """No symbol is trained twice for one reason within its wait, none on an open market, none on
    days without bars."""
    last: dict[tuple[str, str], datetime] = {}
    for line in trainings(lines):
        assert not is_open(line.at), line
        assert line.at.astimezone(NEW_YORK).date() not in OUTAGE, line
        for verdict in line.decision.fired:
            key = (line.decision.symbol, verdict.reason)
            wait = (
                timedelta(days=SETTINGS.watch.cooldown_days)
                if verdict.reason != "age"
                else timedelta(hours=20)
            )
            assert key not in last or line.at - last[key] >= wait, line
            last[key] = line.at


def test_a_replay_on_simulated_bars() -> None:
    """Ten weeks with an outage, a broken model and a holiday: the expected decisions, each with
    its reason."""
    replay = Replay(
        {name: simulated(name) for name in ("NVDA", "SPY")},
        SETTINGS,
        OUTAGE,
        {date(2024, 11, 6): "NVDA"},
    )
    lines = replay.run(date(2024, 9, 23), date(2024, 12, 1))
    no_loop(lines)
    told = {
        (f"{line.at.astimezone(NEW_YORK):%m-%d %H}", line.decision.symbol): line.decision
        for line in lines
    }

    assert PlannedAction.TRAIN is told["09-23 06", "NVDA"].action
    assert PlannedAction.NO_BARS is told["10-13 02", "SPY"].action
    assert PlannedAction.OUTAGE is told["10-15 06", "SPY"].action
    assert (PlannedAction.TRAIN, "age") == (
        told["10-21 06", "SPY"].action,
        told["10-21 06", "SPY"].reason,
    )
    assert (PlannedAction.TRAIN, "corrupt") == (
        told["11-06 06", "NVDA"].action,
        told["11-06 06", "NVDA"].reason,
    )
    sundays = [
        line
        for line in trainings(lines)
        if line.by == "auto-train" and line.decision.symbol == "SPY"
    ]
    assert 8 == len(sundays)
    assert all(line.decision.text for line in lines)
    assert any("corrupt" in row for row in page(lines))


@pytest.mark.skipif(not FOLDER, reason="STOCKML_BARS names no folder of SYM.csv files")
@pytest.mark.timeout(1800)
def test_a_replay_on_real_bars() -> None:
    """Fifteen months of 13 symbols: the decisions are those of docs/retraining.md."""
    lines = Replay(read_folder(Path(FOLDER)), SETTINGS, OUTAGE, CORRUPT).run(FIRST, LAST)
    no_loop(lines)
    by_reason = defaultdict(set)
    for line in trainings(lines):
        by_reason[line.decision.reason].add(
            (f"{line.at.astimezone(NEW_YORK):%Y-%m-%d %H}", line.decision.symbol)
        )

    assert ("2024-10-30 18", "SMCI") in by_reason["move"]
    assert ("2024-12-03 06", "NVDA") in by_reason["corrupt"]
    assert 13 == sum(when == "2024-10-21 06" for when, _ in by_reason["age"])
    assert not any(symbol == "SMR" for _, symbol in by_reason["mape"])
