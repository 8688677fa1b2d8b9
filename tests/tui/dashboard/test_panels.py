"""What the panels say: pure functions of a snapshot and the pulse."""

from __future__ import annotations

from dataclasses import replace

from engine.core.records import Level
from engine.core.snapshot import Cause, Snapshot, Subject
from tests.tui.scenes import (
    NOW,
    ended_run,
    row,
    snapshot,
    trained_home,
    training_home,
    watched_home,
)
from tui.dashboard.panels import PANELS, PanelContext
from tui.dashboard.pulse import Pulse, PulseSample
from tui.look.glyphs import UNICODE
from tui.widgets.lines import plain


def drawn(name: str, seen: Snapshot, pulse: Pulse = Pulse(), symbol: str = "NVDA") -> str:  # noqa: B008
    """The lines of a panel of 60x12."""
    place = next(place for place in PANELS if place.name == name)
    context = PanelContext(
        snapshot=seen,
        row=seen.row(symbol),
        pulse=pulse,
        width=60,
        height=12,
        now=NOW,
        glyphs=UNICODE,
    )
    return "\n".join(plain(spans) for spans in place.lines(context))


def test_the_price_has_tomorrows_range() -> None:
    """The 80 % range of the row stands behind the closes; without bars a sentence does."""
    text = drawn("price", trained_home())

    assert "99.22" in text
    assert "103.28" in text
    assert drawn("price", trained_home(), symbol="SMR") == "no stored session to draw"


def test_the_error_says_how_often_the_range_held() -> None:
    """Coverage in figures above the error against naive."""
    assert drawn("error", trained_home()).startswith("80 % range held 60 of 60 sessions, 100 %")


def test_lanes_while_something_trains() -> None:
    """A lane a symbol; in rest a word."""
    assert "AMZN" in drawn("lanes", training_home())
    assert drawn("lanes", trained_home()) == "nothing trains"


def test_earlier_runs_are_those_behind_the_newest() -> None:
    """The newest ended run has its own line in rest."""
    older = replace(ended_run(), reason="auto: age")
    text = drawn("earlier", snapshot((row("NVDA"),), runs=(ended_run(), older)))

    assert text.count("DONE") == 1
    assert "auto: age: 13 done" in text


def test_the_host_has_its_lowest_and_highest() -> None:
    """A sparkline a meter, requests where a service answers, room in words."""
    samples = tuple(
        PulseSample(meters={"CPU": cpu}, requests=1.0, p50_ms=2.0, p95_ms=cpu, errors=0, total=9)
        for cpu in (10.0, 80.0, 40.0)
    )
    text = drawn("host", trained_home(), Pulse(samples=samples))

    assert "10–80 %" in text
    assert "10.0–80.0 ms" in text
    assert "9 requests since its start, 0 errors" in text
    assert "8.1 GB free" in text


def test_alerts_come_before_warnings() -> None:
    """What rings, the symbols in trouble with their reason, the host."""
    disk = Cause(level=Level.WARN, subject=Subject.HOST, text="disk 96 %")
    broken = trained_home()
    text = drawn("alerts", replace(broken, alerts=watched_home().alerts, causes=(disk,)))

    assert text.index("prediction TSLA") < text.index("GOOGL FAILED") < text.index("disk 96 %")
    assert "line 33" in text
    assert drawn("alerts", snapshot((row("NVDA"),))) == "nothing rings"
