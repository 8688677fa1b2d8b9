"""The commands that train."""

import json
from pathlib import Path

import pytest

from engine.core.errors import BusyError, ExitCode, UsageError
from engine.core.records import Job, JobState, StartedRun
from tests.cli.fakes import done, fake, invoke, make_run
from tests.helpers import stockml


def test_train_follows_and_ends_with_the_table(tmp_path: Path) -> None:
    """Training says its progress and ends with one row a symbol, exit 0."""
    engine = fake(
        tmp_path,
        plays=[
            make_run(Job("NVDA", JobState.RUNNING, phase="fit"), state=JobState.RUNNING),
            make_run(done("NVDA")),
        ],
    )
    result = invoke(engine, "train", "NVDA", "NVDA")

    assert ExitCode.DONE == result.return_value
    assert ("NVDA",) == engine.requests[0].symbols
    assert "NVDA  fit" in result.stdout
    assert "NVDA    done   52.5   2.14    2.20  0.973        91.4   23s" in result.stdout


def test_the_table_of_a_simulated_run_is_marked(tmp_path: Path) -> None:
    """The last words of a simulated training say that its figures are of no real prices;
    a real one's do not."""
    for source, marked in (("simulated", True), ("yahoo", False)):
        said = invoke(
            fake(tmp_path / source, plays=[make_run(done("NVDA"), source=source)]), "train", "NVDA"
        ).stdout
        table = said[: said.index("SYMBOL")].splitlines()

        assert marked == (table[-1] == "SIMULATED: not real prices")


def test_warnings_are_said_and_documented(tmp_path: Path) -> None:
    """What a job warned of stands on the screen and in the JSON, not in a log alone."""
    warned = "bars stored 449 days ago are used"
    engine = fake(tmp_path, plays=[make_run(done("NVDA", warnings=(warned,)))])

    assert f"NVDA  warning: {warned}" in invoke(engine, "train", "NVDA").stdout
    tree = json.loads(invoke(engine, "train", "NVDA", "--json").stdout)
    assert [warned] == tree["run"]["jobs"][0]["warnings"]


def test_options_reach_the_request(tmp_path: Path) -> None:
    """Every option of the command line stands in the request, the source included."""
    engine = fake(tmp_path, plays=[make_run(done("NVDA"))])
    invoke(
        engine,
        "--source",
        "simulated",
        "train",
        "NVDA",
        "--epochs",
        "3",
        "--members",
        "naive,lstm",
        "--members",
        "naive",
        "--accept-worse",
        "--replace-source",
        "--accept-rebase",
    )
    request = engine.requests[0]

    assert (3, ("naive", "lstm"), True, True) == (
        request.epochs,
        request.members,
        request.accept_worse,
        request.replace_source,
    )
    assert request.accept_rebase
    assert "simulated" == engine.source == request.source


def test_train_all_takes_every_symbol(tmp_path: Path) -> None:
    """Train-all asks for the 13 configured symbols, in their order."""
    engine = fake(tmp_path, plays=[make_run(done("NVDA"))])
    invoke(engine, "train-all")

    assert engine.settings.current.names == engine.requests[0].symbols
    assert 13 == len(engine.requests[0].symbols)


def test_quick_train(tmp_path: Path) -> None:
    """Without names quick-train takes priority high, with the few epochs of the settings unless
    told otherwise."""
    engine = fake(tmp_path, plays=[make_run(done("NVDA"))])
    invoke(engine, "quick-train")
    invoke(engine, "quick-train", "SPY", "--epochs", "2")

    assert [("NVDA", "TSLA", "AAPL"), ("SPY",)] == [request.symbols for request in engine.requests]
    assert [10, 2] == [request.epochs for request in engine.requests]
    assert "quick" == engine.requests[0].reason


def test_busy_symbols_are_named_and_the_rest_trained(tmp_path: Path) -> None:
    """A symbol another process trains is left out with its holder;
    the rest decide the exit code."""
    engine = fake(
        tmp_path,
        plays=[make_run(done("NVDA"))],
        started=StartedRun("run-1", ("NVDA",), (("TSLA", "run run-0 (cron)"),)),
    )
    result = invoke(engine, "train", "NVDA", "TSLA", "--json")
    tree = json.loads(result.stdout)

    assert ExitCode.DONE == result.return_value == tree["exit_code"]
    assert "TSLA is left out: run run-0 (cron) trains it" in result.stderr
    assert [{"symbol": "TSLA", "holder": "run run-0 (cron)"}] == tree["busy"]
    assert "done" == tree["run"]["jobs"][0]["state"]
    assert "[1/1] NVDA" in result.stderr


def test_all_busy_is_an_error(tmp_path: Path) -> None:
    """When every symbol is held the fault reaches the shell as 75."""
    engine = fake(
        tmp_path, started=BusyError("NVDA is being trained by run run-0 (cron)", holder="run run-0")
    )
    result = invoke(engine, "train", "NVDA")

    assert isinstance(result.exception, BusyError)
    assert ExitCode.BUSY == result.exception.exit_code


def test_detach_prints_the_run_and_leaves(tmp_path: Path) -> None:
    """Detached, stdout is the id of the run, and nothing is followed."""
    engine = fake(tmp_path)

    assert "run-1\n" == invoke(engine, "train", "NVDA", "--detach").stdout
    assert (
        "run-1"
        == json.loads(invoke(engine, "train", "NVDA", "--detach", "--json").stdout)["run"]["id"]
    )


def test_a_failed_job_shows_its_next_step(tmp_path: Path) -> None:
    """A job without data ends in 4, its message in the table and its hint on stderr;
    many with one hint share the line."""
    job = Job("SMR", JobState.FAILED, message="no bars", hint="give --source csv:DIR", exit_code=4)
    result = invoke(fake(tmp_path, plays=[make_run(job, state=JobState.FAILED)]), "train", "SMR")
    both = make_run(
        job,
        Job("AUR", JobState.FAILED, hint="give --source csv:DIR", exit_code=4),
        state=JobState.FAILED,
    )
    shared = invoke(fake(tmp_path, plays=[both]), "train", "SMR", "AUR")

    assert ExitCode.NO_DATA == result.return_value
    assert "no bars" in result.stdout
    assert "→ SMR: give --source csv:DIR" in result.stderr
    assert "  → SMR AUR: give --source csv:DIR\n" == shared.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "NVDAX"), "unknown symbol 'NVDAX'"),
        (("train", "nvda"), "unknown symbol 'nvda'"),
        (("train", "NVDA", "--members", "lstn"), "unknown member 'lstn'"),
    ],
)
def test_mistakes_start_nothing(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """An unknown symbol or member is refused in words before anything starts."""
    engine = fake(tmp_path)
    result = invoke(engine, *words)

    assert isinstance(result.exception, UsageError)
    assert said in result.exception.message
    assert [] == engine.requests


def test_unknown_symbol_in_a_real_process(tmp_path: Path) -> None:
    """The shell sees exit 2, one line with the value and one with the next step, and no escape
    code."""
    ran = stockml("--home", str(tmp_path / "h"), "train", "\x1b[31mNVDX")

    assert 2 == ran.returncode
    assert "stockml: unknown symbol 'NVDX'\n  → did you mean NVDA?\n" == ran.stderr
    assert "" == ran.stdout
