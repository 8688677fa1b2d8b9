"""The guard: first models pass, worse ones do not, and only sessions both held out count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.forecast.fit import Candidate, fit_symbol
from engine.forecast.guard import compare, judge, relative_loss
from engine.forecast.record import ForecastRecord, metrics_of
from tests.forecast.samples import QUICK, flat, settings, walk
from tests.vault.files import read_model, write_model

SETTINGS = settings(holdout_sessions=60)


@pytest.fixture(scope="module")
def candidate() -> Iterator[Candidate]:
    yield fit_symbol(walk(420), {}, SETTINGS, ("naive", "enhanced"), QUICK)


def guess(record: ForecastRecord, share: float) -> ForecastRecord:
    """The same sessions, forecast by somebody who knows `share` of each outcome."""
    return replace(record, forecast=share * record.target)


def test_a_first_model_is_published_with_its_ratio(candidate: Candidate) -> None:
    """Nothing to compare with: published, its MASE beside naive's in the reason."""
    found = judge(candidate, None, SETTINGS)
    assert found.publish
    assert found.champion_metrics is None
    assert (
        f"MASE {candidate.metrics.mase:.3f} on 60 held-out sessions (naive 1.000)" in found.reason
    )


def test_a_worse_challenger_is_refused(candidate: Candidate) -> None:
    """A champion that knew a tenth of every move stays, and both figures are told."""
    champion = guess(candidate.record, 0.1)
    found = compare(candidate, champion, SETTINGS)
    assert not found.publish
    assert found.champion_metrics == metrics_of(champion)
    assert found.ratio is not None
    assert "worse by more than 2 %" in found.reason


def test_a_worse_distribution_is_refused_beyond_noise(candidate: Candidate) -> None:
    """Intervals a third wider than the champion's, on the same forecasts: worse each day. A few
    wild days alone are noise."""
    record = candidate.record
    wide = {name: 1.35 * getattr(record, name) for name in ("half80", "half95", "crps")}
    worse = replace(candidate, record=replace(record, **wide))
    found = compare(worse, record, SETTINGS)
    assert not found.publish
    assert found.ratio is not None
    assert found.ratio > SETTINGS.thresholds.guard_ratio
    assert "beyond noise" in found.reason

    unlucky = np.where(np.arange(len(record)) == 7, 25.0, 1.0) * record.crps
    lucky = compare(replace(candidate, record=replace(record, crps=unlucky)), record, SETTINGS)
    assert lucky.publish
    assert lucky.ratio is not None
    assert lucky.ratio > SETTINGS.thresholds.guard_ratio


def test_a_mase_far_above_naive_is_refused_whatever_the_rest_says(candidate: Candidate) -> None:
    """Forecasts that run away lose to naive, though the champion's are as bad."""
    away = replace(candidate.record, forecast=-0.2 * candidate.record.target)
    found = compare(replace(candidate, record=away), away, SETTINGS)

    assert not found.publish
    assert "above 1.05" in found.reason


def test_a_champion_of_the_old_scale_is_compared_by_its_intervals(candidate: Candidate) -> None:
    """A record of 0.1.0 has no CRPS: its own half widths are scored."""
    unknown = np.full(len(candidate.record), np.nan)
    old = replace(candidate.record, crps=unknown)
    assert compare(candidate, old, SETTINGS).ratio == 1.0
    narrow = replace(
        old, half80=0.75 * candidate.record.half80, half95=0.75 * candidate.record.half95
    )
    assert relative_loss(candidate.record, narrow)[0] != 1.0


def test_a_challenger_as_good_or_within_the_guard_is_published(candidate: Candidate) -> None:
    """Equal, better, and worse by one percent: published."""
    for share in (0.0, -0.2, 0.01):
        assert compare(candidate, guess(candidate.record, share), SETTINGS).publish
    assert compare(candidate, candidate.record, SETTINGS).ratio == 1.0


def test_only_sessions_that_both_held_out_count(candidate: Candidate) -> None:
    """A champion of ten sessions ago is compared on the fifty that both have, on the dates
    themselves."""
    shifted = candidate.record.on(candidate.record.dates[:50])
    found = compare(candidate, guess(shifted, 0.2), SETTINGS)
    assert (found.publish, found.sessions, found.candidate_metrics.n_scored) == (False, 50, 50)


def test_the_champions_other_sessions_do_not_count(candidate: Candidate) -> None:
    """Thirty older sessions on which the champion was perfect, and the challenger perhaps
    fitted, change no figure."""
    common = guess(candidate.record.on(candidate.record.dates[:50]), 0.0)
    older = {
        name: np.concatenate([values[:30], values]) for name, values in common.arrays().items()
    }
    dates = np.concatenate([common.dates[0] - np.arange(30, 0, -1), common.dates])
    champion = ForecastRecord.load(
        {
            **older,
            "dates": dates,
            "forecast": np.concatenate([older["target"][:30], common.forecast]),
        }
    )
    found = compare(candidate, champion, SETTINGS)
    assert found == compare(candidate, common, SETTINGS)
    assert (found.publish, found.sessions) == (True, 50)


def test_too_few_common_sessions_publish_and_say_why(candidate: Candidate) -> None:
    """39 sessions in common are not enough, whatever the figures."""
    few = candidate.record.on(candidate.record.dates[:39])
    found = compare(candidate, guess(few, 0.9), SETTINGS)
    assert found.publish
    assert "only 39 sessions" in found.reason


def test_other_bars_are_not_compared(candidate: Candidate) -> None:
    """A champion scored on other outcomes of the same dates proves nothing about this one."""
    other = replace(candidate.record, target=candidate.record.target + 0.01)
    found = compare(candidate, guess(other, 0.9), SETTINGS)
    assert found.publish
    assert "other bars" in found.reason


def test_a_corrected_bar_favours_nobody(candidate: Candidate) -> None:
    """Where the source corrected a session since, both are scored on the corrected outcome."""
    corrected = replace(
        candidate.record, target=np.where(np.arange(60) == 3, 0.5, candidate.record.target)
    )
    assert compare(candidate, corrected, SETTINGS).ratio == 1.0


def test_a_series_that_never_moves_is_published(candidate: Candidate) -> None:
    """No MASE on a constant series: published with the reason, not divided by 0."""
    still = fit_symbol(flat(420), {}, SETTINGS, ("naive", "enhanced"), QUICK)
    assert "nothing to compare" in compare(still, still.record, SETTINGS).reason


def test_the_champion_is_read_from_its_file(candidate: Candidate, tmp_path: Path) -> None:
    """Written and read again, the live model is judged by its own held-out record;
    one without a record cannot be."""
    path = tmp_path / "abc_lstm_model.h5"
    write_model(
        path, candidate.manifest("2024-08-01T00:00:00Z"), candidate.layers, candidate.arrays
    )
    found = judge(candidate, read_model(path), SETTINGS)
    assert (found.publish, found.ratio, found.sessions) == (True, 1.0, 60)
    bare = {
        name: array for name, array in candidate.arrays.items() if not name.startswith("record/")
    }
    write_model(path, candidate.manifest("2024-08-01T00:00:00Z"), candidate.layers, bare)
    assert "kept no held-out forecasts" in judge(candidate, read_model(path), SETTINGS).reason
