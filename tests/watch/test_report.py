"""The report of the newest checks keeps its keys, and so do the live figures."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from engine.core.paths import Home
from engine.watch.records import Accuracy
from engine.watch.report import LastCheck, write_report
from tests.watch.homes import SUNDAY

CHECK_KEYS = (
    "symbol at via source response_time confidence status direction_accuracy mape age_days"
    " generation basis text"
)
ACCURACY_KEYS = (
    "symbol n waiting first last mape naive_mape mase direction_accuracy direction_low"
    " direction_high moved coverage80 coverage95 confidence kept ece source"
)


def test_the_report_keeps_its_keys(tmp_path: Path) -> None:
    """Programs read performance_report_*.json by these keys, also before the first check."""
    home = Home(tmp_path)
    path, tree = write_report(home, ("NVDA",), (), SUNDAY)
    assert path.is_file()
    assert list(tree) == [
        "timestamp",
        "monitoring_period",
        "symbols_monitored",
        "total_symbols",
        "not_checked",
        "system_status",
        "checks",
        "generated_by",
    ]
    assert (tree["not_checked"], tree["total_symbols"]) == (["NVDA"], 1)
    assert [field.name for field in fields(LastCheck)] == CHECK_KEYS.split()


def test_the_live_figures_keep_their_keys() -> None:
    """`accuracy --json` and the service's accuracy routes are made from these fields."""
    assert [field.name for field in fields(Accuracy)] == ACCURACY_KEYS.split()
