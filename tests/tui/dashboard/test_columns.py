"""The symbol table as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import Job, JobState, NextReport, SymbolState
from tests.tui.scenes import NAMES, NOW, empty_row, forecast, model, row, training_job, watched_home
from tui.dashboard.columns import COLUMNS, STATE_STYLES, CellContext, progress
from tui.dashboard.table_text import GUTTER, cells, fit, header
from tui.look.glyphs import ASCII
from tui.widgets.lines import plain

CONTEXT = CellContext(NOW, ASCII, real_source=True, checked_at=NOW)


def text(found: object, width: int = 80) -> str:
    return plain(cells(found, fit(width, NAMES), width, CONTEXT))  # type: ignore[arg-type]


@given(st.integers(1, 250))
def test_columns_fit_the_width(width: int) -> None:
    """The header and every row keep inside the terminal, but symbol and state always stand."""
    columns = fit(width, NAMES)

    assert [column.title for column in columns][:2] == ["SYM", "STATE"]
    assert len(header(columns)) + GUTTER <= max(width, 17)
    for found in (
        row("NVDA"),
        empty_row("TSLA"),
        row("AAPL", job=training_job("AAPL"), state=SymbolState.TRAIN),
    ):
        assert len(text(found, width)) + GUTTER <= max(width, 17)


def test_80_columns_hold_every_figure_of_the_dashboard() -> None:
    """Close, range, next report, confidence, direction, MAPE, MASE, age and the reason to retrain
    stand at 80 columns."""
    assert header(fit(80, NAMES)).split() == [
        "SYM",
        "STATE",
        "CLOSE",
        "RANGE",
        "REPORT",
        "CONF",
        "DIR%",
        "MAPE%",
        "MASE",
        "AGE",
        "RETRAIN",
    ]
    assert text(row("NVDA")).split()[:11] == [
        "NVDA",
        "FRESH",
        "101.25",
        "±",
        "2.0",
        "%",
        "?",
        "88.4",
        "52.3",
        "1.52",
        "0.981",
    ]


def test_wide_terminals_show_more() -> None:
    """At 120 columns progress and figures stand side by side;
    at 160 the interval and the sample size too."""
    assert len(fit(120, NAMES)) > len(fit(80, NAMES))
    assert {"FORECAST", "80% INTERVAL", "P(UP)", "GEN", "N"} <= {
        column.title for column in fit(200, NAMES)
    }
    wide = text(row("AAPL", job=training_job("AAPL"), state=SymbolState.TRAIN), 120)
    assert "52.3" in wide
    assert "23/50" in wide


def test_a_report_that_widens_the_range_is_seen() -> None:
    """The row has the report, and both cells stand out where it makes the range wider."""
    tonight = NextReport(date="2026-10-20", time="after", in_sessions=0, factor=2.4)
    made = replace(forecast(), report=tonight, report_known=True)
    line = cells(row("NVDA", forecast=made), fit(80, NAMES), 80, CONTEXT)

    assert [text.strip() for text, style in line if style == "warn"] == ["± 2.0 %", "0 after"]
    assert "warn" not in {style for _, style in cells(row("NVDA"), fit(80, NAMES), 80, CONTEXT)}


def test_missing_figures_are_dashes() -> None:
    """A row without a model shows no number at all, and no claim that nothing asks for a
    training."""
    assert text(empty_row("TSLA")).split() == ["TSLA", "NONE", *["-"] * 8, "?"]


def test_progress_covers_figures_at_80_columns() -> None:
    """While a row trains its epoch, loss and time left stand in the row, and the range stays."""
    line = text(row("AAPL", job=training_job("AAPL"), state=SymbolState.TRAIN))

    assert "± 2.0 %" in line
    assert "23/50 loss 0.0123 ETA 3m 07s" in line


def test_simulated_model_in_a_real_home_is_marked_in_its_row() -> None:
    """A model trained on the simulated market never passes for a real one."""
    fake = row("NVDA", model=model("NVDA", source="simulated"))

    assert "SIMULATED" in text(fake)
    assert "SIMULATED" not in text(row("NVDA"))


def test_the_reason_to_retrain_is_a_word_in_the_row() -> None:
    """A trigger by its word where it is trained for; else what keeps it from that;
    nothing where nothing fires."""
    words = {found.symbol: text(found).split()[-1] for found in watched_home().rows}

    assert words == {
        "NVDA": "drift",
        "TSLA": "cooling",
        "AAPL": "waits",
        "MSFT": "held",
        "GOOGL": "busy",
        "SMR": "chronic",
    } | dict.fromkeys(("AMZN", "AUR", "PLTR", "SMCI", "TSM", "MP", "SPY"), "-")
    before = CellContext(NOW, ASCII, real_source=True, checked_at=NOW - timedelta(days=400))
    for unseen in (before, CellContext(NOW, ASCII, real_source=True)):
        assert plain(cells(row("NVDA"), fit(80, NAMES), 80, unseen)).split()[-1] == "?"
    assert text(empty_row("NVDA")).split()[-1] == "?"
    assert text(row("NVDA", state=SymbolState.HELD, hold="audit")).split()[-1] == "held"
    assert "not retrained: chronic" in text(watched_home().rows[11], 200)
    assert "TRAINED" in header(fit(140, NAMES))


def test_a_note_stands_at_the_end_of_a_wide_row() -> None:
    """A wide terminal says in the row why it is bad."""
    assert "line 33" in text(
        row("NVDA", state=SymbolState.FAILED, note="bars.csv line 33 is impossible"), 200
    )


@pytest.mark.parametrize("width", range(1, 50))
def test_progress_keeps_its_width(width: int) -> None:
    """However little room there is, the progress stays inside and the epoch goes last."""
    job = training_job("AAPL", 49)

    assert len(progress(job, width, CONTEXT)) <= width
    assert width < 5 or "49/50" in progress(job, width, CONTEXT)


def test_progress_of_a_job_without_epochs_is_its_phase() -> None:
    """Loading and scoring have no epochs; the phase is named."""
    begun = NOW - timedelta(seconds=12)
    assert (
        progress(Job("AAPL", JobState.RUNNING, phase="load", started_at=begun), 36, CONTEXT)
        == "loading bars 12s"
    )
    assert progress(Job("AAPL", JobState.RUNNING, phase="dancing"), 36, CONTEXT) == "dancing"
    assert progress(Job("AAPL", JobState.RUNNING), 36, CONTEXT) == "starting"
    assert progress(Job("AAPL"), 36, CONTEXT) == "queued"
    assert progress(replace(Job("AAPL"), state=JobState.DONE), 36, CONTEXT) == ""


def test_progress_names_the_phase_after_the_epochs() -> None:
    """When the epochs are over there is no ETA left to show, but scoring and publishing are
    named."""
    assert progress(replace(training_job("AAPL"), phase="score"), 36, CONTEXT).endswith("scoring")


def test_every_state_has_a_style() -> None:
    """A new state word cannot break the table."""
    assert set(STATE_STYLES) == set(SymbolState)


def test_long_symbols_widen_their_column() -> None:
    """A symbol of ten letters is never cut."""
    columns = fit(80, ["BERKSHIREB"])

    assert "BERKSHIREB" in plain(cells(row("BERKSHIREB"), columns, 80, CONTEXT))


def test_every_column_says_what_it_means() -> None:
    """The help can explain each column."""
    assert all(column.meaning for column in COLUMNS)
