"""Answers recorded from the real Yahoo, each replayed through yfinance: what must come out."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import NoDataError
from engine.market import yahoo
from engine.market.bars import Bars
from engine.market.calendar import previous_session
from engine.market.fetch import fetch_bars
from engine.market.splits import split_jumps
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import ROOT, new_home
from tests.market import fake_yahoo as fake
from tests.market.test_splits import read

RECORDED = ROOT.parent / "shared" / "data" / "yahoo_recorded"
ONE_DAY = "chart-{}-2020-01-01-to-2020-01-03.json"
MSFT = "historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv.json"
AAPL_AUTUMN = "chart-AAPL-2020-08-31-to-2020-11-07.json"
SPLIT = ((date(2020, 8, 31), 4.0),)
TSLA = "historical-via-chart-dividends-TSLA-no-dividends.json"


def recording(name: str) -> dict[str, Any]:
    """A recording; the test is skipped where the shared data is not."""
    path = RECORDED / "chart" / name
    if not path.exists():
        pytest.skip(f"no {name} in ../shared/data/yahoo_recorded/chart")
    tree: dict[str, Any] = json.loads(path.read_text())
    return tree


def replayed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, symbol: str = "") -> Bars:
    """The bars that a recording gives, asked from its first day to its last; the others answer."""
    tree = recording(name)
    url = tree["request"]["url"]
    symbol = symbol or fake.symbol_of(url)
    start, end = (
        datetime.fromtimestamp(int(re.search(rf"period{n}=(\d+)", url)[1]), UTC)  # type: ignore[index]
        for n in (1, 2)
    )
    home = new_home(tmp_path / "home", market__request_spacing_s=0, market__request_tries=2)
    text = home.settings.read_text()
    row = 'company = "X"\nsector = "X"\nkind = "tech"\npriority = "low"\nmin_date = '
    home.settings.write_text(
        re.sub(rf'\[symbols\."?{re.escape(symbol)}"?\][^\[]*', "", text)
        + f'\n[symbols."{symbol}"]\n{row}{start:%Y-%m-%d}\n'
    )
    others = fake.chart(fake.sessions(previous_session(end.date()), 9))
    answer = fake.by_symbol({symbol: fake.body(tree["response"]["bodyJson"])}, others)
    monkeypatch.setattr(yahoo, "session", lambda: fake.FakeSession(answer))
    return fetch_bars(home, load(home, {}), "yahoo", symbol, FakeClock(end))


@pytest.mark.parametrize(
    ("symbol", "close"),
    [
        ("AAPL", 75.0875015258789),
        ("AMZN", 94.9005),
        ("QQQ", 216.16),
        ("GOOG", 68.3685),
        ("SPOT", 151.62),
        ("CRON", 7.36),
        ("BABA", 219.77),
        ("EPAC", 26.16),
        ("ABBV", 89.55),
        ("AFRAF", 11.27),
    ],
)
def test_a_day_of_2020(
    symbol: str, close: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bar each, without a word; over the counter too."""
    bars = replayed(ONE_DAY.format(symbol), tmp_path, monkeypatch)
    assert bars.dates.tolist() == [date(2020, 1, 2)]
    assert bars.close[0] == pytest.approx(close, abs=5e-5)
    assert bars.warnings == ()


@pytest.mark.parametrize(
    ("name", "count", "first", "last", "splits", "dividends"),
    [
        ("chart-AAPL.json", 1, 164.32, 164.32, (), ()),
        (
            AAPL_AUTUMN,
            49,
            129.04,
            118.69,
            ((date(2020, 8, 31), 4.0),),
            ((date(2020, 11, 6), 0.205),),
        ),
        (
            MSFT,
            252,
            239.65,
            308.26,
            (),
            (
                (date(2021, 2, 17), 0.56),
                (date(2021, 5, 19), 0.56),
                (date(2021, 8, 18), 0.56),
                (date(2021, 11, 17), 0.62),
            ),
        ),
    ],
)
def test_months_and_years(
    name: str,
    count: int,
    first: float,
    last: float,
    splits: object,
    dividends: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every bar and event, and no doubt."""
    bars = replayed(name, tmp_path, monkeypatch)
    assert len(bars) == count
    assert (bars.close[0], bars.close[-1]) == pytest.approx((first, last), abs=5e-3)
    assert (bars.splits, bars.dividends) == (splits, dividends)
    assert (bars.warnings, bars.doubts) == ((), ())


def test_thirteen_years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 3,303 bars those of ten years are used, and no move of TSLA raises a doubt."""
    tree = recording(TSLA)
    home = new_home(tmp_path / "home", market__request_spacing_s=0)
    answer = fake.body(tree["response"]["bodyJson"])
    monkeypatch.setattr(yahoo, "session", lambda: fake.FakeSession(answer))
    now = datetime(2023, 8, 12, 12, tzinfo=UTC)
    bars = fetch_bars(home, load(home, {}), "yahoo", "TSLA", FakeClock(now))
    assert len(bars) == 2671
    assert bars.close[-1] == pytest.approx(242.65, abs=5e-3)
    assert (bars.splits, bars.warnings, split_jumps(bars)) == ((), (), ())


@pytest.mark.parametrize(
    ("name", "symbol", "words"),
    [
        (ONE_DAY.format("AZT.OL"), "", "AZT.OL is traded at OSL"),
        (ONE_DAY.format("OCDO.L"), "", "OCDO.L is traded at LSE"),
        (ONE_DAY.format("ORSTED.CO"), "", "ORSTED.CO is traded at CPH"),
        (ONE_DAY.format("WSKT.JK"), "", "WSKT.JK is traded at JKT"),
        (ONE_DAY.format("BTC-USD"), "", "BTC-USD is traded at CCC"),
        ("chart-WSU.DE-2023-08-04-to-2023-08-09.json", "", "WSU.DE is traded at GER"),
        (ONE_DAY.format("0P000071W8.TO"), "OP", "answered about 0P000071W8.TO when asked for OP"),
        (ONE_DAY.format("EURUSD=X"), "EUR", "answered about EURUSD=X"),
        (ONE_DAY.format("GC=F"), "GC", "answered about GC=F"),
        ("historical-via-chart-0P0000XTS7-2024-09-12-to-2024-09-16.json", "OPX", "0P0000XTS7"),
        ("chart-notimestamp-quotes-length.fake.json", "AAPL", "cannot be read"),
        ("chart-notimestamp-weird-quote.fake.json", "AAPL", "cannot be read"),
        (
            "chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json",
            "AAPL",
            "has no bars of AAPL",
        ),
        (
            "chart-TSLA-2025-01-01-to-2025-01-02-interval-1h.fake.json",
            "TSLA",
            "has no bars of TSLA",
        ),
    ],
)
def test_what_is_no_bar_of_a_us_share(
    name: str, symbol: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused by its name, unreadable, or without bars: exit 4 in words."""
    with pytest.raises(NoDataError, match=re.escape(words)) as caught:
        replayed(name, tmp_path, monkeypatch, symbol)
    assert caught.value.exit_code == 4
    assert "delisted" not in str(caught.value)


@pytest.mark.parametrize("kind", ["FUTURE", "MUTUALFUND"])
def test_a_fund_or_future_under_a_legal_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where exchange, zone and currency are New York's the kind alone refuses."""
    home = new_home(tmp_path / "home", market__request_spacing_s=0)
    days = fake.sessions(date(2024, 6, 14), 5)

    def rename(tree: dict[str, Any]) -> None:
        tree["chart"]["result"][0]["meta"]["instrumentType"] = kind

    answer = fake.changed(fake.chart(days), rename)
    monkeypatch.setattr(yahoo, "session", lambda: fake.FakeSession(answer))
    now = datetime(2024, 6, 15, 12, tzinfo=UTC)
    with pytest.raises(NoDataError, match=f"NVDA is of the kind {kind}"):
        fetch_bars(home, load(home, {}), "yahoo", "NVDA", FakeClock(now))


@pytest.mark.parametrize(
    "name",
    [
        "AET-L-1d-100x-error",
        "4063-T-1d-bad-stock-split",
        "ALPHA-PA-1d-bad-stock-split",
        "CNE-L-1d-bad-stock-split",
        "DEX-AX-1d-bad-stock-split",
    ],
)
def test_a_broken_series_from_yahoo_is_doubted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moved onto sessions of New York and sent as a chart with its events: each step that the
    series is known for is a doubt, in the repaired form none is."""
    for suffix, count in (("", 1), ("-fixed", 0)):
        foreign = read(RECORDED / "series" / f"{name}{suffix}.csv")
        days = fake.sessions(date(2023, 6, 16), len(foreign))
        moved = dict(zip(foreign.dates.tolist(), days, strict=True))
        table = zip(
            *(getattr(foreign, c).tolist() for c in ("open", "high", "low", "close", "volume")),
            strict=True,
        )
        answer = fake.chart(
            days,
            rows={day: list(row) for day, row in zip(days, table, strict=True)},
            splits={moved[day]: ratio for day, ratio in foreign.splits},
            dividends={moved[day]: paid for day, paid in foreign.dividends},
        )
        session = fake.FakeSession(answer)
        monkeypatch.setattr(yahoo, "session", lambda session=session: session)
        home = new_home(tmp_path / f"home{suffix}", market__request_spacing_s=0)
        now = datetime(2023, 6, 17, 12, tzinfo=UTC)
        bars = fetch_bars(home, load(home, {}), "yahoo", "NVDA", FakeClock(now))
        jumps = [doubt for doubt in bars.doubts if doubt.kind == "unadjusted-jump"]
        assert (len(jumps) >= 1) is bool(count), (suffix, bars.doubts, bars.warnings)
