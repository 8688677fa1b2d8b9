"""The Symbol screen: each section says what it has, and why something is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.children.messages import BackupCreated, CreateBackup, SymbolDetails
from engine.client.records import ServiceReply
from engine.core.errors import StockmlError
from engine.core.records import Job, JobState
from engine.core.symbol_details import ModelSummary
from engine.vault.records import BackupEntry
from engine.watch.records import Accuracy
from tests.cli.fakes import trained as cli_row
from tests.tui.helpers import asked, opened, screen_text, until
from tests.tui.scenes import (
    NAMES,
    NOW,
    RUN_ID,
    details,
    empty_home,
    live_run,
    model,
    row,
    snapshot,
    trained_home,
    training_home,
)
from tui.dashboard.screen import MainScreen
from tui.logs.viewer import LogView
from tui.symbol.model_text import live_lines
from tui.symbol.screen import SymbolScreen
from tui.symbol.text import SymbolPage, lineage_lines, now_lines, page
from tui.widgets.lines import plain


def text_of(lines: object) -> str:
    return "\n".join(plain(found) for found in lines)  # type: ignore[attr-defined]


async def test_enter_opens_the_current_row(tmp_path: Path) -> None:
    """`enter` shows state, forecast, interval, price chart and figures of the row;
    esc goes back."""
    async with opened(tmp_path / "home", trained_home(), (110, 60)) as (app, engine, pilot):
        await pilot.press("j", "enter")
        await until(pilot, lambda: "80 % intervals held 81 %" in screen_text(app), "all of it")
        text = screen_text(app)
        assert isinstance(app.screen, SymbolScreen)
        assert engine.asked("details") == ["TSLA"]
        assert "TSLA Corporation" in text
        assert "forecast for 2026-10-21" in text
        assert "60 of 90 sessions out of sample" in " ".join(text.split())
        assert any("\u2801" <= letter <= "\u28ff" for letter in text)
        assert "MASE over 20 sessions" in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")


async def test_it_is_trained_backed_up_and_tested_where_it_is_read(tmp_path: Path) -> None:
    """`r` asks before it trains this symbol alone, `b` and `t` are for it, `l` opens its lines;
    marks elsewhere stay."""
    async with opened(tmp_path / "home", trained_home(), (100, 40)) as (app, engine, pilot):
        engine.replies = {"/api/v1/predict/TSLA": ServiceReply(0, 0.1, {}, "nothing listens there")}
        tsla = BackupEntry(symbol="TSLA", file="tsla_lstm_model.h5", kind="model", size_bytes=7)
        engine.answers[CreateBackup] = BackupCreated(name="backup_1", size_bytes=7, entries=(tsla,))
        await pilot.press("space", "enter")
        await until(
            pilot,
            lambda: isinstance(app.screen, SymbolScreen) and app.screen.details,
            "all of the page of TSLA",
        )
        await pilot.press("r")
        await asked(app, pilot)
        assert "Retrain 1 symbol on yahoo bars?" in screen_text(app)
        assert engine.asked("train") == []
        await pilot.press("y")
        await until(
            pilot, lambda: "20261021-143711-ffffff started: TSLA" in screen_text(app), "the start"
        )
        await pilot.press("b")
        await until(pilot, lambda: "backup_1: TSLA" in screen_text(app), "the backup")
        await pilot.press("t")
        await until(
            pilot,
            lambda: "TSLA CRIT: nothing listens there" in screen_text(app),
            "the service's verdict",
        )
        await pilot.press("x")
        await until(
            pilot, lambda: "TSLA is not in a live run" in screen_text(app), "nothing to cancel"
        )
        await pilot.press("l")
        await until(
            pilot,
            lambda: isinstance(app.screen, LogView) and "/=TSLA" in screen_text(app),
            "its log",
        )
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SymbolScreen), "the page again")
        assert app.main.marks == {"NVDA"}

    assert [request.symbols for request in engine.asked("train")] == [("TSLA",)]
    assert engine.asked("child") == [CreateBackup(("TSLA",))]


async def test_its_run_is_cancelled_behind_a_question(tmp_path: Path) -> None:
    """`x` names the run in which the symbol trains, and stops it on a yes."""
    async with opened(tmp_path / "home", training_home(), (100, 40)) as (app, engine, pilot):
        await pilot.press("G", "enter")
        await until(
            pilot,
            lambda: isinstance(app.screen, SymbolScreen) and app.screen.value,
            "the page of SPY",
        )
        await pilot.press("x")
        await asked(app, pilot)
        assert f"Cancel run {RUN_ID}?" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: engine.asked("cancel") == [RUN_ID], "the cancel")


async def test_a_failing_child_is_told_and_the_rest_stands(tmp_path: Path) -> None:
    """When the child fails its words are shown, and what comes from files is there all the same."""
    async with opened(tmp_path / "home", trained_home(), (110, 60)) as (app, engine, pilot):
        engine.error = StockmlError("the model file is truncated", "stockml restore")
        await pilot.press("enter")
        await until(pilot, lambda: "the model file is truncated" in screen_text(app), "the words")
        assert "generation 1, trained" in screen_text(app)


async def test_a_symbol_without_a_model(tmp_path: Path) -> None:
    """Without model and bars every section says what is missing, and nothing is invented."""
    async with opened(tmp_path / "home", empty_home(), (100, 50)) as (app, engine, pilot):
        engine.details["NVDA"] = SymbolDetails(
            symbol="NVDA",
            model=ModelSummary(),
            live=None,
            retrain=None,
            problems=("NVDA has no model yet",),
        )
        await pilot.press("enter")
        await until(pilot, lambda: "! NVDA has no model yet" in screen_text(app), "the words")
        text = screen_text(app)
        for words in (
            "no forecast: not trained yet",
            "no stored bars to draw",
            "never trained",
            "nothing was scored yet",
        ):
            assert words in text


def test_age_says_when_it_is_trained_again() -> None:
    """Young: how many days are left; old: that the next auto-train takes it."""
    assert "due by age in 6.9 days" in text_of(now_lines(row("NVDA"), 7, 200))
    withheld = row("NVDA", forecast=None, withheld="the feed stands still", note="withheld: …")
    assert "no forecast, withheld: the feed stands still" in text_of(now_lines(withheld, 7, 200))
    old = row("NVDA", note="bars end 126 sessions ago: stale forecast", bars_behind=126)
    assert "bars end 126 sessions ago" in text_of(now_lines(old, 7, 200))
    assert "past the age limit of 7" in text_of(now_lines(row("NVDA", age_days=9.0), 7, 200))


def test_lineage_tells_of_refused_challengers() -> None:
    """The live generation and what became of other trainings, newest first."""
    refused = Job("NVDA", JobState.REFUSED, message="MAPE 1.6 over 1.5")
    run = replace(live_run(), jobs=(refused,))
    text = text_of(lineage_lines(row("NVDA", model=model("NVDA", 3)), (), (run,), 200))

    assert "generation 4  live (manual)" in text
    assert "refused challenger  MAPE 1.6 over 1.5" in text


def test_live_accuracy_is_shown_with_its_n() -> None:
    """Figures with the sessions they rest on; without any, how they come to be."""
    live = Accuracy("NVDA", 12, 0, first="2026-10-01", last="2026-10-16", mape=1.5, mase=0.97)
    assert text_of(live_lines(live, 200)) == "2026-10-01 to 2026-10-16: n 12  mape 1.50  mase 0.970"
    assert "no forecast made before its session is scored yet" in text_of(live_lines(None, 200))


@pytest.mark.parametrize("size", [(10, 3), (40, 10), (80, 24), (200, 50)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_section_stands_at_every_size(size: tuple[int, int], ascii_only: bool) -> None:
    """The page has its nine titles whatever the size, and only ASCII where it must."""
    content = SymbolPage(
        row=row(NAMES[0]), details=details(), job=live_run().jobs[5], max_age_days=7
    )
    lines = page(content, *size, NOW, ascii_only=ascii_only)
    titles = [plain(found) for found in lines]

    for title in (
        "Now",
        "Retraining",
        "Price",
        "Error against naive",
        "Calibration",
        "Last training",
        "Members",
        "Lineage",
        "Live accuracy",
    ):
        assert title in titles
    drawn = ["".join(text for text in found if text not in "±–") for found in titles]
    assert not ascii_only or "\n".join(drawn).isascii(), "the widget writes +- and - for them"
    assert snapshot(()).rows == ()


def test_an_unknown_age_is_said() -> None:
    """A model that was trained ahead of now is not told to be trained again in some days."""
    shown = now_lines(replace(cli_row("NVDA"), age_days=None), 7, 100)
    text = "\n".join("".join(part for part, _ in row) for row in shown)
    assert "its age is unknown: the next auto-train takes it" in text
    assert "days" not in text.partition("its age")[2]
