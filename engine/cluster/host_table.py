"""The workers of a cluster as the cells of a table, for commands and console."""

from __future__ import annotations

from collections.abc import Sequence

from engine.cluster.records import ClusterHost
from engine.words import figures, times
from engine.words.tables import TableColumn

HOST_COLUMNS = (
    TableColumn("HOST", meaning="the machine's own name"),
    TableColumn("WORKER", 2, meaning="the name it joined with"),
    TableColumn("STATE", meaning="idle, fitting, or silent when its head has not heard it"),
    TableColumn("SYMBOL", meaning="what it fits"),
    TableColumn("MEMORY", 3, right=True, meaning="what the worker holds, without its fit"),
    TableColumn("FREE", 1, right=True, meaning="memory that its machine has free"),
    TableColumn("SEEN", right=True, meaning="since its head heard it"),
    TableColumn("STOCKML", 4, meaning="its version"),
    TableColumn("LAST WORD", 5, meaning="the last it said of a fit"),
)


def host_rows(hosts: Sequence[ClusterHost]) -> list[tuple[str, ...]]:
    """The cells of each worker."""
    return [
        (
            host.host,
            host.worker,
            host.state,
            host.symbol or "-",
            figures.size(host.memory_mb * 2**20),
            figures.size(host.free_mb * 2**20),
            times.duration(host.last_seen_s),
            host.versions.get("stockml", "-"),
            host.word or "-",
        )
        for host in hosts
    ]
