"""The real yfinance code against a fake session: what we make of every kind of answer."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.market import yahoo
from engine.market.bars import Bars, data_hash
from engine.market.fetch import fetch_bars, stored_bars
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market import fake_yahoo as fake

LAST = date(2024, 6, 14)
NOW = datetime(2024, 6, 15, 12, 0, tzinfo=UTC)
DAYS = fake.sessions(LAST, 60)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that waits for nothing between requests."""
    return new_home(tmp_path / "home", market__request_spacing_s=0, market__request_tries=3)


def ask(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    session: fake.FakeSession,
    now: datetime = NOW,
    symbol: str = "NVDA",
) -> Bars:
    monkeypatch.setattr(yahoo, "session", lambda: session)
    return fetch_bars(home, load(home, {}), "yahoo", symbol, FakeClock(now))


def test_a_good_answer_becomes_bars_and_is_stored(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good answer gives unadjusted bars of every session, and the store gives the same ones
    without the network."""
    session = fake.FakeSession(fake.chart(DAYS, dividends={DAYS[30]: 0.04}))
    bars = ask(home, monkeypatch, session)
    assert bars.dates.tolist() == DAYS
    assert bars.close.tolist() == [fake.price(day) for day in DAYS]
    assert bars.dividends == ((DAYS[30], 0.04),)
    assert (bars.fetched_at, bars.warnings) == (NOW, ())
    assert len(session.charts) == 1
    kept = stored_bars(home, load(home, {}), "yahoo", "NVDA", FakeClock(NOW))
    assert (data_hash(kept), kept.dividends, kept.fetched_at) == (
        data_hash(bars),
        bars.dividends,
        NOW,
    )


def test_a_second_fetch_asks_for_the_newest_sessions_only(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With bars in the store the last five sessions and what came after are asked, and the
    series grows by the new one."""
    ask(
        home,
        monkeypatch,
        fake.FakeSession(fake.chart(DAYS[:-1])),
        datetime(2024, 6, 14, 1, tzinfo=UTC),
    )
    session = fake.FakeSession(fake.chart(DAYS))
    bars = ask(home, monkeypatch, session)
    assert bars.dates.tolist() == DAYS
    assert len(session.charts) == 1
    assert datetime.fromtimestamp(session.charts[0]["period1"], UTC).date() == DAYS[-6]


def test_the_unfinished_bar_of_today_is_dropped(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bar of the open session is dropped in words and not stored; once settled it is kept."""
    session = fake.FakeSession(fake.chart(DAYS))
    during = ask(home, monkeypatch, session, datetime(2024, 6, 14, 18, 0, tzinfo=UTC))
    assert during.last_date == DAYS[-2]
    assert any("unfinished" in warning and "2024-06-14" in warning for warning in during.warnings)
    settled = ask(home, monkeypatch, session, datetime(2024, 6, 14, 20, 30, tzinfo=UTC))
    assert (settled.last_date, settled.warnings) == (LAST, ())


def test_a_split_fetches_the_whole_series_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A split the store does not know re-bases every stored bar, so none of the old base is
    left."""
    ask(
        home,
        monkeypatch,
        fake.FakeSession(fake.chart(DAYS[:-1])),
        datetime(2024, 6, 14, 1, tzinfo=UTC),
    )
    session = fake.FakeSession(fake.chart(DAYS, scale=0.1, splits={LAST: 10.0}))
    bars = ask(home, monkeypatch, session)
    assert bars.close == pytest.approx([0.1 * fake.price(day) for day in DAYS])
    assert bars.splits == ((LAST, 10.0),)
    assert len(session.charts) == 2
    again = fake.FakeSession(fake.chart(DAYS, scale=0.1, splits={LAST: 10.0}))
    assert data_hash(ask(home, monkeypatch, again)) == data_hash(bars)
    assert again.charts == [], "every session is stored"


def test_a_rate_limit_is_retried(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 429 is followed by another try, and the answer then counts."""
    # yfinance itself sends one refused request twice.
    session = fake.FakeSession(fake.rate_limited, fake.rate_limited, fake.chart(DAYS))
    assert ask(home, monkeypatch, session).last_date == LAST


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (fake.rate_limited, "429"),
        (fake.timed_out, "could not be reached"),
        (
            fake.no_name,
            r"reached \(ConnectionError: Could not resolve host: yahoo.example\); none are stored",
        ),
        (fake.down_page, "CURRENTLY DOWN"),
        (fake.server_error, "cannot be read"),
        (fake.nothing, "no price data"),
        (fake.unknown_symbol, r"refused or changed.*no bars of any symbol \(No data found\)"),
    ],
)
def test_without_bars_every_failure_is_no_data(
    answer: fake.Answer, words: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of failure without stored bars is exit 4 in its own words, with the next step
    and no escape code."""
    with pytest.raises(NoDataError, match=words) as caught:
        ask(home, monkeypatch, fake.FakeSession(answer))
    assert caught.value.exit_code == 4
    assert "--source csv:DIR" in caught.value.hint
    assert "stockml demo" in caught.value.hint
    assert "\x1b" not in str(caught.value)
    assert not (home.market / "simulated").exists()


@pytest.mark.parametrize(
    "answer",
    [
        fake.rate_limited,
        fake.timed_out,
        fake.down_page,
        fake.server_error,
        fake.nothing,
        fake.unknown_symbol,
    ],
)
def test_stored_bars_stand_in_with_their_age(
    answer: fake.Answer, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With stored bars the same failures serve them unchanged, and a warning tells their age and
    what is missing."""
    good = ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)))
    bars = ask(
        home, monkeypatch, fake.FakeSession(answer), datetime(2024, 6, 18, 12, 30, tzinfo=UTC)
    )
    assert data_hash(bars) == data_hash(good)
    assert "3 days ago" in bars.warnings[0]
    assert any("2024-06-17" in warning and "missing" in warning for warning in bars.warnings)
    assert bars.fetched_at == NOW


def test_a_failed_source_is_paused_for_a_while(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """After all tries failed the next symbol asks nothing; a minute later one try decides;
    an answer ends the pause."""
    first = fake.FakeSession(fake.timed_out)
    with pytest.raises(NoDataError):
        ask(home, monkeypatch, first)
    assert len(first.charts) == 3
    second = fake.FakeSession(fake.timed_out)
    with pytest.raises(NoDataError, match="moments ago"):
        ask(home, monkeypatch, second, fake.after(NOW, 0.01), "AAPL")
    assert second.charts == []
    with pytest.raises(NoDataError):
        ask(home, monkeypatch, second, fake.after(NOW, 0.1), "AAPL")
    assert len(second.charts) == 1
    assert (
        ask(
            home, monkeypatch, fake.FakeSession(fake.chart(DAYS)), fake.after(NOW, 0.2), "AAPL"
        ).last_date
        == LAST
    )


def test_null_rows_are_missing_sessions(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that Yahoo leaves empty, whole or in part, are named as missing;
    nothing is computed over the hole."""
    rows: dict[date, list[float | None]] = {
        DAYS[20]: [None] * 5,
        DAYS[25]: [1.0, 2.0, 0.5, None, 100.0],
    }
    bars = ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS, rows=rows)))
    assert len(bars) == len(DAYS) - 2
    assert any(str(DAYS[20]) in warning and str(DAYS[25]) in warning for warning in bars.warnings)


def test_a_stored_bar_fills_what_yahoo_lost(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that Yahoo returned once and loses later stays, because it was stored."""
    ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)))
    bars = ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS, rows={DAYS[-2]: [None] * 5})))
    assert bars.dates.tolist() == DAYS
    assert bars.warnings == ()


def test_a_revised_close_replaces_the_stored_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close that Yahoo corrects within the refetched sessions is taken over, with a warning
    that shows both."""
    before = datetime(2024, 6, 14, 1, tzinfo=UTC)
    ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS[:-1])), before)
    right = fake.price(DAYS[-2]) + 0.5
    changed: list[float | None] = [right, right + 1, right - 1, right, 5.0]
    bars = ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS, rows={DAYS[-2]: changed})))
    assert bars.close[-2] == right
    assert "1 close corrected by the source" in bars.warnings[0]
    assert f"to {right:g}" in bars.warnings[0]


def test_an_impossible_row_is_left_out_and_asked_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row with its low above its open is named with its day, costs no other row, is named by the
    store too, and is asked for until it is right."""
    wrong: list[float | None] = [90.0, 101.0, 95.0, 100.0, 5.0]
    bad = fake.FakeSession(fake.chart(DAYS, rows={DAYS[-20]: wrong}))
    bars = ask(home, monkeypatch, bad)
    text = f"NVDA: 1 session left out: {DAYS[-20]} (low 95 above open 90)"
    assert bars.warnings == (text,)
    assert len(bars) == len(DAYS) - 1
    kept = stored_bars(home, load(home, {}), "yahoo", "NVDA", FakeClock(NOW))
    assert kept.warnings == (text,)
    right = fake.FakeSession(fake.chart(DAYS))
    mended = ask(home, monkeypatch, right)
    assert (mended.dates.tolist(), mended.warnings) == (DAYS, ())
    assert len(right.charts) == 1


def test_damaged_stored_bars_are_fetched_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored file that was damaged is replaced by a whole fetch, and the operator reads so."""
    good = ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)))
    path = home.market / "yahoo" / "NVDA.csv"
    path.write_text(path.read_text().replace("2024-05-", "2024-13-"))
    bars = ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)))
    assert data_hash(bars) == data_hash(good)
    assert any("damaged" in warning and "NVDA.csv line" in warning for warning in bars.warnings)
    assert stored_bars(home, load(home, {}), "yahoo", "NVDA", FakeClock(NOW)).warnings == ()


def test_another_exchange_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A symbol of another exchange has no calendar here and is refused by name of its zone."""
    with pytest.raises(NoDataError, match="Europe/London"):
        ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS, zone="Europe/London")))


def test_a_longer_history_asks_for_everything(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the settings reach further back than the store was asked for, the whole history is
    fetched."""
    ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)))
    text = home.settings.read_text()
    home.settings.write_text(text.replace("history_years = 10", "history_years = 12"))
    session = fake.FakeSession(fake.chart(DAYS))
    ask(home, monkeypatch, session)
    assert datetime.fromtimestamp(session.charts[0]["period1"], UTC).year == 2012


def test_yahoo_is_asked_from_the_min_date(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A symbol with a min_date is asked from that day on."""
    session = fake.FakeSession(fake.chart(DAYS))
    ask(home, monkeypatch, session, symbol="SMR")
    assert datetime.fromtimestamp(session.charts[0]["period1"], UTC).date() == date(2022, 5, 3)


def test_a_min_date_after_the_last_bar_leaves_no_data(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A min_date set past all stored and fetched bars is exit 4 that names the setting."""
    ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)), symbol="SMR")
    text = home.settings.read_text()
    home.settings.write_text(text.replace("min_date = 2022-05-03", "min_date = 2031-01-02"))
    with pytest.raises(
        NoDataError, match="2024-06-14, and none is used before 2031-01-02"
    ) as caught:
        ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)), symbol="SMR")
    assert "symbols.SMR.min_date" in caught.value.hint


def test_yfinance_keeps_its_caches_under_the_home(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder for yfinance's caches is made in the home, closed to others."""
    ask(home, monkeypatch, fake.FakeSession(fake.chart(DAYS)))
    caches = home.market / "yahoo" / ".yfinance"
    assert caches.stat().st_mode & 0o077 == 0
    assert json.loads((home.market / "yahoo" / "NVDA.json").read_text())["rows"] == len(DAYS)
