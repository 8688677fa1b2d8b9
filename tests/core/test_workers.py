"""How many workers a run has."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.workers import MOST, decided, worker_count


@pytest.mark.parametrize(
    ("asked", "jobs", "cores", "free_mb", "words"),
    [
        (0, 13, 2, 22_000, "2 workers (2 cores, 22000 MB free at 900 MB a worker)"),
        (0, 1000, 64, 256_000, "64 workers (64 cores)"),
        (0, 1000, 64, 16_000, "17 workers (64 cores, 16000 MB free at 900 MB a worker)"),
        (0, 1000, 128, 512_000, "64 workers (128 cores)"),
        (0, 3, 64, 256_000, "3 workers (64 cores, 3 to train)"),
        (0, 13, 4, 100, "1 worker (4 cores, 100 MB free at 900 MB a worker)"),
        (0, 13, 4, 0, "4 workers (4 cores)"),
        (8, 13, 2, 100, "8 workers (training.max_workers = 8)"),
        (8, 3, 2, 100, "3 workers (training.max_workers = 8)"),
    ],
)
def test_the_machine_decides_unless_it_is_told(
    asked: int, jobs: int, cores: int, free_mb: int, words: str
) -> None:
    """Cores, free memory and what there is to do, whichever allows least; the reason is told."""
    assert str(decided(asked, jobs, cores=cores, free_mb=free_mb, memory_mb=900)) == words


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 300))
def test_there_is_always_one(jobs: int, free_mb: int, memory_mb: int, cores: int) -> None:
    """Whatever the machine has."""
    counted = decided(0, jobs, cores=cores, free_mb=free_mb, memory_mb=memory_mb)
    assert 1 <= counted.count <= min(cores, MOST)


def test_this_machine_is_asked() -> None:
    """Its cores, of which a process may have fewer."""
    assert worker_count(0, 0, 1000).count == min(MOST, len(os.sched_getaffinity(0)))
