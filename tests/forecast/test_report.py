"""The report: figures that add up, and a page that needs nothing beside it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from engine.core.clock import SystemClock
from engine.core.errors import ModelError, StockmlError
from engine.core.paths import Home
from engine.forecast import report
from engine.forecast.evaluate import HELD_OUT, Evaluation
from engine.forecast.evaluation_document import document
from engine.forecast.page import page
from engine.forecast.report import markdown, write_report
from engine.forecast.report_table import HEADS, cells_of
from tests.forecast.evaluations import EVALUATIONS, NOW, evaluation


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
    hostile = evaluation("NVDA", source="simulated", why="<script>alert(1)</script>\x1b[2J")
    broken = ModelError("NVDA <b>broken</b>", "train it again")
    evaluations: dict[str, Evaluation | StockmlError] = {
        "NVDA": hostile,
        "SPY": evaluation("SPY", 40, 2),
        "TSLA": broken,
    }
    return write_report(
        Home(tmp_path_factory.mktemp("home")),
        evaluations,
        document(evaluations, SystemClock()),
        NOW,
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


def test_each_chart_is_said_in_words(folder: Path) -> None:
    """A title that a pointer shows and a reader for the blind reads, with the figures."""
    text = (folder / "report.html").read_text()
    titles = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"><title>([^<]+)</title>', text)
    assert len(titles) == 4
    assert all(label == title for label, title in titles)
    spy = next(title for _, title in titles if title.startswith("SPY"))
    assert re.search(r"of 40 sessions, mean error \d\.\d\d % \(naive \d\.\d\d %\); \d+ % of", spy)


def test_the_page_decides_about_light_and_dark(folder: Path) -> None:
    """No chart has a black or white of its own; a narrow page shows each figure with its head."""
    text = (folder / "report.html").read_text()
    charts = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert not re.search("#(000000|ffffff)", charts, re.IGNORECASE)
    assert "var(--ink)" in charts
    assert '<td class="number" data-head="MASE">' in text


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
        for line in markdown(document(EVALUATIONS, SystemClock())).splitlines()
        if line.startswith("| ")
    ]
    assert [line.split()[1] for line in lines[2:]] == ["NVDA", "SPY", "pooled"]
    assert {line.count("|") for line in lines} == {len(HEADS) + 1}


def test_two_reports_of_one_second_get_folders_of_their_own(tmp_path: Path) -> None:
    """Neither overwrites the other."""
    evaluations: dict[str, Evaluation | StockmlError] = {
        "NVDA": replace(evaluation("NVDA"), part=HELD_OUT)
    }
    tree = document(evaluations, SystemClock())
    first, second = (write_report(Home(tmp_path), evaluations, tree, NOW) for _ in range(2))
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
        write_report(Home(tmp_path), EVALUATIONS, document(EVALUATIONS, SystemClock()), NOW)
    assert list(Home(tmp_path).evaluations.iterdir()) == []


def test_a_series_that_never_moves_has_no_ratio() -> None:
    """No error, no MASE, no direction: shown as absent, and the page is drawn all the same."""
    moving = evaluation("NVDA")
    record = replace(moving.record, target=np.zeros(60), forecast=np.zeros(60))
    still = replace(moving, record=record)
    tree = document({"NVDA": still}, SystemClock())
    assert tree["symbols"][0]["rows"]["ensemble"]["mase"] is None
    assert cells_of(tree["symbols"][0])[7:9] == ("-", "-")
    assert "<svg" in page([still], tree)
