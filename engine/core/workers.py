"""How many workers a run has: as many as are asked for, else as cores and free memory allow."""

from __future__ import annotations

import os
from dataclasses import dataclass

from engine.core.memory import available_mb

MOST = 64
"""The most that training.max_workers takes; a supervisor was measured with as many."""


@dataclass(frozen=True, slots=True)
class WorkerCount:
    """The number of workers, and why so many."""

    count: int
    reason: str

    def __str__(self) -> str:
        noun = "worker" if self.count == 1 else "workers"
        return f"{self.count} {noun} ({self.reason})"


def worker_count(asked: int, memory_mb: int, jobs: int) -> WorkerCount:
    """The workers for `jobs` on this machine; `asked` is 0 where the machine decides."""
    cores = len(os.sched_getaffinity(0))
    return decided(asked, jobs, cores=cores, free_mb=available_mb(), memory_mb=memory_mb)


def decided(asked: int, jobs: int, *, cores: int, free_mb: int, memory_mb: int) -> WorkerCount:
    """The least of what cores, free memory and jobs allow, but one; `memory_mb` is for a worker.

    Memory counts where both figures are known (not 0).
    """
    jobs = max(1, jobs)
    if asked:
        return WorkerCount(min(asked, jobs), f"training.max_workers = {asked}")
    fitting = max(1, free_mb // memory_mb) if free_mb and memory_mb else MOST
    count = min(cores, fitting, jobs, MOST)
    core_words = "1 core" if cores == 1 else f"{cores} cores"
    memory = f", {free_mb} MB free at {memory_mb} MB a worker" if fitting < MOST else ""
    symbols = f", {jobs} to train" if count == jobs < min(cores, fitting) else ""
    return WorkerCount(count, f"{core_words}{memory}{symbols}")
