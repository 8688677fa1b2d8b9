"""Doubts and age of the bars over HTTP."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from engine.client.records import ServiceReply
from engine.core.errors import RefusedError
from engine.core.history import reading
from engine.market.calendar import next_session, session_close
from engine.market.store import BarStore
from engine.service.verdict import answer_lines, response_error
from engine.watch.schema import SCHEMA
from tests.fake_clock import FakeClock
from tests.market.walks import scaled, standing_still
from tests.service.homes import NOW, bars_of, build_home, serving
from tests.service.schema import answer_faults

PREDICT = "/api/v1/predict/{symbol}"


def later(sessions: int) -> datetime:
    """The evening of the session so many after the last complete one before NOW."""
    day = NOW.date()
    for _ in range(sessions - 1):
        day = next_session(day)
    return session_close(day).replace(hour=23)


def test_age_and_doubts_are_in_the_answer(tmp_path: Path) -> None:
    """126 complete sessions after the last bar the answer says so; a doubt stands beside it."""
    home = build_home(tmp_path / "home")
    bars = bars_of(home, "NVDA")
    BarStore(home).write(scaled(bars, slice(0, 200), 4.0, 0.25))
    with serving(home, FakeClock(later(126))) as served:
        heard = served.ask("/api/v1/predict/NVDA")
        clean = served.get("/api/v1/predict/TSLA")
    assert answer_faults(PREDICT, "GET", 200, heard.headers["content-type"], heard.body) == []
    assert (heard.tree["bars_behind"], heard.tree["stale"]) == (126, True)
    (doubt,) = heard.tree["doubts"]
    assert (doubt["kind"], doubt["date"]) == ("unadjusted-jump", str(bars.dates[200]))
    assert clean["doubts"] == []
    words = answer_lines(ServiceReply(200, 0.1, heard.tree))[1]
    assert "bars end 126 sessions ago, doubt: the close of" in words


def test_a_withheld_forecast_is_409(tmp_path: Path) -> None:
    """A dead feed: 409 with reason and doubts for one symbol, its place among the errors of many,
    nothing in the ledger; the others are answered."""
    home = build_home(tmp_path / "home")
    BarStore(home).write(standing_still(bars_of(home, "NVDA"), 20, 0.0))
    with serving(home) as served:
        heard = served.ask("/api/v1/predict/NVDA")
        many = served.get("/api/v1/predict?symbols=NVDA,TSLA")
        alone = served.ask("/api/v1/predict?symbols=NVDA")
    media = heard.headers["content-type"]
    assert answer_faults(PREDICT, "GET", 409, media, heard.body) == []
    assert (heard.status, heard.tree["type"]) == (409, "urn:stockml:problem:withheld")
    assert "the feed stands still since" in heard.tree["error"]
    assert [doubt["kind"] for doubt in heard.tree["doubts"]] == ["flat-tail"]
    assert [each["symbol"] for each in many["predictions"]] == ["TSLA"]
    assert [(each["symbol"], each["status"]) for each in many["errors"]] == [("NVDA", 409)]
    assert alone.status == 409
    reply = ServiceReply(409, 0.1, heard.tree, heard.tree["error"])
    assert isinstance(response_error(reply), RefusedError)
    with reading(home, SCHEMA) as connection:
        assert connection is not None
        kept = connection.execute("SELECT DISTINCT symbol FROM watch_predictions").fetchall()
    assert kept == [("TSLA",)]
