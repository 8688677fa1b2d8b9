"""`evaluate` as a process: the table, the document, the report, and the codes it ends with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli.evaluate import lines_of
from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.forecast.fit import fit_symbol
from engine.market.fetch import stored_bars
from engine.settings.load import load
from tests.forecast.samples import QUICK
from tests.helpers import new_home, quiet_settling, stockml
from tests.vault.files import write_model


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A simulated home with models of NVDA and SPY."""
    folder = tmp_path_factory.mktemp("evaluate") / "home"
    calm = {"market__source": "simulated", "market__settle_minutes": quiet_settling()}
    found = new_home(folder, market__simulated_sessions=460, training__holdout_sessions=60, **calm)
    settings = load(found, {})
    bars = {
        name: stored_bars(found, settings, "simulated", name, SystemClock())
        for name in ("NVDA", "SPY")
    }
    found.models.mkdir(parents=True)
    for name in bars:
        candidate = fit_symbol(
            bars[name], {"SPY": bars["SPY"]}, settings, ("naive", "enhanced"), QUICK
        )
        manifest = candidate.manifest("2026-11-20T22:00:00Z", generation=1)
        write_model(found.model(name), manifest, candidate.layers, candidate.arrays)
    yield found


def test_all_live_models_are_scored_and_a_report_is_kept(home: Home) -> None:
    """Without names: every model there is, exit 0, the mark, the sessions scored, and a folder
    with three files."""
    done = stockml("evaluate", "--home", str(home.root))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["SYMBOL", "NVDA", "SPY", "pooled"]
    assert "SIMULATED" in lines[0]
    assert all("held-out" in line and "SIMULATED" in line for line in lines[2:4])
    assert "NVDA: no session lies after its last training bar" in done.stdout
    report = Path(lines[-1].partition("report: ")[2])
    assert sorted(path.name for path in report.parent.iterdir()) == [
        "evaluation.json",
        "report.html",
        "report.md",
    ]
    assert report.parent.parent == home.evaluations


def test_the_document_has_the_figures_of_every_row(home: Home) -> None:
    """`--json`: one document; n, weights, and each row with the figures that a backtest has too."""
    done = stockml("evaluate", "NVDA", "--json", "--home", str(home.root))
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, found["problems"], found["simulated"]) == (0, [], True)
    (nvda,) = found["symbols"]
    assert (nvda["symbol"], nvda["part"], nvda["n"], nvda["generation"]) == (
        "NVDA",
        "held-out",
        60,
        1,
    )
    baselines = {"constant", "range_ewma"}
    assert set(nvda["rows"]) == {"ensemble", "naive", "enhanced", "always_up", *baselines}
    assert set(nvda["rows"]["ensemble"]["skill"]) == baselines
    ours = nvda["rows"]["ensemble"]
    assert {
        "mape",
        "mase",
        "direction",
        "direction_low",
        "direction_high",
        "coverage80",
        "coverage95",
        "width80",
    } <= set(ours)
    assert {"ece", "brier", "confidence", "kept"} <= set(ours)
    assert {"crps", "interval_score80", "interval_score95", "report_days"} <= set(ours)
    assert nvda["rows"]["naive"]["mase"] == 1.0
    assert sum(nvda["weights"].values()) == pytest.approx(1.0)
    assert Path(found["folder"]).is_dir()


def test_named_symbols_without_a_model_end_in_4_and_broken_files_in_1(home: Home) -> None:
    """The others are scored all the same; the fault is one line with the next step."""
    missing = stockml("evaluate", "NVDA", "TSLA", "--home", str(home.root))
    assert (missing.returncode, "NVDA" in missing.stdout) == (4, True)
    assert "TSLA has no model" in missing.stderr
    assert "stockml train TSLA" in missing.stderr
    home.model("AAPL").write_bytes(home.model("NVDA").read_bytes()[:4000])
    broken = stockml("evaluate", "--home", str(home.root))
    home.model("AAPL").unlink()
    assert (broken.returncode, "pooled" in broken.stdout) == (1, True)
    assert "AAPL" in broken.stderr
    assert "TSLA" not in broken.stderr
    assert "Traceback" not in broken.stderr
    assert stockml("evaluate", "NVDAA", "--home", str(home.root)).returncode == 2


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    """No model at all: exit 4, the next step, no folder."""
    home = new_home(tmp_path / "home")
    done = stockml("evaluate", "--home", str(home.root))
    assert done.returncode == 4
    assert "stockml train-all" in done.stderr
    assert not home.evaluations.exists()


def test_a_terminal_of_80_columns_shows_whole_figures(home: Home) -> None:
    """The narrow table fits and keeps naive, always-up and coverage beside the figures."""
    found = json.loads(stockml("evaluate", "--json", "--home", str(home.root)).stdout)
    lines = lines_of(found, 80)
    assert all(len(line) <= 80 and "…" not in line for line in lines)
    assert {"NAIVE%", "MASE", "UP%", "KEPT%", "ECE"} <= set(lines[0].split())
