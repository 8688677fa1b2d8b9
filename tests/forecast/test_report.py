"""The report: figures that add up, and a page that needs nothing beside it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from engine.core.clock import SystemClock
from engine.core.errors import ModelError, StockmlError
from engine.core.paths import Home
from engine.core.records import Metrics, ModelInfo
from engine.forecast import report
from engine.forecast.evaluate import HELD_OUT, LIVE, Evaluation
from engine.forecast.metrics import relative_errors
from engine.forecast.record import Record
from engine.forecast.report import document, markdown, write_report

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


def scored(
    symbol: str, count: int = 60, seed: int = 1, source: str = "yahoo", why: str = "because"
) -> Evaluation:
    """An evaluation of random sessions."""
    draw = np.random.default_rng(seed)
    target, forecast = 0.02 * draw.standard_normal(count), 0.001 * draw.standard_normal(count)
    half = np.full(count, 0.03)
    confidence, up = draw.uniform(0.5, 1.0, count), draw.uniform(0.4, 0.6, count)
    members = {"naive": np.zeros(count), "enhanced": 2.0 * forecast}
    dates = np.datetime64("2026-06-01", "D") + np.arange(count)
    record = Record(dates, forecast, target, half / 2, half, 2.0 * half, confidence, up, members)
    weights = (("naive", 0.6), ("enhanced", 0.4))
    days = ("2020-01-02", "2026-05-29")
    model = ModelInfo(
        symbol, 3, "ab" * 32, NOW, 9000, source, *days, 1500, "manual", "run-1", Metrics(), weights
    )
    before = 100.0 * np.exp(np.cumsum(target) - target)
    return Evaluation(model, source, LIVE, why, record, before, False, 0.05)


FOUND: dict[str, Evaluation | StockmlError] = {"NVDA": scored("NVDA"), "SPY": scored("SPY", 40, 2)}


def test_pooled_figures_are_over_symbol_sessions() -> None:
    """The pooled row is that of all sessions together, not a mean of means;
    n, coverage and kept are counted."""
    tree = document(FOUND, SystemClock())
    each = [found.record for found in FOUND.values() if isinstance(found, Evaluation)]
    target, forecast = (
        np.concatenate([getattr(record, name) for record in each])
        for name in ("target", "forecast")
    )
    ours = tree["pooled"]["rows"]["ensemble"]
    assert tree["pooled"]["n"] == 100
    errors, naive = relative_errors(forecast, target), relative_errors(np.zeros(100), target)
    assert ours["mase"] == pytest.approx(errors.mean() / naive.mean())
    assert ours["kept"] == pytest.approx(100.0 * np.mean(errors <= 0.05))
    assert ours["coverage80"] == pytest.approx(100.0 * np.mean(np.abs(target - forecast) <= 0.03))
    assert tree["pooled"]["rows"]["naive"]["mase"] == 1.0
    assert tree["pooled"]["rows"]["always_up"]["direction"] == pytest.approx(
        100.0 * np.mean(target > 0)
    )
    assert sum(each["n"] for each in tree["pooled"]["reliability"]["confidence"]) == 100


def test_the_figures_tell_a_good_forecaster_from_a_bad_one() -> None:
    """Somebody who knows half of each move has a MASE near one half and calls every direction
    right."""
    found = scored("NVDA")
    knowing = replace(found, record=replace(found.record, forecast=0.5 * found.record.target))
    ours = document({"NVDA": knowing}, SystemClock())["symbols"][0]["rows"]["ensemble"]
    assert ours["mase"] == pytest.approx(0.5, abs=0.02)
    assert ours["direction"] == 100.0


class Reader(HTMLParser):
    """What a page would load or run, and how its tags nest."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            f"{name}={value}"
            for name, value in attrs
            if name in ("src", "href", "xlink:href", "data", "srcset")
        ]
        self.loads += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hostile = scored("NVDA", source="simulated", why="<script>alert(1)</script>\x1b[2J")
    broken = ModelError("NVDA <b>broken</b>", "train it again")
    found: dict[str, Evaluation | StockmlError] = {
        "NVDA": hostile,
        "SPY": scored("SPY", 40, 2),
        "TSLA": broken,
    }
    return write_report(
        Home(tmp_path_factory.mktemp("home")), found, document(found, SystemClock()), NOW
    )


def test_the_page_needs_nothing_beside_it(folder: Path) -> None:
    """Every link stays inside the page, nothing runs, and each symbol has its chart beside
    reliability and weights."""
    text = (folder / "report.html").read_text()
    reader = Reader()
    reader.feed(text)
    assert [link for link in reader.loads if not link.startswith("xlink:href=#")] == []
    assert "url(http" not in text
    assert not {"script", "iframe", "object", "link", "img"} & set(reader.tags)
    assert reader.tags.count("svg") == 4
    assert "<?xml" not in text
    assert "<!DOCTYPE svg" not in text
    charts = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert any("forecast against actual" in chart and "80 % interval" in chart for chart in charts)
    assert any("Reliability" in chart for chart in charts)
    assert any("Weights" in chart and "enhanced" in chart for chart in charts)


def test_simulated_figures_are_marked_and_hostile_text_is_harmless(folder: Path) -> None:
    """SIMULATED stands in page, table and chart; text from outside is escaped and cleaned."""
    text, plain = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    assert "SIMULATED: not real prices" in text
    assert "NVDA (SIMULATED): forecast against actual" in text
    assert "**SIMULATED: not real prices.**" in plain
    assert "&lt;script&gt;" in text
    assert "&lt;b&gt;broken" in text
    assert "\x1b" not in text + plain


def test_the_json_holds_every_session(folder: Path) -> None:
    """Each session carries what was stated and what came, with the intervals nested around the
    forecast."""
    tree = json.loads((folder / "evaluation.json").read_text())
    assert tree["simulated"] is True
    nvda = tree["symbols"][0]
    assert (nvda["symbol"], nvda["n"], len(nvda["sessions"]), nvda["part"]) == (
        "NVDA",
        60,
        60,
        "live",
    )
    assert all(
        each["low95"] < each["low80"] < each["forecast"] < each["high80"] < each["high95"]
        and each["actual"] > 0
        for each in nvda["sessions"]
    )
    assert tree["problems"][0]["symbol"] == "TSLA"


def test_markdown_has_one_line_a_symbol_and_the_pooled_one() -> None:
    """The table is whole: as many cells as heads in each line."""
    lines = [
        line
        for line in markdown(document(FOUND, SystemClock())).splitlines()
        if line.startswith("| ")
    ]
    assert [line.split()[1] for line in lines[2:]] == ["NVDA", "SPY", "pooled"]
    assert {line.count("|") for line in lines} == {len(report.HEADS) + 1}


def test_two_reports_of_one_second_stand_side_by_side(tmp_path: Path) -> None:
    """Neither overwrites the other."""
    found: dict[str, Evaluation | StockmlError] = {"NVDA": replace(scored("NVDA"), part=HELD_OUT)}
    tree = document(found, SystemClock())
    first, second = (write_report(Home(tmp_path), found, tree, NOW) for _ in range(2))
    assert second.name == f"{first.name}_2"
    assert sorted(path.name for path in Home(tmp_path).evaluations.iterdir()) == [
        first.name,
        second.name,
    ]


def test_a_report_that_cannot_be_finished_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk half-way leaves no folder that looks like a report."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "write_atomic", full)
    with pytest.raises(OSError, match="No space"):
        write_report(Home(tmp_path), FOUND, document(FOUND, SystemClock()), NOW)
    assert list(Home(tmp_path).evaluations.iterdir()) == []


def test_a_series_that_never_moves_has_no_ratio() -> None:
    """No error, no MASE, no direction: shown as absent, and the page is drawn all the same."""
    found = scored("NVDA")
    still = replace(found, record=replace(found.record, target=np.zeros(60), forecast=np.zeros(60)))
    tree = document({"NVDA": still}, SystemClock())
    assert tree["symbols"][0]["rows"]["ensemble"]["mase"] is None
    assert report.cells(tree["symbols"][0])[7:9] == ("-", "-")
    from engine.forecast.page import page

    assert "<svg" in page([still], tree)
