"""`data reports`: shown, set and dropped, in text and JSON, with its exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine
from engine.cli.main import _run
from engine.cli.session import Session
from engine.core.audit_log import read_entries
from engine.core.paths import Home
from tests.fake_clock import FakeClock
from tests.helpers import new_home

NOW = datetime(2025, 8, 10, 12, tzinfo=UTC)
LINES = "date,time\n2025-05-01,after\n2025-07-31,after\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "dates").mkdir()
    (tmp_path / "dates" / "AAPL.csv").write_text(LINES)
    return new_home(tmp_path / "home")


@pytest.fixture
def reports(home: Home, capsys: pytest.CaptureFixture[str]) -> Any:
    """`stockml data reports` with these words: exit code, stdout, stderr."""

    def make_engine(home: Home, source: str | None) -> Engine:
        return Engine(home, FakeClock(NOW), source)

    def run(*words: str) -> tuple[int, str, str]:
        session = Session(make_engine=make_engine)
        code = _run(["data", "reports", *words, "--home", str(home.root)], session)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_dates_of_a_folder(reports: Any, tmp_path: Path) -> None:
    """The document has every date, the session that reacts, and where they come from."""
    code, out, _ = reports("AAPL", "--reports", str(tmp_path / "dates"), "--json")
    document = json.loads(out)

    assert code == 0
    assert document["origin"] == str(tmp_path / "dates" / "AAPL.csv")
    assert document["covered_until"] == "2025-11-07"
    assert document["reports"][1] == {
        "date": "2025-07-31",
        "time": "after",
        "reaction": "2025-08-01",
        "known": None,
        "estimated": False,
        "by_hand": False,
    }
    code, out, _ = reports("AAPL", "--reports", str(tmp_path / "dates"))
    assert "2025-07-31  after close  2025-08-01  2025-07-17" in out


def test_a_date_set_by_hand_is_shown_as_such_and_dropped_again(reports: Any, home: Home) -> None:
    """Both are in the audit; the next report is the one that was set."""
    day = "2025-10-30"
    code, out, _ = reports("AAPL", "--set", day, "before", "--json")
    document = json.loads(out)

    assert (code, document["state"]) == (0, "known")
    assert (document["next"]["date"], document["next"]["by_hand"]) == (day, True)
    assert "coming, by hand" in reports("AAPL")[1]
    assert reports("AAPL", "--drop", day)[0] == 0
    assert json.loads(reports("AAPL", "--json")[1])["reports"] == []
    actions = [entry.action for entry in read_entries(home)]
    assert sorted(actions) == ["drop report date", "set report date"]


def test_states_in_words(reports: Any) -> None:
    """An ETF has none; without a list the next step is named."""
    assert reports("SPY")[1].startswith("SPY has no reports")
    assert "AUR: the next report is unknown" in reports("AUR")[1]
    assert "--set DATE before|after" in reports("AUR")[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("NOPE",), 2),
        (("AAPL", "--set", "2025-07-31"), 2),
        (("AAPL", "--set", "2025-07-31", "noon"), 2),
        (("AAPL", "--set", "31.7.2025", "after"), 2),
        (("AAPL", "--set", "2999-07-31", "after"), 2),
        (("AAPL", "--drop", "2025-07-31"), 2),
        (("AAPL", "--drop", "tomorrow"), 2),
        (("AAPL", "--set", "2025-07-31", "after", "--drop", "2025-07-31"), 2),
        (("AAPL", "--reports", "/absent"), 2),
    ],
)
def test_wrong_words_end_with_2(reports: Any, words: tuple[str, ...], code: int) -> None:
    """The offending word and the next step, no traceback."""
    ended, _, err = reports(*words)
    assert ended == code
    assert "→" in err


def test_a_file_that_cannot_be_read_ends_with_4(reports: Any, tmp_path: Path) -> None:
    """File, line and text."""
    (tmp_path / "dates" / "AAPL.csv").write_text("date,time\n2025-07-31,noon\n")
    code, out, err = reports("AAPL", "--reports", str(tmp_path / "dates"), "--json")

    assert code == 4
    assert "AAPL.csv, line 2" in err
    assert json.loads(out)["state"] == "unknown"
