"""The workers of a cluster as cells."""

from engine.cluster.host_table import HOST_COLUMNS, host_rows
from engine.cluster.records import ClusterHost


def test_a_worker_is_a_row() -> None:
    """Sizes and times in the words of every table; silent after a while without a word."""
    host = ClusterHost(
        host="north",
        worker="north-1",
        symbol="NVDA",
        word="phase fit",
        memory_mb=78,
        free_mb=2048,
        last_seen_s=1.2,
        versions={"stockml": "0.1.0"},
    )
    silent = ClusterHost(host="south", worker="south-1", last_seen_s=60)
    first, second = host_rows((host, silent))
    assert len(first) == len(second) == len(HOST_COLUMNS)
    assert first[:6] == ("north", "north-1", "fitting", "NVDA", "82 MB", "2.1 GB")
    assert (second[2], second[3], second[6], second[7]) == ("silent", "-", "1m 00s", "-")
