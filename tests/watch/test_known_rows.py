"""Rows are built again only where something that they are made from changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.core.records import Job, JobState, Run, SymbolState
from engine.core.snapshot import SymbolRow
from engine.forecast.status import Status
from engine.settings.load import load
from engine.settings.schema import Settings
from engine.watch import known_rows
from engine.watch.console_summary import ConsoleSummary
from engine.watch.known_rows import KnownRows
from engine.watch.symbol_row import RowContext, row_or_fault
from tests.helpers import new_home
from tests.vault.homes import published

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = new_home(tmp_path / "home", market__source="simulated")
    published(home, "NVDA")
    return home


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The symbols whose rows were built, as they are."""
    symbols: list[str] = []

    def noted(symbol: str, stored: Status | None, context: RowContext) -> SymbolRow:
        symbols.append(symbol)
        return row_or_fault(symbol, stored, context)

    monkeypatch.setattr(known_rows, "row_or_fault", noted)
    return symbols


def context(home: Home, **changed: object) -> RowContext:
    plain = RowContext(
        home=home,
        settings=load(home, {}),
        asked=None,
        configured="simulated",
        live_jobs={},
        last_jobs={},
        now=NOW,
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def test_nothing_changed_builds_nothing(home: Home, built: list[str]) -> None:
    """The same look again gives the very same rows."""
    known, look = KnownRows(home, lambda _: None), context(home)
    first = known.rows(look, ConsoleSummary())
    assert built == list(look.settings.names)
    later = replace(look, now=NOW + timedelta(seconds=14))
    assert all(map(lambda a, b: a is b, first, known.rows(later, ConsoleSummary())))
    assert built == list(look.settings.names)


@pytest.mark.parametrize("file", ["model", "status", "bars", "report"])
def test_a_file_that_changes_builds_its_row_alone(home: Home, built: list[str], file: str) -> None:
    """Model, status, bars or report dates of NVDA; the others stay as they are."""
    known, look = KnownRows(home, lambda _: None), context(home)
    home.status("NVDA").parent.mkdir(parents=True, exist_ok=True)
    folder = home.market / "simulated"
    folder.mkdir(parents=True, exist_ok=True)
    reports = home.root / "report_dates"
    reports.mkdir()
    settings = replace_reports(home, reports)
    look = replace(look, settings=settings)
    home.status("NVDA").write_text("{}")
    known.rows(look, ConsoleSummary())
    built.clear()
    path = {
        "model": home.model("NVDA"),
        "status": home.status("NVDA"),
        "bars": folder / "NVDA.csv",
        "report": reports / "NVDA.csv",
    }[file]
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(before + b" ")
    known.rows(look, ConsoleSummary())
    assert built == ["NVDA"]


def replace_reports(home: Home, folder: Path) -> Settings:
    """The settings with a folder of report dates."""
    text = home.settings.read_text()
    home.settings.write_text(text.replace('reports = ""', f'reports = "{folder}"'))
    return load(home, {})


def test_time_runs_and_holds_build_rows(home: Home, built: list[str]) -> None:
    """Fifteen seconds build all; a job or a hold builds the row of its symbol."""
    known, look = KnownRows(home, lambda _: None), context(home)
    known.rows(look, ConsoleSummary())
    built.clear()
    job = Job("SMR", JobState.RUNNING)
    run = Run("r1", "train", "manual", "simulated", NOW, "me", JobState.RUNNING, (job,))
    busy = replace(look, live_jobs={"SMR": (run, job)})
    rows = {row.symbol: row for row in known.rows(busy, ConsoleSummary())}
    assert built == ["SMR"]
    assert rows["SMR"].state is SymbolState.TRAIN
    built.clear()
    rows = {
        row.symbol: row for row in known.rows(busy, ConsoleSummary(holds={"MP": "the auditor"}))
    }
    assert built == ["MP"]
    assert rows["MP"].hold == "the auditor"
    built.clear()
    known.rows(replace(busy, now=NOW + timedelta(seconds=15)), ConsoleSummary())
    assert built == list(look.settings.names)


def test_many_symbols_take_turns_while_their_folders_stay(
    home: Home, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirteen symbols, five at once: a file rewritten in its place is seen within three looks, one
    that is renamed into its folder at the next."""
    monkeypatch.setattr(known_rows, "AT_ONCE", 5)
    known, look = KnownRows(home, lambda _: None), context(home)
    known.rows(look, ConsoleSummary())
    known.rows(look, ConsoleSummary())
    built.clear()
    path = home.model("NVDA")
    path.write_bytes(path.read_bytes() + b" ")
    for _ in range(3):
        known.rows(look, ConsoleSummary())
    assert built == ["NVDA"]
    built.clear()
    (home.models / "new").write_bytes(b"another model")
    (home.models / "new").rename(path)
    known.rows(look, ConsoleSummary())
    assert built == ["NVDA"]


def test_many_old_rows_are_built_in_turns(
    home: Home, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirteen symbols, five at once: after five minutes each is built once, at its turn, and a row
    that reads as before stays the very same."""
    monkeypatch.setattr(known_rows, "AT_ONCE", 5)
    known, look = KnownRows(home, lambda _: None), context(home)
    first = known.rows(look, ConsoleSummary())
    known.rows(look, ConsoleSummary())
    built.clear()
    later = replace(look, now=NOW + timedelta(minutes=4, seconds=59))
    assert known.rows(later, ConsoleSummary()) == first
    assert built == []
    later = replace(look, now=NOW + timedelta(minutes=5))
    for _ in range(3):
        rows = known.rows(later, ConsoleSummary())
        assert len(built) <= 15
        assert all(map(lambda a, b: a is b, first, rows))
    assert sorted(built) == sorted(look.settings.names)
