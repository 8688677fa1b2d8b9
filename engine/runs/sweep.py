"""Ending a process tree: everything below the supervisor that no living worker owns, nothing else.

A `setsid` grandchild leaves its process group but not the descendants of a subreaper, and a group
signal sent too early hits the sender's own group.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Mapping

from engine.runs.processes import (
    Identity,
    ProcessStat,
    boot_id,
    descendants,
    process_table,
    reap,
    send,
)


def strays(me: int, keep: Collection[int], table: Mapping[int, ProcessStat]) -> list[int]:
    """The pids below `me` that are neither in `keep` nor below one of them."""
    kept = {pid for root in keep for pid in (root, *descendants(root, table))}
    return [pid for pid in descendants(me, table) if pid not in kept]


def sweep(keep: Collection[int], own: Collection[int], patience_s: float = 5.0) -> tuple[int, ...]:
    """SIGKILL strays and collect all but `own`; the pids still there after `patience_s`."""
    end = time.monotonic() + patience_s
    while True:
        table = process_table()
        stray_pids = strays(os.getpid(), keep, table)
        alive = [pid for pid in stray_pids if table[pid].state not in "ZX"]
        for pid in alive:
            send(Identity(pid, table[pid].ticks, boot_id()), signal.SIGKILL)
        for pid in stray_pids:
            if pid not in own and table[pid].parent == os.getpid():
                reap(pid)
        if not alive or time.monotonic() > end:
            return tuple(alive)
        time.sleep(0.005)


def reap_adopted(own: Collection[int]) -> None:
    """Collect adopted children that ended by themselves, so that they do not stay as zombies."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        reap(ended.si_pid)
