"""What commands and console show of a cluster."""

from __future__ import annotations

import msgspec


class ClusterHost(msgspec.Struct, frozen=True, kw_only=True):
    """One worker of the cluster."""

    host: str
    """The machine's own name."""
    worker: str
    symbol: str = ""
    """What it fits; empty while it waits."""
    word: str = ""
    """The last that it said of a fit."""
    memory_mb: int = 0
    free_mb: int = 0
    last_seen_s: float = 0.0
    """Seconds since the head heard it."""
    versions: dict[str, str] = {}

    @property
    def state(self) -> str:
        """`fitting`, `idle`, or `silent` when the head has not heard it for a while."""
        if self.last_seen_s > 15:
            return "silent"
        return "fitting" if self.symbol else "idle"


class ClusterView(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster as its head describes it."""

    address: str
    """`tls://host:port`; empty when this home has none."""
    answers: bool = False
    fault: str = ""
    """Why it does not answer, in words."""
    hosts: tuple[ClusterHost, ...] = ()


class TrialCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A head and workers that were started on this machine, and the units for others."""

    address: str
    workers: int
    units: tuple[str, ...] = ()
    """Paths of the systemd units that were written."""
