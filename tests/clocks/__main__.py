"""Run the suite at each moment under libfaketime: the wall clock runs on, the monotonic is real.

`python -m tests.clocks [MOMENT ...] [-- pytest arguments]`, without a MOMENT at all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.clocks.moments import LEFT_OUT, MOMENTS, Moment
from tests.helpers import MOVED_CLOCK, ROOT

_LIBRARIES = "*/faketime/libfaketime.so.1"


def main(words: Sequence[str]) -> int:
    """0 when the suite passed at every moment asked for."""
    names, options = split(words)
    known = {moment.name: moment for moment in MOMENTS}
    unknown = sorted(set(names) - set(known))
    library = next(iter(sorted(Path("/usr/lib").glob(_LIBRARIES))), None)
    if unknown or library is None:
        problem = f"no such moment: {', '.join(unknown)}" if unknown else "install libfaketime"
        sys.stderr.write(f"{problem}; the moments are {', '.join(known)}\n")
        return 2
    failed = [
        name for name in names or known if not passes(known[name], environment(library), options)
    ]
    if failed:
        sys.stderr.write(f"failed at: {', '.join(failed)}\n")
    return 1 if failed else 0


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The moments, and what goes to pytest: the words on both sides of `--`."""
    if "--" not in words:
        return list(words), []
    at = words.index("--")
    return list(words[:at]), list(words[at + 1 :])


def environment(library: Path) -> dict[str, str]:
    """What moves the clock of every child, in the zone of the exchange."""
    return {
        **os.environ,
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "LD_PRELOAD": str(library),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(MOVED_CLOCK))),
        "TZ": "America/New_York",
    }


def pytest_line(moment: Moment, options: Sequence[str]) -> list[str]:
    """The command of one run; `options` come last, so that they can name single tests."""
    line = [sys.executable, "-m", "pytest", "-m", "not soak and not bench"]
    line += [f"--ignore={ROOT / path}" for path in LEFT_OUT]
    line += [f"--deselect={test}" for test in moment.left_out]
    return [*line, *options]


def passes(moment: Moment, surroundings: dict[str, str], options: Sequence[str]) -> bool:
    """Whether the suite, started at the moment, passes."""
    offset = (moment.start - datetime.now(UTC)).total_seconds()
    sys.stderr.write(f"{moment.name}: {moment.start:%A %Y-%m-%d %H:%M %Z}\n")
    ran = subprocess.run(
        pytest_line(moment, options),
        env={**surroundings, "FAKETIME": f"{offset:+.0f}s"},
        cwd=ROOT,
        check=False,
    )
    return ran.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
