"""An alert follows its model file in the order of what happened to it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.service import alarm
from engine.service.service import PredictionService
from engine.settings.load import load
from engine.watch.alerts import alert_list
from tests.fake_clock import FakeClock
from tests.helpers import new_home, wait_for
from tests.service.homes import NOW


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def test_the_last_refusal_decides_the_alert(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file mended and broken again during a delivery fires: one thread handles all in order."""
    sending, go_on = threading.Event(), threading.Event()
    threads = set()

    def slow(*_: object) -> str:
        threads.add(threading.current_thread())
        sending.set()
        assert go_on.wait(60)
        return ""

    monkeypatch.setattr(alarm, "deliver", slow)
    service = PredictionService(home, FakeClock(NOW), load(home, {}), fetching=False)
    service.start()
    try:
        service._report_refusal("NVDA", "broken")
        assert sending.wait(60)
        for words in ("", "broken again", "", "broken at last"):
            service._report_refusal("NVDA", words)
        go_on.set()
        wait_for(
            lambda: home.monitoring_log.read_text().count("[ALERT]") == 3, what="the last refusal"
        )
        wait_for(
            lambda: [alert.text for alert in alert_list(home, NOW)] == ["broken at last"],
            what="the alert",
        )
    finally:
        go_on.set()
        service.close()
    assert len(threads) == 1


@pytest.mark.parametrize(
    "fault", [OSError("no space"), ZeroDivisionError("a fault nobody foresaw")]
)
def test_an_alert_that_fails_stops_no_later_one(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: Exception,
) -> None:
    """The error is printed to stderr, and the next alert is kept."""
    faults = [fault]

    def fails_once(*_: object) -> str:
        if faults:
            raise faults.pop()
        return ""

    monkeypatch.setattr(alarm, "deliver", fails_once)
    alerts = alarm.Alarm(home, FakeClock(NOW))
    alerts.start()
    alerts.report(load(home, {}), "NVDA", "broken")
    alerts.report(load(home, {}), "TSLA", "broken")
    alerts.close()
    wait_for(
        lambda: {alert.symbol for alert in alert_list(home, NOW)} == {"NVDA", "TSLA"},
        what="both alerts",
    )
    assert str(fault) in capsys.readouterr().err
