"""Samples of host and service."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message

from tests.tui.fake import FakeEngine
from tests.tui.fake_service import service_up
from tests.tui.scenes import trained_home
from tui.dashboard.pulse import EVERY_S, SAMPLES, PulseFeed, PulseRead, sample


def test_a_sample_has_the_figures_that_there_are() -> None:
    """Meters in percent, requests and latency of the service; what is no number is none."""
    taken = sample(trained_home(), {"per_second": 4.2, "errors": 2, "predictions": {"p95_ms": 3}})

    assert taken.meters == {"CPU": 61.2, "MEM": 43.0, "DISK": 82.4}
    assert (taken.requests, taken.p95_ms, taken.p50_ms, taken.errors) == (4.2, 3.0, None, 2.0)
    assert sample(None, {"predictions": "broken", "per_second": "x"}).requests is None


def test_fifteen_minutes_are_kept(tmp_path: Path) -> None:
    """The oldest sample goes, the schedule is read with the first one, errors are logged once."""
    engine = FakeEngine(tmp_path / "home", trained_home())
    engine.overview = service_up()
    published: list[Message] = []
    told: list[str] = []
    feed = PulseFeed(engine, trained_home, publish=published.append, log=told.append)
    for _ in range(SAMPLES + 3):
        assert feed._look() == EVERY_S
    newest = published[-1]
    assert isinstance(newest, PulseRead)
    assert len(newest.pulse.samples) == SAMPLES
    assert newest.pulse.samples[-1].p95_ms == 2.2
    assert newest.pulse.schedule is not None
    assert SAMPLES * EVERY_S == 15 * 60

    def broken() -> None:
        raise OSError("no room")

    feed = PulseFeed(engine, broken, publish=published.append, log=told.append)
    feed._look()
    feed._look()
    assert told == ["action=pulse error=OSError: no room"]
