"""Ctrl-C, detaching and following, with real runs."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from engine.core.errors import ExitCode
from engine.core.paths import Home
from engine.core.records import JobState
from engine.runs.store import RunStore
from tests.helpers import ROOT, environment, new_home, stockml, wait_for

# Too many epochs to end by themselves while the test looks.
LONG = ("NVDA", "--source", "simulated", "--members", "lstm", "--epochs", "1000")


def long_home(folder: Path) -> Home:
    return new_home(folder / "h", market__simulated_sessions=520, training__early_stopping=False)


def start(out: Path, *words: str) -> "subprocess.Popen[bytes]":
    """A real command with its output in a file."""
    with out.open("w") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "engine.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd=ROOT,
        )


def test_ctrl_c_cancels_the_run_and_waits_for_its_end(tmp_path: Path) -> None:
    """One SIGINT asks the run to cancel, says so, and ends with 130 when the run has ended."""
    home, out = long_home(tmp_path), tmp_path / "out"
    process = start(out, "train", *LONG, "--home", str(home.root))
    try:
        wait_for(lambda: "running" in out.read_text() or "fit" in out.read_text(), 60, "the job")
        process.send_signal(signal.SIGINT)
        assert ExitCode.INTERRUPTED == process.wait(200)
    finally:
        process.kill()
        process.wait()
    text = out.read_text()
    (run,) = RunStore(home).recent(5)

    assert "cancelling: waiting for the run to end" in text
    assert "cancelled" in text
    assert JobState.CANCELLED is run.state
    assert not home.model("NVDA").exists()


def test_a_detached_run_is_followed_left_and_cancelled(tmp_path: Path) -> None:
    """Detached, the id is on stdout; a second starter gets 75 and the holder;
    who follows leaves it running; cancel ends it."""
    home, out = long_home(tmp_path), tmp_path / "out"
    at = ("--home", str(home.root))
    detached = stockml("train", *LONG, "--detach", *at)
    run_id = detached.stdout.strip()
    try:
        assert (0, "") == (detached.returncode, detached.stderr)
        busy = stockml("train", *LONG, *at)
        assert 75 == busy.returncode
        assert run_id in busy.stderr

        follower = start(out, "runs", "follow", *at)
        wait_for(lambda: "NVDA" in out.read_text(), 60, "the job")
        follower.send_signal(signal.SIGINT)
        assert ExitCode.INTERRUPTED == follower.wait(90)
        assert f"run {run_id} continues" in out.read_text()
        assert RunStore(home).run(run_id).live
    finally:
        stockml("runs", "cancel", run_id, *at)
    run = wait_for(
        lambda: (found := RunStore(home).run(run_id)).state.ended and found,
        90,
        "the end of the run",
    )
    shown = json.loads(stockml("runs", "show", run_id, "--json", *at).stdout)

    assert JobState.CANCELLED is run.state
    assert ["cancelled"] == [job["state"] for job in shown["jobs"]]
