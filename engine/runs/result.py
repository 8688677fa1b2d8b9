"""result.json: the run as it ended, written once, so that its journal need not be read again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import msgspec

from engine.core.errors import FileError
from engine.core.files import write_atomic
from engine.core.reading import read_json
from engine.core.records import Run
from engine.runs.spec import MAX_BYTES, RunFolder

VERSION = 1
_RESERVED = 2**16
_UNREADABLE = (
    OSError,
    FileError,
    msgspec.ValidationError,
    KeyError,
    TypeError,
)


def reserve_room(folder: RunFolder) -> None:
    """Reserve disk space for the result; on a disk that is full already the result may fail."""
    with suppress(OSError):
        folder.reserve.write_bytes(b"\0" * _RESERVED)


def write_result(
    folder: RunFolder, run: Run, extra: dict[str, Any], pause: Callable[[], None], tries: int = 5
) -> bool:
    """Write result.json durably, on a full disk in the reserved space; False when it failed.

    `extra` holds figures for people (dropped log bytes, processes that could not be ended).
    """
    brief = replace(run, jobs=tuple(replace(job, losses=()) for job in run.jobs))
    tree = {"v": VERSION, **extra, "run": asdict(brief)}
    data = msgspec.json.format(msgspec.json.encode(tree)) + b"\n"
    for _ in range(tries):
        try:
            write_atomic(folder.result, data, name="result")
        except OSError:
            with suppress(OSError):
                folder.reserve.unlink()
            pause()
        else:
            with suppress(OSError):
                folder.reserve.unlink()
            return True
    return False


def read_result(folder: RunFolder) -> Run | None:
    """The run of result.json, without losses; None when it is absent or cannot be trusted."""
    try:
        tree = read_json(folder.result, dict[str, Any], MAX_BYTES)
        run = msgspec.convert(tree["run"], Run)
    except _UNREADABLE:
        return None
    return run if tree.get("v") == VERSION and run.id == folder.id and run.state.ended else None


def with_journal(result: Run, folded: Run) -> Run:
    """The run of result.json with what only the journal has: losses and skipped lines."""
    losses = {job.symbol: job.losses for job in folded.jobs}
    jobs = tuple(replace(job, losses=losses.get(job.symbol, ())) for job in result.jobs)
    return replace(result, jobs=jobs, skipped_lines=folded.skipped_lines)
