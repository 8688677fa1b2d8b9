"""Company, sector and kind from the source; whatever it says, no symbol is refused for it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.sources import parse_source
from engine.market import profile as module
from engine.market.profile import profile, profile_of
from engine.market.request import BarsRequest
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market.test_yahoo import NOW

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def test_the_row_of_the_symbol_counts() -> None:
    """Others in the answer of the search are passed over; what is missing is left out."""
    rows = [
        {"symbol": "IBM.DE", "longname": "In Frankfurt"},
        {"symbol": "QQQ", "shortname": "Invesco QQQ\x1b[2J", "quoteType": "ETF"},
    ]

    assert profile_of("QQQ", rows) == {"company": "Invesco QQQ", "kind": "etf"}
    assert profile_of("IBM", rows) == {}


@given(JSON)
def test_any_answer_is_survived(answer: Any) -> None:
    """An answer of another shape is none."""
    assert isinstance(profile_of("IBM", answer), dict)


def test_a_failing_search_leaves_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an error of the network nor another source costs more than the words."""
    home = new_home(tmp_path / "h", market__request_spacing_s=0)

    def failing(symbol: str) -> Any:
        raise ConnectionError(symbol)

    monkeypatch.setattr(module, "_search", failing)
    for source in ("yahoo", "simulated"):
        request = BarsRequest(home, load(home, {}), parse_source(source), "IBM", FakeClock(NOW))
        assert profile(request) == {}
