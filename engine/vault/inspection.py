"""Where unknown bytes meet HDF5: a process with little memory and time that only looks at them.

`python -m engine.vault.inspection` reads requests on stdin, a JSON line and then the bytes of a
model file each, and answers a JSON line. It ends with its starter.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from engine.core.child import child_environment, read_line
from engine.core.errors import FaultKind, FileError, ModelError
from engine.core.reading import read_bytes
from engine.core.text import clean
from engine.vault.manifest import NewerModelError
from engine.vault.model_file import RESTORE, ForeignModelError, decode_model

CPU_S = 2.0
"""CPU time for one file, a usual one takes 0.03: waiting for a busy machine does not count."""
MEMORY = 96 << 20
"""Bytes of address space beyond those of an idle process, whose RSS is 45 MB."""
_WALL_S = 120.0
"""The wait for an answer; the process runs out of its CPU time long before."""
_READY = b"ready\n"
_COMMAND: tuple[str, ...] = ("-m", "engine.vault.inspection")


class FileVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says of one file; `kind` is model, foreign, newer or broken."""

    kind: str
    message: str = ""
    hint: str = ""
    generation: int = 0


class Inspector:
    """The checking process, started at the first file and once more after each that ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def check(self, raw: bytes, origin: str) -> None:
        """ModelError unless `raw` is a whole model; FileError when there is no verdict."""
        try:
            answer = self._ask(raw, origin)
        except (OSError, msgspec.MsgspecError) as error:
            raise self._without_answer(origin, error) from error
        if answer.kind == "foreign":
            raise ForeignModelError(answer.message, answer.hint)
        if answer.kind == "newer":
            raise NewerModelError(answer.message, answer.hint, answer.generation)
        if answer.kind != "model":
            raise ModelError(answer.message, answer.hint)

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, raw: bytes, origin: str) -> FileVerdict:
        if self._process is None:
            self._process = _started()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = json.dumps({"origin": origin, "size": len(raw)}).encode() + b"\n"
        for part in (memoryview(request), memoryview(raw)):
            while part:
                part = part[self._process.stdin.write(part) :]
        line = read_line(self._process.stdout.fileno(), _WALL_S)
        return msgspec.json.decode(line, type=FileVerdict)

    def _without_answer(self, origin: str, error: Exception) -> ModelError | FileError:
        """The verdict when the file ended the process, else the passing fault."""
        process, self._process = self._process, None
        ended = _end_of(process) if process else None
        if ended == -signal.SIGPROF:
            return ModelError(f"{origin} takes more than {CPU_S:g} s to read", RESTORE)
        if ended not in (None, -signal.SIGKILL):
            return ModelError(f"{origin} ends the process that reads it (exit {ended})", RESTORE)
        reason = f"the process that checks it gave no answer ({clean(str(error), 100)})"
        return FileError(origin, reason, FaultKind.UNREACHABLE, "look again; free memory")


def _started() -> subprocess.Popen[bytes]:
    """The process, once it is ready: what fails before is no fault of a file. OSError."""
    process = subprocess.Popen(
        [sys.executable, "-P", *_COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        # An interrupt ends the starter; the child must not die of it as if the file had killed it.
        start_new_session=True,
        env=child_environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
    )
    assert process.stdout is not None
    try:
        read_line(process.stdout.fileno(), _WALL_S)
    except OSError:
        _end_of(process)
        raise
    return process


def _end_of(process: subprocess.Popen[bytes]) -> int | None:
    """How the process ended by itself within a second; None where it had to be killed."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
    ended = process.returncode
    process.kill()
    process.communicate()
    return ended


def verdict_on(raw: bytes, origin: str) -> FileVerdict:
    """What the reader says of the bytes; want of memory is a verdict here."""
    try:
        decode_model(raw, origin)
    except ForeignModelError as error:
        return FileVerdict(kind="foreign", message=error.message, hint=error.hint)
    except NewerModelError as error:
        return FileVerdict(
            kind="newer", message=error.message, hint=error.hint, generation=error.generation
        )
    except ModelError as error:
        return FileVerdict(kind="broken", message=error.message, hint=error.hint)
    return FileVerdict(kind="model")


def limit_this_process() -> None:
    """From now on: MEMORY more than now, no core file, no file written."""
    pages = int(read_bytes(Path("/proc/self/statm")).split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))


def main() -> int:
    """Answer one request after the other until stdin ends."""
    limit_this_process()
    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    for line in sys.stdin.buffer:
        request: dict[str, Any] = json.loads(line)
        raw = sys.stdin.buffer.read(request["size"])
        signal.setitimer(signal.ITIMER_PROF, CPU_S)  # its signal ends the process
        answer = verdict_on(raw, request["origin"])
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
