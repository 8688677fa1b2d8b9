"""Evaluation: which sessions a live model is scored on, and that each was stated as on its day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.core.clock import SystemClock
from engine.core.errors import ModelError, NoDataError
from engine.core.paths import Home
from engine.forecast import evaluate
from engine.forecast.evaluate import HELD_OUT, LIVE, LIVE_MIN, Evaluation, evaluate_symbol
from engine.forecast.features import WARMUP
from engine.forecast.fit import fit_symbol
from engine.forecast.inference import load_forecaster
from engine.market.bars import Bars, day
from engine.market.fetch import stored_bars
from engine.settings.load import load
from engine.settings.schema import Settings
from tests.forecast.samples import QUICK, write_csv
from tests.helpers import new_home
from tests.vault.files import read_model, write_model

MEMBERS = ("naive", "enhanced")
LATER = 30


@dataclass
class Live:
    """A home with a live model of NVDA that was trained LATER sessions before the newest bar."""

    home: Home
    folder: Path
    bars: dict[str, Bars]

    @property
    def settings(self) -> Settings:
        return load(self.home, {})

    @property
    def source(self) -> str:
        return f"csv:{self.folder}"

    def until(self, end: date) -> None:
        """Let the bars end on a day."""
        for name, bars in self.bars.items():
            write_csv(self.folder, bars.until(end), name)

    def evaluate(self) -> Evaluation:
        return evaluate_symbol(self.home, self.settings, "NVDA", SystemClock())


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    root = tmp_path_factory.mktemp("evaluate")
    home = new_home(root / "home", market__simulated_sessions=480, training__holdout_sessions=60)
    settings = load(home, {})
    bars = {
        name: stored_bars(home, settings, "simulated", name, SystemClock())
        for name in ("NVDA", "SPY")
    }
    found = Live(home, root / "bars", bars)
    found.until(day(bars["NVDA"].dates[-1 - LATER]))
    seen = {name: stored_bars(home, settings, found.source, name, SystemClock()) for name in bars}
    candidate = fit_symbol(seen["NVDA"], {"SPY": seen["SPY"]}, settings, MEMBERS, QUICK)
    home.models.mkdir(parents=True)
    manifest = candidate.manifest("2024-08-01T00:00:00Z", generation=1)
    write_model(home.model("NVDA"), manifest, candidate.layers, candidate.arrays)
    yield found


@pytest.mark.parametrize(
    ("later", "part"), [(LATER, LIVE), (LIVE_MIN, LIVE), (LIVE_MIN - 1, HELD_OUT), (0, HELD_OUT)]
)
def test_later_sessions_are_scored_once_there_are_enough(live: Live, later: int, part: str) -> None:
    """From 20 sessions after the last training bar those alone count;
    before, the held-out ones, and the reason says so."""
    dates = live.bars["NVDA"].dates
    live.until(day(dates[-1 - LATER + later]))
    found = live.evaluate()
    assert (found.part, len(found.record)) == (part, later if part == LIVE else 60)
    last_bar = np.datetime64(found.model.last_bar)
    assert (
        (found.record.dates > last_bar).all()
        if part == LIVE
        else (found.record.dates <= last_bar).all()
    )
    assert ("needed" in found.why) == (part == HELD_OUT)


def test_later_sessions_without_the_bars_before_them_are_not_called_absent(live: Live) -> None:
    """Bars that begin late: thirty later sessions, five with a whole window before them;
    the held-out ones count, and why."""
    for name, bars in live.bars.items():
        write_csv(live.folder, bars.tail(WARMUP + QUICK.sequence_length + 5), name)
    found = live.evaluate()
    assert found.part == HELD_OUT
    assert found.why.startswith(
        f"only 5 of the {LATER} sessions after its last training bar have the bars before them"
    )


def test_every_session_is_stated_as_predict_did_on_its_day(live: Live) -> None:
    """Forecast, intervals and chances equal those that the forecaster gives when the bars end
    the day before."""
    live.until(live.bars["NVDA"].last_date)
    found, forecaster = live.evaluate(), load_forecaster(read_model(live.home.model("NVDA")))
    bars = {
        name: stored_bars(live.home, live.settings, live.source, name, SystemClock())
        for name in live.bars
    }
    for at in (0, 1, 17, LATER - 1):
        end = day(bars["NVDA"].dates[-1 - LATER + at])
        told = forecaster.forecast(bars["NVDA"].until(end), {"SPY": bars["SPY"].until(end)})
        before, record = found.before[at], found.record
        assert told.last_close == before
        assert told.next_close == before * np.exp(record.forecast[at])
        assert told.low80 == pytest.approx(
            before * np.exp(record.forecast[at] - record.half80[at]), rel=1e-12
        )
        assert told.high95 == pytest.approx(
            before * np.exp(record.forecast[at] + record.half95[at]), rel=1e-12
        )
        assert (told.confidence, told.p_up) == (
            100.0 * record.confidence[at],
            100.0 * record.p_up[at],
        )


def test_without_bars_the_held_out_sessions_are_shown_as_an_index(
    live: Live, tmp_path: Path
) -> None:
    """A source without the symbol leaves the file's own record;
    its closes are an index from 100, and that is said."""
    found = evaluate_symbol(live.home, live.settings, "NVDA", SystemClock(), f"csv:{tmp_path}")
    assert (found.part, found.indexed, found.before[0]) == (HELD_OUT, True, 100.0)
    assert "no NVDA.csv" in found.why
    np.testing.assert_allclose(
        found.before[1:], 100.0 * np.exp(np.cumsum(found.record.target)[:-1])
    )


def test_a_model_that_is_missing_or_broken_does_not_stop_the_others(live: Live) -> None:
    """TSLA has no model and MSFT a broken one: both are told beside NVDA's figures."""
    live.home.model("MSFT").write_bytes(live.home.model("NVDA").read_bytes()[:3000])
    found = evaluate.evaluate(live.home, live.settings, ["NVDA", "TSLA", "MSFT"], SystemClock())
    assert isinstance(found["NVDA"], Evaluation)
    assert isinstance(found["TSLA"], NoDataError)
    assert isinstance(found["MSFT"], ModelError)
    live.home.model("MSFT").unlink()
