"""Records as text."""

from dataclasses import replace

from engine.cli import render
from engine.core.records import Job, JobState, Level, SymbolState
from engine.words.tables import titles_of
from tests.cli.fakes import (
    FORECAST,
    METRICS,
    MODEL,
    NOW,
    done,
    make_run,
    make_snapshot,
    trained,
    untrained,
)


def test_a_narrow_forecast_keeps_its_session_and_source() -> None:
    """80 columns lose the wider interval, the last bar and the report;
    for which session it is and SIMULATED stay on the line."""
    cells = render.forecast_cells(
        "GOOGL", replace(FORECAST, last_close=1234.5, low80=1180.25), "simulated"
    )
    heads, line = render.forecast_table([cells], 80)

    assert ["REPORT", "95 %", "LAST BAR"] == [
        head for head in titles_of(render.FORECAST_COLUMNS) if head not in heads
    ]
    assert line.endswith("2025-08-13 SIMULATED")
    assert len(line) <= 80
    assert "95.00 to 107.00" in render.forecast_table([cells])[1]
    assert [heads, line] == render.forecast_table([cells], 40)


def test_a_row_shows_what_is_known() -> None:
    """A trained symbol shows forecast, figures, age and source;
    an untrained one dashes and the reason."""
    lines = render.status_table(make_snapshot(trained("NVDA"), untrained("SPY")))

    assert "± 3.0 %  in 2 sessions, after close   91.0  52.5   2.14  0.973  120   2d" in lines[1]
    assert lines[3].endswith("CONF%: chance of a close within 5 %")
    assert lines[2].startswith("SPY     NONE")
    assert lines[2].endswith("not trained yet")


def test_confidence_is_said_of_a_forecast_alone() -> None:
    """Without a forecast the held-out mean does not stand in its place;
    80 columns leave out TRAINED first."""
    row = trained("NVDA", forecast=None)
    cells = dict(zip(titles_of(render.STATUS_COLUMNS), render.status_cells(row, NOW), strict=True))
    heads = render.status_table(make_snapshot(row), 80)[0].split()

    assert ("-", "120") == (cells["CONF%"], cells["N"])
    assert [head for head in titles_of(render.STATUS_COLUMNS) if head != "TRAINED"] == heads


def test_the_title_says_what_is_critical() -> None:
    """The meters behind the worst state are named with their values."""
    calm = make_snapshot(trained())

    assert render.title(replace(calm, worst=Level.CRIT)).endswith("CRIT (DISK 91%)")
    assert render.title(calm).endswith("OK")


def test_simulated_is_said() -> None:
    """A model of a simulated market is marked in its row, and the title says that prices are not
    real."""
    row = trained("NVDA", model=replace(MODEL, source="simulated"))

    assert "SIMULATED" in "".join(render.status_table(make_snapshot(row)))
    assert "SIMULATED: not real prices" in render.title(make_snapshot(row, simulated=True))
    assert "SIMULATED" not in render.title(make_snapshot(trained()))


def test_a_narrow_terminal_keeps_the_mark() -> None:
    """At 80 columns every line fits, and SIMULATED is still in its row."""
    row = trained(
        "GOOGL",
        model=replace(MODEL, source="simulated"),
        state=SymbolState.CANCELLED,
        note="a long note " * 9,
    )
    lines = render.status_table(make_snapshot(row), 80)

    assert all(len(line) <= 80 for line in lines)
    assert "SIMULATED" in lines[1]
    assert "TRAINED" not in lines[0]


def test_an_empty_home_says_what_to_do() -> None:
    """Without any model the table ends with the command that trains them."""
    assert "train-all" in render.status_table(make_snapshot(untrained("SPY")))[-1]


def test_live_progress() -> None:
    """A job in a live run shows phase, epoch, loss and ETA, and its run is listed below."""
    job = Job("NVDA", JobState.RUNNING, phase="fit", epoch=3, epochs=10, loss=0.01234, eta_s=75)
    run = make_run(job, done("TSLA"), state=JobState.RUNNING)
    lines = render.status_table(
        make_snapshot(trained(job=job, state=SymbolState.TRAIN), runs=(run,))
    )

    assert lines[1].endswith("fitting  epoch 3/10  loss 0.0123  ETA 1m 15s")
    assert lines[-1].startswith("RUNNING run-1 ")


def test_result_table_lists_the_busy() -> None:
    """A symbol left out stands in the table with its holder."""
    lines = render.result_table([done("NVDA", metrics=METRICS)], [("TSLA", "run run-0 (cron)")])

    assert "NVDA    done   52.5   2.14    2.20  0.973        91.4   23s" == lines[1]
    assert "MEAN CONF%" in lines[0], "CONF% is what is said of one forecast"
    assert lines[2].endswith("held by run run-0 (cron)")
