"""What Yahoo's two pages say of a symbol's reports."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from engine.market import report_child
from engine.market.report_child import answer_of, main
from engine.market.report_lookup import LookedUpDate, ReportAnswer
from engine.market.reports import ReportTime
from tests.helpers import ROOT

NOW = datetime(2025, 2, 24, 9, 35, tzinfo=UTC)
AFTER, BEFORE = ReportTime.AFTER, ReportTime.BEFORE
RECORDED = ROOT.parent / "shared" / "data" / "yahoo_recorded" / "calendar"
PAST = datetime(2025, 1, 30, 21, 30, tzinfo=UTC)
COMING = datetime(2025, 4, 30, 10, 59, tzinfo=UTC)


def events(*stamps: datetime, estimate: bool, call: datetime | None = None) -> dict[str, Any]:
    earnings = {
        "earningsDate": [int(stamp.timestamp()) for stamp in stamps],
        "earningsCallDate": [int(call.timestamp())] if call else [],
        "isEarningsDateEstimate": estimate,
    }
    return {"quoteSummary": {"result": [{"calendarEvents": {"earnings": earnings}}]}}


def said(*reports: tuple[date, ReportTime, bool]) -> ReportAnswer:
    return ReportAnswer(tuple(LookedUpDate(*report) for report in reports))


def test_a_range_is_an_estimate_and_the_call_a_release() -> None:
    """The hour of an estimate is a filler: the usual time of the symbol stands in."""
    body = events(COMING, datetime(2025, 5, 5, 12, tzinfo=UTC), estimate=True, call=PAST)

    assert answer_of([], body, NOW) == said(
        (date(2025, 1, 30), AFTER, False), (date(2025, 4, 30), AFTER, True)
    )


def test_a_single_day_without_the_mark_is_a_date() -> None:
    """Coming rows of the table have no mark: they are estimates unless the calendar confirms."""
    table = [(PAST, True), (COMING, False)]

    assert answer_of(table, {}, NOW) == said(
        (date(2025, 1, 30), AFTER, False), (date(2025, 4, 30), AFTER, True)
    )
    sure = events(COMING, estimate=False)
    assert answer_of(table, sure, NOW) == said(
        (date(2025, 1, 30), AFTER, False), (date(2025, 4, 30), BEFORE, False)
    )


@pytest.mark.parametrize("body", [{}, {"quoteSummary": None}, {"quoteSummary": {"result": []}}])
def test_nothing_is_no_answer(body: dict[str, Any]) -> None:
    """What says nothing leaves what was known."""
    assert answer_of([], body, NOW) is None


def test_an_etf_reports_nothing() -> None:
    """Yahoo's 404 says so."""
    error = {"code": "Not Found", "description": "No fundamentals data found for any"}
    body = {"quoteSummary": {"result": None, "error": error}}

    assert answer_of([], body, NOW) == ReportAnswer(none=True)


def test_one_line_a_symbol_and_none_for_what_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer of another shape, or none, leaves its symbol out; so does a text that is none."""
    bodies: dict[str, Any] = {
        "NVDA": events(COMING, estimate=False),
        "AAPL": {"quoteSummary": {"result": [{"calendarEvents": {"earnings": [1]}}]}},
        "TSLA": {},
    }
    monkeypatch.setattr(report_child, "_table", lambda _: [])
    monkeypatch.setattr(report_child, "_calendar", bodies.__getitem__)
    main(["NVDA", "AAPL", "TSLA", "../x"], NOW)

    (text,) = capsys.readouterr().out.splitlines()
    assert list(json.loads(text)) == ["NVDA"]


@pytest.mark.parametrize(
    ("symbol", "answer"),
    [
        ("AAPL", said((date(2025, 1, 30), AFTER, False), (date(2025, 4, 30), AFTER, True))),
        ("AMZN", said((date(2025, 2, 6), AFTER, False), (date(2025, 4, 28), AFTER, True))),
        ("GOOG", said((date(2025, 2, 4), AFTER, False), (date(2025, 4, 23), AFTER, True))),
        ("CRM", said((date(2025, 2, 26), AFTER, False))),
        ("QQQ", ReportAnswer(none=True)),
    ],
)
def test_recorded_answers(symbol: str, answer: ReportAnswer) -> None:
    """Five bodies of calendarEvents as Yahoo gave them."""
    path = RECORDED / f"quoteSummary-calendarEvents-{symbol}.json"
    if not path.exists():
        pytest.skip(f"no {path}")

    body = json.loads(path.read_text())["response"]["bodyJson"]
    assert answer_of([], body, NOW) == answer
