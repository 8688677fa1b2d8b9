"""The guide's plain-text page."""

import json
from dataclasses import replace
from pathlib import Path

from engine.cli.dashboard import page
from engine.core.records import Job, JobState, SymbolState
from tests.cli.fakes import (
    MODEL,
    NOW,
    done,
    fake,
    invoke,
    make_run,
    make_snapshot,
    trained,
    untrained,
)


def test_the_page_reads_as_the_guides() -> None:
    """Head, time, one line a model with size and time, performance, resources."""
    lines = page(make_snapshot(trained("NVDA"), untrained("MSFT")))
    when = MODEL.trained_at.astimezone()

    assert "=== ML Stock Prediction Dashboard ===" == lines[0]
    assert f"Generated: {NOW.astimezone():%Y-%m-%d %H:%M:%S}" == lines[1]
    assert f"✅ NVDA: 241 kB ({when:%Y-%m-%d %H:%M}) FRESH" in lines
    assert "❌ MSFT: Not trained" in lines
    assert any(
        line.startswith(f"{when.isoformat(timespec='seconds')} NVDA: MAPE 2.14 %") for line in lines
    )
    assert "DISK    91.0%  CRIT  (4.0 GB free)" in lines


def test_bad_states_are_said() -> None:
    """A model that cannot be used is marked and says why; a simulated one is marked SIMULATED."""
    corrupt = replace(untrained("AUR"), state=SymbolState.CORRUPT, note="digest does not match")
    lost = trained("TSLA", state=SymbolState.LOST, model=replace(MODEL, source="simulated"))
    lines = page(make_snapshot(corrupt, lost, problems=("runs cannot be read: \x1b[2Jx",)))

    assert "❌ AUR: CORRUPT digest does not match" in lines
    assert any(line.startswith("❌ TSLA:") and line.endswith("LOST SIMULATED") for line in lines)
    assert "runs cannot be read: x" in lines


def test_live_runs_are_on_the_page() -> None:
    """What trains now stands under its own head, and the head is absent when nothing does."""
    run = make_run(Job("NVDA", JobState.RUNNING), done("SPY"), state=JobState.RUNNING)

    assert "=== Running ===" in page(make_snapshot(trained(), runs=(run,)))
    assert "=== Running ===" not in page(make_snapshot(trained(), runs=(make_run(done("SPY")),)))


def test_colour_only_where_asked() -> None:
    """Without colour the page has no escape code; with it a critical resource has one."""
    snapshot = make_snapshot(trained("NVDA"))

    assert "\x1b" not in "".join(page(snapshot))
    assert any("\x1b[31m" in line and "CRIT" in line for line in page(snapshot, colour=True))


def test_without_signs() -> None:
    """A terminal that cannot show the signs gets words."""
    lines = page(make_snapshot(trained("NVDA"), untrained("MSFT")), marks=False)

    assert any(line.startswith("OK NVDA:") for line in lines)
    assert all(line.isascii() for line in lines)


def test_the_command_prints_it_plain(tmp_path: Path) -> None:
    """In a pipe the command prints the page without colour, or the status document."""
    engine = fake(tmp_path, snapshots=[make_snapshot(trained("NVDA"))])

    assert invoke(engine, "dashboard").stdout.startswith("=== ML Stock Prediction Dashboard ===\n")
    assert (
        "NVDA" == json.loads(invoke(engine, "dashboard", "--json").stdout)["symbols"][0]["symbol"]
    )
