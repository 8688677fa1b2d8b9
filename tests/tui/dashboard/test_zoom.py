"""The dashboard's panes: the one at the side, the one alone, and the sentence of the smallest
terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.records import SymbolState
from engine.core.snapshot import Alert, AlertState, PlannedAction, Retrain, Snapshot
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import (
    NAMES,
    NOW,
    RUN_ID,
    empty_home,
    row,
    snapshot,
    trained_home,
    training_home,
)
from tui.dashboard.detail_text import detail_lines, why_lines
from tui.dashboard.panes.summary import summary
from tui.look.glyphs import ASCII
from tui.widgets.lines import plain


def told(found: Snapshot, symbol: str, width: int = 38, height: int = 60) -> str:
    """The details of a row as text."""
    chosen = found.row(symbol)
    assert chosen is not None
    return "\n".join(plain(one) for one in detail_lines(chosen, found, width, height, ASCII))


def test_details_of_a_row_that_trains() -> None:
    """Phase, progress, losses with their chart, forecast, figures beside naive and the last runs
    stand there."""
    text = told(training_home(), "AMZN")

    for words in (
        "AMZN TRAIN",
        "fitting, epoch 25/50, ETA 3m 07s",
        "[############............]",
        "loss 0.0123, validation 0.0131",
        "*",
        "range ± 2.0 % for 10-21",
        "80 % 295.23 to 307.27",
        "MAPE %            2.23    1.55",
        "MASE             1.031       1",
        "generation 6",
        "14:34   RUNNING manual",
    ):
        assert words in text


def test_details_say_why() -> None:
    """A failure's reason, a hold, what the checks want and a firing alert are in the first
    lines."""
    found = row(
        "SMR",
        11,
        SymbolState.FAILED,
        note="bars.csv line 33: high 10 is below low 12",
        hold="earnings week",
    )
    found = replace(
        found,
        retrain=Retrain(PlannedAction.TRAIN, "drift", "returns drifted: 3.1 times the limit", NOW),
    )
    alert = Alert(
        "low_accuracy",
        "SMR",
        AlertState.FIRING,
        NOW - timedelta(hours=3),
        "direction 41 % of 60 is below 45 %",
    )
    text = told(
        snapshot((found,), alerts=(alert, replace(alert, symbol="SPY", text="another"))),
        "SMR",
        height=12,
    )

    for words in (
        "bars.csv line 33: high 10 is below",
        "on hold: earnings week",
        "to be retrained: returns",
        "! low_accuracy firing 3h",
    ):
        assert words in text
    assert "another" not in text
    assert plain(why_lines(row("SPY", 12), 38)[0]) == "trained at most five days ago"


@pytest.mark.parametrize("height", range(1, 40, 3))
@pytest.mark.parametrize("width", [20, 38, 80])
def test_details_fit(width: int, height: int) -> None:
    """Never more lines than there are; the least needed sections go first, the row's name never."""
    for symbol in ("AMZN", "GOOGL", "SPY"):
        text = told(training_home(), symbol, width, height)
        assert len(text.splitlines()) <= height
        assert text.startswith(symbol)


async def test_the_side_follows_the_row(tmp_path: Path) -> None:
    """At 160 columns the current row's details stand beside the table, and move with the
    cursor."""
    async with opened(tmp_path / "home", training_home(), (160, 40), ascii_only=True) as (
        app,
        _,
        pilot,
    ):
        assert "| NVDA DONE" in screen_text(app)
        await pilot.press("j", "j", "j", "j", "j")
        await until(pilot, lambda: "| AMZN TRAIN" in screen_text(app), "the side of the next row")
        lines = screen_text(app).splitlines()
        assert all("|" in found[110:] for found in lines[2:-1])
        assert any(found.startswith("> AMZN  TRAIN       301.25") for found in lines)
        await pilot.resize_terminal(159, 40)
        await until(pilot, lambda: "| AMZN TRAIN" not in screen_text(app), "the side gone")


async def test_zoom_and_back(tmp_path: Path) -> None:
    """`tab` chooses a pane and the title says so, `z` shows it alone, `z` or esc shows all of
    them again."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("tab", "tab", "tab")
        await until(
            pilot, lambda: "pane log" in screen_text(app).splitlines()[0], "the chosen pane"
        )
        assert "SPY" in screen_text(app)
        await pilot.press("z")
        await until(pilot, lambda: "log only" in screen_text(app), "the log alone")
        assert "SPY" not in screen_text(app)
        assert "published symbol=NVDA" in screen_text(app)
        await pilot.press("z")
        await until(pilot, lambda: "SPY" in screen_text(app), "the rows again")
        await pilot.press("shift+tab", "shift+tab", "z")
        await until(pilot, lambda: "detail only" in screen_text(app), "the detail alone")
        assert "118 sessions" in screen_text(app)
        await pilot.press("j")
        await until(pilot, lambda: "TSLA FRESH" in screen_text(app), "the next row's details")
        await pilot.press("escape")
        await until(pilot, lambda: "SPY" in screen_text(app), "the rows again")
        assert "pane" not in screen_text(app).splitlines()[0]
        assert app.main.cursor == "TSLA"


async def test_one_pane_at_40x10(tmp_path: Path) -> None:
    """In a small terminal `tab` alone goes through the panes, one at a time, and comes round to
    the rows."""
    async with opened(tmp_path / "home", training_home(), (40, 10)) as (app, _, pilot):
        seen: list[str] = []
        for words in ("fitting", "RUN 20261021", "published", "CPU", "> AMZN"):
            await pilot.press(*("G", "g", "j", "j", "j", "j", "j", "tab") if not seen else ("tab",))
            await until(pilot, lambda words=words: words in screen_text(app), words)  # type: ignore[misc]
            seen.append(screen_text(app))
        assert all("? help" in text for text in seen)
        assert [" only" in text for text in seen] == [True, True, True, True, False]


async def test_a_sentence_at_30x5(tmp_path: Path) -> None:
    """The smallest terminal tells how many symbols stand how, the failed ones by name."""
    async with opened(tmp_path / "home", trained_home(), (30, 5)) as (app, _, pilot):
        text = " ".join(screen_text(app).split())
        assert "1 FAILED GOOGL, 1 CORRUPT SMR, 2 AGING" in text
        await pilot.press("tab", "z")
        await until(pilot, lambda: "NVDA FRESH" in screen_text(app), "the detail alone")


def test_the_sentence_begins_with_what_wants_a_person() -> None:
    """Failed before old before good; the host's warning and the current row come last."""
    text = plain(summary(trained_home(), "NVDA"))

    assert (
        text.index("FAILED")
        < text.index("AGING")
        < text.index("FRESH")
        < text.index("DISK 82% WARN")
    )
    assert text.endswith("> NVDA FRESH ± 2.0 %")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_first_steps_cover_no_row(tmp_path: Path, size: tuple[int, int]) -> None:
    """In an empty home the three lines of advice stand in the log area, below all 13 rows."""
    async with opened(tmp_path / "home", empty_home(), size) as (app, _, _pilot):
        lines = screen_text(app).splitlines()
    rows = [
        at for at, found in enumerate(lines) if found[2:7].strip() in NAMES and found[0] in " >"
    ]
    (advice,) = [
        at for at, found in enumerate(lines) if "No model is trained yet. Press A" in found
    ]

    assert len(rows) == 13
    assert advice > max(rows)
    assert lines[advice + 1].startswith("or mark some")
    assert lines[advice + 2].startswith("No network?")


@pytest.mark.parametrize("size", [(60, 15), (40, 10)])
async def test_first_steps_without_a_log(tmp_path: Path, size: tuple[int, int]) -> None:
    """Where there is no log area the current row says which key trains it."""
    async with opened(tmp_path / "home", empty_home(), size) as (app, _, pilot):
        if size[1] < 15:
            await pilot.press("tab")
        await until(
            pilot,
            lambda: "r trains it, A all" in " ".join(screen_text(app).split()),
            "the first step",
        )


@pytest.mark.parametrize("size", [(30, 5), (40, 10)])
async def test_lists_keep_their_row_in_small_terminals(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """A list with a single line shows its current row instead of its header;
    words of an empty list are wrapped, not cut."""
    async with opened(tmp_path / "home", training_home(), size) as (app, _, pilot):
        await pilot.press("2")
        await until(pilot, lambda: f"> {RUN_ID}" in screen_text(app), "the row")
        await pilot.press("6")
        await until(pilot, lambda: "no alert fires, no check yet" in screen_text(app), "the words")
        if size[1] > 5:
            assert "yet: 1, then p checks every model" in " ".join(screen_text(app).split())
