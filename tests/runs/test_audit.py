"""A run leaves two lines in the record: who started it, and how it ended."""

from engine.core.audit_log import read_entries
from tests.helpers import wait_for
from tests.runs.conftest import Bench


def test_the_end_of_a_run_is_recorded(bench: Bench) -> None:
    """The supervisor writes which symbols ended how, and who had started them, when nobody waits
    any more."""
    bench.do(TSLA="fail")
    started = bench.start("NVDA", "TSLA")
    bench.ended(started)
    (entry,) = wait_for(lambda: list(read_entries(bench.home)), 20, "the line")

    assert (entry.action, entry.outcome, entry.details["run"]) == (
        "train",
        "failed",
        started.run_id,
    )
    assert (entry.details["done"], entry.details["failed"]) == (["NVDA"], ["TSLA"])
    assert entry.details["started_by"]
