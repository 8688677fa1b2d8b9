"""Loaded by every Python under the moved clock, to give it a `time.sleep` that works there.

CPython sleeps until a moment of the monotonic clock. libfaketime takes its offset from that too,
though it leaves this clock real, and the kernel refuses the result (OSError EINVAL).
"""

import select
import time


def sleep(seconds: float) -> None:
    """Sleep by `select`, which counts from now."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        select.select([], [], [], left)
    # CPython gives up its turn even for 0 seconds.
    select.select([], [], [], 0)


time.sleep = sleep  # type: ignore[assignment]
