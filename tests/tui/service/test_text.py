"""The service in words: every state has a mark and an advice, figures are the service's own,
what is missing is a dash."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.client.records import ServicePlace, ServiceReply, ServiceState
from engine.core.clock import iso
from engine.core.records import Level
from engine.service.records import Overview
from engine.settings.load import load
from engine.settings.schema import Settings
from tests.helpers import new_home
from tests.tui.fake_service import service_model, service_up
from tests.tui.scenes import NOW
from tui.service.marks import MARKS, title_rank, title_span
from tui.service.text import facts, model_row, page, verdict_notice
from tui.widgets.lines import plain

RUNS = ServicePlace(True, ("127.0.0.1", 8085), "http://127.0.0.1:8085, pid 4711")
STATES = {
    "off": ServiceState(ServicePlace(False)),
    "down": ServiceState(ServicePlace(False, None, RUNS.text)),
    "starting": ServiceState(ServicePlace(True)),
    "healthy": service_up().state,
    "degraded": ServiceState(
        RUNS,
        ServiceReply(
            206, 0.002, {"status": "degraded", "total": 13, "problems": ["SPY: no model", "x"]}
        ),
    ),
    "unhealthy": ServiceState(
        RUNS,
        ServiceReply(503, 0.002, {"status": "unhealthy", "total": 13, "problems": ["no model"]}),
    ),
    "silent": ServiceState(RUNS, ServiceReply(0, 1.0, {}, "no answer within 1 s")),
    "error": ServiceState(RUNS, ServiceReply(401, 0.01, {"detail": "a bearer token is needed"})),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(new_home(tmp_path / "home"), {})


def words(found: Overview, settings: Settings, width: int = 80) -> str:
    return "\n".join(plain(line) for line in page(found, settings, "/srv/my stocks", width))


def test_every_state_has_its_own_mark() -> None:
    """Eight states, eight words; what is wrong outlives what is well in a narrow title."""
    assert set(STATES) == set(MARKS)
    assert {STATES[word].word for word in STATES} == set(MARKS)
    assert len({title_span(word) for word in MARKS}) == len(MARKS)
    assert min(title_rank(word) for word in ("off", "healthy")) > max(
        title_rank(word) for word in MARKS if word not in ("off", "healthy")
    )
    assert title_span("") == ("", "")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (
            "off",
            [
                "No prediction service runs",
                "stockml serve --home '/srv/my stocks'",
                "schedule install serve",
                "8081",
            ],
        ),
        ("down", ["ended without a word", "http://127.0.0.1:8085, pid 4711", "stockml serve"]),
        ("starting", ["loads the models"]),
        ("degraded", ["SPY: no model (and 1 more)"]),
        ("unhealthy", ["no model"]),
        ("silent", ["gives no answer: no answer within 1 s", "kill 4711"]),
        ("error", ["a bearer token is needed"]),
    ],
)
def test_every_state_says_what_to_do(settings: Settings, word: str, said: list[str]) -> None:
    """The page of a state that is not well names the fault and the next step."""
    text = " ".join(words(Overview(STATES[word]), settings, 200).split())
    assert [each for each in said if each not in text] == []


def test_the_problem_of_the_chosen_symbol_is_read_in_full(settings: Settings) -> None:
    """Of many problems the one of the row under the cursor stands above, wherever it is in the
    list."""
    told = {
        "status": "degraded",
        "total": 13,
        "problems": ["bars end before 2026-10-20: SPY", "SPY: its file is gone", "MP: no model"],
    }
    found = Overview(ServiceState(RUNS, ServiceReply(206, 0.002, told)), stats=service_up().stats)
    first = [plain(page(found, settings, "/h", 80, chosen)[0]) for chosen in ("SPY", "NVDA", "")]
    assert first == [
        "SPY: its file is gone (and 2 more)",
        *["bars end before 2026-10-20: SPY (and 2 more)"] * 2,
    ]


def test_a_taken_port_is_told(settings: Settings) -> None:
    """Who has the port stands there before the command that would meet it."""
    text = words(
        Overview(STATES["off"], stranger="another program, which answers HTTP 404"), settings
    )
    assert text.index("taken by another program") < text.index("stockml serve")


def test_the_figures_are_the_services_own(settings: Settings) -> None:
    """Counts, pace and percentiles are those of its answer, predictions apart from all requests."""
    text = words(service_up(), settings)
    assert "requests 12345, 4.2/s over the last minute  errors 2  turned away 3" in text
    assert "latency p50 1.5 ms  p95 2.2 ms  p99 7.7 ms  predictions of the newest 2000" in text
    assert "latency p50 0.8 ms  p95 2.0 ms  p99 6.0 ms  all requests of the newest 2000" in text
    assert "cache 13 forecasts for 5m0s  hits 900 of 913  memory 70 MB  up 3h 10m" in text


def test_what_is_not_told_is_missing(settings: Settings) -> None:
    """An older service that knows no percentiles of predictions shows dashes, and no number of
    ours."""
    stats = {
        "requests": {"total": 3, "errors": None, "p50_ms": True},
        "cache": [],
        "time": "yesterday",
    }
    found = replace(service_up(), stats=stats)
    text = words(found, settings)
    assert "requests 3, -/s over the last minute  errors -  turned away -" in text
    assert text.count("p50 - ms  p95 - ms  p99 - ms") == 2
    assert "since" not in "".join(text for text, _ in facts(found))
    assert "it does not report metrics: late" in words(
        replace(found, stats={}, fault="late"), settings
    )


@pytest.mark.parametrize("word", STATES)
@pytest.mark.parametrize("width", [20, 80, 132])
def test_no_line_is_cut(settings: Settings, word: str, width: int) -> None:
    """Every line of the page fits the terminal;
    at 80 cells at most seven stand above the models of a service that answers."""
    found = replace(service_up(), state=STATES[word])
    lines = page(found, settings, "/srv/stockml", width)
    assert all(len(plain(line)) <= width for line in lines)
    if width == 80 and word in ("healthy", "degraded", "unhealthy"):
        assert len(lines) <= 7


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "SERVED"),
        ({"stale": True}, "STALE"),
        ({"stale": True, "refused": "it is damaged", "refusals": 2}, "REFUSED"),
        ({"state": "UNAVAILABLE", "problem": "no stored bars"}, "NONE"),
        ({"generation": None, "trained_at": None, "loaded_at": "x", "as_of": None}, "SERVED"),
    ],
)
def test_a_models_row(changes: dict[str, Any], state: str) -> None:
    """One word for what becomes of a request, the reason beside it, dashes for what is not
    there."""
    row = [text for text, _ in model_row({**service_model("NVDA"), **changes}, NOW)]
    assert (row[0], row[1]) == ("NVDA", state)
    assert row[-1] == str(changes.get("refused") or changes.get("problem") or "")
    if "trained_at" in changes:
        assert row[2:6] == ["-"] * 4
    else:
        assert row[3] == "2d"


def test_the_result_of_a_test_in_words(settings: Settings) -> None:
    """Status, latency, verdict and forecast in one sentence; a fault with its next step."""
    tree = {
        "current_price": 100.0,
        "predicted_price": 101.25,
        "confidence": 0.884,
        "p_up": 0.531,
        "trading_signal": "BUY",
        "target_session": "2026-10-22",
        "as_of": "2026-10-21",
        "source": "yahoo",
        "interval": {"low80": 98.0, "high80": 103.0},
        "generation": 4,
        "stale": True,
    }
    good = verdict_notice("NVDA", ServiceReply(200, 0.0041, tree), settings.resources)
    assert good.level is Level.OK
    assert good.text.startswith(
        "NVDA OK · HTTP 200 in 4.1 ms (WARN above 5 s, CRIT 10 s); BUY · 100.00 → 101.25 for"
        " 2026-10-22"
    )
    assert "generation 4 · bars of 2026-10-21 from yahoo · stale" in good.text
    slow = verdict_notice("NVDA", ServiceReply(200, 10.5, tree), settings.resources)
    assert (slow.level, slow.text.startswith("NVDA CRIT")) == (Level.CRIT, True)
    silent = verdict_notice(
        "NVDA", ServiceReply(0, 11.0, {}, "no answer within 11 s"), settings.resources
    )
    assert (silent.level, silent.text) == (
        Level.CRIT,
        "NVDA CRIT after 11 s: no answer within 11 s",
    )
    assert "stockml serve" in silent.hint


def test_the_title_of_the_screen_says_since_when() -> None:
    """The moment of the start is the service's time less its age."""
    since = NOW - timedelta(seconds=11_400)
    assert any(f"{since.astimezone():%Y-%m-%d %H:%M}" in text for text, _ in facts(service_up()))
    assert iso(NOW) == service_up().stats["time"]
