"""New symbols asked at the source before they are written."""

from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.market import profile, yahoo
from engine.market.store import BarStore
from engine.settings.load import load
from engine.symbols.check import check_new
from engine.symbols.records import CheckedSymbols, NewSymbol
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market import fake_yahoo as fake
from tests.market.test_yahoo import DAYS, NOW

QUOTE = {
    "symbol": "IBM",
    "longname": "International Business Machines",
    "sector": "Technology",
    "industry": "IT Services",
    "quoteType": "EQUITY",
}


def checked(home: Home, *symbols: NewSymbol) -> tuple[CheckedSymbols, list[tuple[int, int]]]:
    """What a check says, and the progress it told."""
    steps: list[tuple[int, int]] = []
    result = check_new(
        home,
        load(home, {}),
        parse_source("yahoo"),
        symbols,
        FakeClock(NOW),
        lambda done, count: steps.append((done, count)),
    )
    return result, steps


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home on a Yahoo that knows IBM and SPY alone, asked without waiting."""
    good = fake.chart(DAYS)
    session = fake.FakeSession(fake.by_symbol({"IBM": good, "SPY": good}, fake.unknown_symbol))
    monkeypatch.setattr(yahoo, "session", lambda: session)
    return new_home(tmp_path / "h", market__request_spacing_s=0)


def test_the_source_decides_and_describes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known ones come with company, sector and kind and their bars; the others with the reason."""
    monkeypatch.setattr(profile, "_search", lambda symbol: [QUOTE])
    result, steps = checked(home, NewSymbol("IBM", {"priority": "low"}), NewSymbol("NOPE"))

    (ibm,) = result.known
    assert ibm.fields == {
        "company": "International Business Machines",
        "sector": "Technology (IT Services)",
        "kind": "stock",
        "priority": "low",
    }
    (unknown,) = result.unknown
    assert unknown.symbol == "NOPE"
    assert unknown.error.exit_code == 4
    assert steps == [(1, 2), (2, 2)]
    assert BarStore(home).read("yahoo", "IBM")


def test_what_the_operator_says_is_not_asked_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Company and sector given: no request beside that for bars."""

    def unasked(symbol: str) -> object:
        raise AssertionError(f"{symbol} was asked for")

    monkeypatch.setattr(profile, "_search", unasked)
    given = {"company": "Mine", "sector": "Mine too"}
    result, _ = checked(home, NewSymbol("IBM", given))
    assert dict(result.known[0].fields) == given
