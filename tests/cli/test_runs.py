"""`runs list|show|follow|cancel`."""

import json
from pathlib import Path

import pytest

from engine.cli.runs import match, only_live
from engine.core.errors import ExitCode, UsageError
from engine.core.records import Job, JobState
from tests.cli.fakes import done, fake, invoke, make_run

LIVE = JobState.RUNNING


def test_list(tmp_path: Path) -> None:
    """The newest runs are listed with state, jobs and starter, or as a document."""
    engine = fake(
        tmp_path,
        plays=[
            make_run(Job("NVDA", LIVE), done("SPY"), state=LIVE),
            make_run(done("SPY"), run_id="run-0"),
        ],
    )
    text = invoke(engine, "runs", "list").stdout
    tree = json.loads(invoke(engine, "runs", "list", "--limit", "1", "--json").stdout)

    assert "1/2" in text.splitlines()[1]
    assert "stockml, pid 7" in text.splitlines()[2]
    assert ["run-1"] == [run["id"] for run in tree["runs"]]


def test_a_narrow_list_marks_simulated_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On 80 columns the source is still there, also on fewer, and a run that is being cancelled
    says so."""
    monkeypatch.setattr("engine.cli.runs.terminal_width", lambda: 80)
    run_id = "20261122-213802-f1cfe4"
    played = make_run(
        Job("NVDA", LIVE), state=LIVE, run_id=run_id, source="simulated", cancelling=True
    )
    line = invoke(fake(tmp_path, plays=[played]), "runs", "list").stdout.splitlines()[1]

    assert "cancelling" in line
    assert "SIMULATED" in line
    assert len(line) <= 80
    monkeypatch.setattr("engine.cli.runs.terminal_width", lambda: 40)
    assert "SIMULATED" in invoke(fake(tmp_path, plays=[played]), "runs", "list").stdout


def test_no_run_yet(tmp_path: Path) -> None:
    """An empty home lists nothing and says what starts a run; showing one is wrong usage."""
    engine = fake(tmp_path)

    assert "train-all" in invoke(engine, "runs", "list").stdout
    assert isinstance(invoke(engine, "runs", "show").exception, UsageError)


def test_show(tmp_path: Path) -> None:
    """One run shows its jobs, the message of each, and how far the live ones are."""
    run = make_run(
        Job("NVDA", LIVE, phase="fit"),
        Job("SMR", JobState.FAILED, message="no bars"),
        state=LIVE,
        skipped_lines=2,
    )
    engine = fake(tmp_path, plays=[run])
    result = invoke(engine, "runs", "show")

    assert "no bars" in result.stdout
    assert result.stdout.endswith("NVDA: fitting\n")
    assert "2 lines of its journal" in result.stderr
    assert "run-1" == json.loads(invoke(engine, "runs", "show", "run-1", "--json").stdout)["id"]


def test_follow_tells_how_it_ended(tmp_path: Path) -> None:
    """Following ends with the table and the exit code of the run."""
    failed = Job("NVDA", JobState.FAILED, message="nan loss", exit_code=1)
    engine = fake(
        tmp_path,
        plays=[make_run(Job("NVDA", LIVE), state=LIVE), make_run(failed, state=JobState.FAILED)],
    )
    result = invoke(engine, "runs", "follow", "run-1")

    assert ExitCode.FAILED == result.return_value
    assert "nan loss" in result.stdout


def test_cancel(tmp_path: Path) -> None:
    """Cancel asks the live run; an ended one is said to have ended and is left alone."""
    live = fake(tmp_path / "a", plays=[make_run(Job("NVDA", LIVE), state=LIVE)])
    ended = fake(tmp_path / "b", plays=[make_run(done("NVDA"))])

    assert "asked to stop" in invoke(live, "runs", "cancel").stdout
    assert ["run-1"] == live.cancelled
    assert "has ended already: done" in invoke(ended, "runs", "cancel", "run-1").stdout
    assert [] == ended.cancelled


def test_cancel_of_a_lost_run_ends_what_it_left(tmp_path: Path) -> None:
    """A lost run may have left a stopped worker that holds a symbol: naming the run ends it."""
    lost = fake(tmp_path, plays=[make_run(Job("NVDA", JobState.LOST), state=JobState.LOST)])

    assert "is lost" in invoke(lost, "runs", "cancel", "run-1").stdout
    assert ["run-1"] == lost.cancelled


def test_a_run_is_named_by_its_beginning() -> None:
    """A full id wins, a unique beginning is enough, an ambiguous or unknown one is refused."""
    runs = (
        make_run(run_id="20250813-aa"),
        make_run(run_id="20250813-ab"),
        make_run(run_id="20250813"),
    )

    assert runs[0] is match("20250813-aa", runs)
    assert runs[2] is match("20250813", runs)
    for wrong in ("20250813-", "2026"):
        with pytest.raises(UsageError):
            match(wrong, runs)


def test_only_one_live_run_may_stay_unnamed() -> None:
    """Cancel without a name needs exactly one live run."""
    live, other = make_run(state=LIVE), make_run(state=LIVE, run_id="run-2")

    assert live is only_live((live, make_run()))
    for runs in ((make_run(),), (live, other)):
        with pytest.raises(UsageError):
            only_live(runs)


def test_an_id_is_checked_first(tmp_path: Path) -> None:
    """A path in place of an id is refused before any file is looked at."""
    result = invoke(fake(tmp_path), "runs", "show", "../../etc")

    assert isinstance(result.exception, UsageError)
    assert "not a run id" in result.exception.message
