"""`predict`."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from engine.core.errors import ExitCode, ModelError, NoDataError, UsageError
from engine.core.records import NextReport
from tests.cli.fakes import FORECAST, MODEL, fake, invoke, make_snapshot, trained, untrained
from tests.helpers import new_home, stockml


def test_forecasts_as_a_table(tmp_path: Path) -> None:
    """Each symbol shows close, forecast, intervals, P(up), confidence, last bar and the session
    meant."""
    engine = fake(
        tmp_path, snapshots=[make_snapshot(trained("NVDA"))], forecasts={"NVDA": FORECAST}
    )
    result = invoke(engine, "predict", "NVDA")

    assert ExitCode.DONE == result.return_value
    row = result.stdout.splitlines()[1]
    for cell in (
        "NVDA",
        "100.00",
        "101.00",
        "± 3.0 %",
        "in 2 sessions, after close",
        "98.00 to 104.00",
        "95.00 to 107.00",
        "55.0",
        "91.0",
        "2025-08-13",
        "yahoo",
    ):
        assert f" {cell} " in f" {row} "


def test_what_is_said_below_the_table(tmp_path: Path) -> None:
    """What range and confidence mean, and a report that makes the range wider."""
    tonight = NextReport(date="2025-08-12", time="after", in_sessions=0, factor=2.43)
    engine = fake(
        tmp_path,
        snapshots=[make_snapshot(trained("NVDA"), trained("SPY"))],
        forecasts={"NVDA": replace(FORECAST, report=tonight), "SPY": FORECAST},
    )
    lines = invoke(engine, "predict", "NVDA", "SPY").stdout.splitlines()

    assert lines[3] == ("RANGE: half the 80 % interval; CONF%: chance of a close within 5 %")
    assert lines[4:] == [
        "NVDA: Tomorrow 98.0–104.0 (80 %). Reports after the close: range 2.4 times the usual."
    ]


def test_a_document_has_the_range_and_the_report(tmp_path: Path) -> None:
    """Half the 80 % interval in percent; the report with exactly its four keys, or null."""
    engine = fake(
        tmp_path,
        snapshots=[make_snapshot(trained("NVDA"), trained("SPY"))],
        forecasts={"NVDA": FORECAST, "SPY": replace(FORECAST, report=None, report_known=False)},
    )
    document = json.loads(invoke(engine, "predict", "NVDA", "SPY", "--json").stdout)
    first, second = (each["forecast"] for each in document["forecasts"])

    assert (first["range80"], first["report_known"], first["horizon"]) == (3.0, True, 1)
    assert first["report"] == {
        "date": "2025-08-14",
        "time": "after",
        "in_sessions": 2,
        "factor": 1.0,
    }
    assert (second["report"], second["report_known"]) == (None, False)


def test_a_week_is_asked_for_by_its_sessions(tmp_path: Path) -> None:
    """The engine forecasts five sessions; each line says what the range is and what lies in it."""
    week = replace(
        FORECAST, next_close=100.0, target_session="2025-08-19", horizon=5, reports_within=1
    )
    engine = fake(tmp_path, snapshots=[make_snapshot(trained("NVDA"))], forecasts={"NVDA": week})
    text = invoke(engine, "predict", "NVDA", "--horizon", "5").stdout
    document = json.loads(invoke(engine, "predict", "NVDA", "--horizon", "5", "--json").stdout)

    assert "NVDA: Up to Tuesday 2025-08-19, 5 sessions: 98.0–104.0 (80 %). 1 report in it." in text
    assert document["horizon"] == 5
    forecast = document["forecasts"][0]["forecast"]
    assert (forecast["horizon"], forecast["target_session"]) == (5, "2025-08-19")
    assert engine.horizons == [5, 5]


@pytest.mark.parametrize("horizon", ["0", "2", "3", "6", "21", "x"])
def test_no_other_horizon(tmp_path: Path, horizon: str) -> None:
    """Nothing else could be told from noise."""
    engine = fake(tmp_path, snapshots=[make_snapshot(trained("NVDA"))], forecasts={})

    result = invoke(engine, "predict", "NVDA", "--horizon", horizon)
    assert isinstance(result.exception, UsageError | click.UsageError)
    assert not engine.horizons


def test_one_fault_keeps_the_others(tmp_path: Path) -> None:
    """A symbol without a model is said on stderr with its next step;
    the others are forecast, exit 4."""
    missing = NoDataError("SPY has no model", "stockml train SPY")
    rows = make_snapshot(trained("NVDA"), untrained("SPY"))
    engine = fake(tmp_path, snapshots=[rows], forecasts={"NVDA": FORECAST, "SPY": missing})
    result = invoke(engine, "predict", "NVDA", "SPY")
    tree = json.loads(invoke(engine, "predict", "NVDA", "SPY", "--json").stdout)

    assert ExitCode.NO_DATA == result.return_value
    assert "stockml: SPY has no model\n  → stockml train SPY\n" == result.stderr
    assert (101.0, None) == (
        tree["forecasts"][0]["forecast"]["next_close"],
        tree["forecasts"][0]["error"],
    )
    assert {"message": "SPY has no model", "hint": "stockml train SPY", "exit_code": 4} == tree[
        "forecasts"
    ][1]["error"]
    assert tree["forecasts"][1]["forecast"] is None


def test_a_broken_model_fails(tmp_path: Path) -> None:
    """A model that cannot be trusted is a failure, which counts before missing data."""
    rows = make_snapshot(untrained("NVDA"), untrained("SPY"))
    found = {"NVDA": ModelError("truncated"), "SPY": NoDataError("SPY has no model")}

    assert (
        ExitCode.FAILED
        == invoke(
            fake(tmp_path, snapshots=[rows], forecasts=found), "predict", "NVDA", "SPY"
        ).return_value
    )


def test_a_simulated_model_marks_its_forecast(tmp_path: Path) -> None:
    """Whatever bars are asked for, a model of a simulated market says SIMULATED."""
    row = trained("NVDA", model=replace(MODEL, source="simulated"))
    engine = fake(tmp_path, snapshots=[make_snapshot(row)], forecasts={"NVDA": FORECAST})

    assert "SIMULATED" in invoke(engine, "predict", "NVDA", "--source", "yahoo").stdout
    assert json.loads(invoke(engine, "predict", "NVDA", "--json").stdout)["forecasts"][0][
        "simulated"
    ]


def test_names_or_all(tmp_path: Path) -> None:
    """Neither names nor --all, or both, is wrong usage."""
    engine = fake(tmp_path)

    assert isinstance(invoke(engine, "predict").exception, UsageError)
    assert isinstance(invoke(engine, "predict", "NVDA", "--all").exception, UsageError)


def test_a_home_without_models(tmp_path: Path) -> None:
    """A real process on a new home ends with 4 and names the command that trains."""
    ran = stockml("predict", "NVDA", "--home", str(new_home(tmp_path / "h").root))

    assert 4 == ran.returncode
    assert "no model" in ran.stderr
    assert "→ stockml train NVDA" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_old_bars_are_marked_with_their_age(tmp_path: Path) -> None:
    """A forecast of a session that is long over says so, in the table and as JSON, of whatever
    source; only a network source can be fetched."""
    later = datetime(2025, 8, 20, 12, 0, tzinfo=UTC)
    for source, behind in (("yahoo", 5), ("csv:/srv/bars", 5)):
        row = trained("NVDA", model=replace(MODEL, source=source))
        snapshot = replace(make_snapshot(row), taken_at=later)
        engine = fake(tmp_path, snapshots=[snapshot], forecasts={"NVDA": FORECAST})
        said = invoke(engine, "predict", "NVDA").stdout

        assert "NVDA: STALE, its bars end 5 complete sessions ago" in said
        assert (source == "yahoo") == ("stockml data fetch NVDA" in said)
        assert (
            behind
            == json.loads(invoke(engine, "predict", "NVDA", "--json").stdout)["forecasts"][0][
                "bars_behind"
            ]
        )


def test_bars_that_stand_in_for_a_folder_that_is_gone_are_told_beside_the_forecast(
    tmp_path: Path,
) -> None:
    """Below the table a line, in the JSON a field; neither while the file is there."""
    row = trained("NVDA", model=replace(MODEL, source=f"csv:{tmp_path / 'bars'}"))
    engine = fake(tmp_path, snapshots=[make_snapshot(row)], forecasts={"NVDA": FORECAST})
    words = f"no folder {tmp_path / 'bars'}; its stored copy is used, up to 2025-08-12"

    assert f"NVDA: {words}" in invoke(engine, "predict", "NVDA").stdout.splitlines()
    assert (
        words
        == json.loads(invoke(engine, "predict", "NVDA", "--json").stdout)["forecasts"][0][
            "stored_copy"
        ]
    )
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "NVDA.csv").touch()
    assert "stored copy" not in invoke(engine, "predict", "NVDA").stdout
    assert (
        json.loads(invoke(engine, "predict", "NVDA", "--json").stdout)["forecasts"][0][
            "stored_copy"
        ]
        is None
    )
