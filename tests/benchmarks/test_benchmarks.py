"""The benchmarks themselves: the table says what missed, a command's cost holds what it left
behind."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from engine.settings import load as config
from tests.benchmarks.__main__ import BENCHMARKS, machine, measured, table
from tests.benchmarks.common import Bench, Row, middle, simulated_home
from tests.benchmarks.train import peer_line, pooled
from tests.helpers import ROOT, environment


def test_every_benchmark_is_a_module_with_rows() -> None:
    """Each name of the table of benchmarks leads to a function `rows`."""
    for module in BENCHMARKS.values():
        assert callable(import_module(module).rows)


def test_the_table_tells_what_missed_its_budget() -> None:
    """Medians stand with their spread;
    over the most or under the least is OVER, nothing measured is FAILED."""
    rows = [
        middle("slow", (3.0, 9.0, 2.0), "s", 2.5),
        Row("fast", 12.0, "×", 10, least=True),
        Row("free", 1.0, "s"),
    ]
    lines = list(table({"some": rows, "none": []}))
    assert "| 3 s " in lines[2]
    assert "2 to 9" in lines[2]
    assert "≤ 2.5" in lines[2]
    assert [row.verdict for row in rows] == ["OVER", "OK", "-"]
    assert Row("slower", 9.0, "×", 10, least=True).verdict == "OVER"
    assert "FAILED" in lines[5]
    assert len({len(line) for line in lines}) == 1


def test_a_benchmark_that_breaks_costs_its_own_rows(tmp_path: Path) -> None:
    """One benchmark's exception leaves the others their figures."""
    BENCHMARKS["broken"] = "tests.benchmarks.no_such_module"
    try:
        assert list(measured("broken", Bench(tmp_path))) == []
    finally:
        del BENCHMARKS["broken"]
    assert "load average before 1.0" in machine("1.0")


def test_the_cost_holds_what_a_command_left_behind() -> None:
    """CPU seconds of a process that outlives its starter in a session of its own are counted,
    and it is waited for."""
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    leave = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}],"
        " start_new_session=True); print('left')"
    )
    script = (
        "import sys\nfrom engine.runs.processes import adopt_orphans\nfrom tests.benchmarks.common"
        " import run\nadopt_orphans()\nused = run([sys.executable, '-c',"
        f" {leave!r}])\nprint(used.cpu > 0.5, used.peak_mb > 1, used.code, used.output.strip())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=True,
    )
    assert done.stdout.split() == ["True", "True", "0", "left"]


def test_a_home_may_have_made_up_symbols(tmp_path: Path) -> None:
    """The settings with 20 symbols are valid ones."""
    assert len(config.load(simulated_home(tmp_path, symbols=20)).names) == 20


def test_the_peer_stops_where_ours_is_held_out(tmp_path: Path) -> None:
    """The peer learns up to the bar before the held-out sessions;
    errors are pooled by their number."""
    (tmp_path / "ABC.csv").write_text(
        "date,open\n" + "".join(f"2024-01-{day:02},1\n" for day in range(1, 11))
    )
    assert peer_line(tmp_path, "ABC", 3)[-2] == "2024-01-07"
    assert (
        pooled([{"n": 1, "mape": 3.0, "naive_mape": 1.0}, {"n": 3, "mape": 1.0, "naive_mape": 1.0}])
        == 1.5
    )
