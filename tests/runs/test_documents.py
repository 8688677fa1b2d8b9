"""The keys of the files of a run: what readers of another version rely on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from engine.core.events import Event, encode
from engine.core.paths import Home
from engine.core.records import EpochLoss, Job, JobState, Metrics, Run
from engine.runs.result import write_result
from engine.runs.spec import RunSpec, new_run_id, run_folder, write_spec

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_a_spec_keeps_its_keys(tmp_path: Path) -> None:
    """The request and its limits."""
    folder = run_folder(Home(tmp_path), new_run_id(NOW))
    folder.path.mkdir(parents=True)
    write_spec(folder, RunSpec(id=folder.id, created_at=NOW, symbols=("NVDA",)))
    tree = json.loads(folder.spec.read_text())
    assert set(tree) == {
        *("v", "id", "kind", "reason", "source", "created_at", "starter", "symbols", "busy"),
        *("epochs", "members", "reasons", "accept_worse", "replace_source", "accept_doubts"),
        *("accept_rebase", "reports", "limits"),
        *("executor", "executor_fallback", "remote_workers"),
    }
    assert set(tree["limits"]) == {
        *("workers", "wall_s", "stall_s", "memory_mb", "memory_wait_s", "grace_s"),
    }


def test_a_result_keeps_its_keys(tmp_path: Path) -> None:
    """The run, its jobs and their figures."""
    folder = run_folder(Home(tmp_path), new_run_id(NOW))
    folder.path.mkdir(parents=True)
    job = Job("NVDA", JobState.DONE, metrics=Metrics(), losses=(EpochLoss(1, 0.5, 0.5),))
    run = Run(folder.id, "train", "manual", "simulated", NOW, "me", JobState.DONE, (job,))
    assert write_result(folder, run, {}, pause=lambda: None)
    tree = json.loads(folder.result.read_text())
    assert set(tree) == {"v", "run"}
    assert set(tree["run"]) == {
        *("id", "kind", "reason", "source", "created_at", "starter", "state", "jobs", "ended_at"),
        *("message", "cancelling", "skipped_lines", "last_event_at", "warnings"),
    }
    assert set(tree["run"]["jobs"][0]) == {
        *("symbol", "state", "phase", "epoch", "epochs", "loss", "val_loss", "eta_s"),
        *("started_at", "ended_at", "duration_s", "message", "generation", "metrics", "champion"),
        *("losses", "hint", "exit_code", "warnings"),
    }
    assert set(tree["run"]["jobs"][0]["metrics"]) == {
        *("n_scored", "direction_accuracy", "mape", "naive_mape", "mase", "confidence"),
        *("crps", "interval_score80", "interval_score95", "crps_skill"),
    }


def test_an_event_keeps_its_keys() -> None:
    """The head of every line; what follows is the event's own."""
    line = encode(Event(1, NOW, 2.0, "run", "worker-1", "NVDA", "epoch", {"epoch": 1}))
    assert list(json.loads(line)) == [
        *("v", "seq", "ts", "mono", "run", "src", "symbol", "type", "epoch"),
    ]
