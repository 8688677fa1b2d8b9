"""The jobs that a schedule can hold, a row each in JOBS, and the crontab command of each."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from difflib import get_close_matches
from pathlib import Path

from engine.core.errors import StockmlError, UsageError
from engine.core.paths import Home
from engine.core.text import clean

# Debian cron refuses a command of 999 bytes; cronie takes more.
LONGEST_COMMAND = 998
_SHEBANG = re.compile(r"#!(/\S*/python[0-9.]*)\n")
# pip writes this form where the path is long or has a blank.
_LONG_SHEBANG = re.compile(r"""#!/bin/sh\n'''exec' "?(/[^"\n]*/python[0-9.]*)"? "\$0" """.rstrip())


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job cron can start: `verb` follows `stockml`, `log` is the folder of its cron.log."""

    name: str
    verb: tuple[str, ...]
    _: KW_ONLY
    expression: str
    log: str
    summary: str
    standard: bool = True
    """Whether the first `schedule install` includes it."""
    trains: bool = False
    """Whether it trains: such jobs share a lock, and `clean` yields to them."""
    heavy: bool = False
    """Whether to warn when its slots come close to those of another heavy job."""

    @property
    def reboot(self) -> bool:
        """Whether it may be started by @reboot: it runs until it is stopped."""
        return self.name == "serve"

    def log_path(self, home: Home) -> Path:
        """logs/training/cron.log or logs/monitoring/cron.log."""
        return home.logs / self.log / "cron.log"

    def lock_path(self, home: Home) -> Path:
        """Held while the job runs; lower case, so that no symbol's lock has this name."""
        return home.locks / f"cron-{self.name}.lock"


@dataclass(frozen=True, slots=True)
class CronCommand:
    """The parts of one command that cron starts."""

    job: str
    program: Path
    home: Path


JOBS = {
    job.name: job
    for job in (
        ScheduledJob(
            "weekly",
            ("auto-train",),
            expression="0 2 * * 0",
            log="training",
            summary="trains every symbol that needs it",
            trains=True,
            heavy=True,
        ),
        ScheduledJob(
            "performance",
            ("performance",),
            expression="0 6,12,18 * * 1-5",
            log="monitoring",
            summary="checks every model, retrains where a trigger fires",
        ),
        ScheduledJob(
            "monthly",
            ("auto-train", "--force"),
            expression="0 1 1 * *",
            log="training",
            summary="trains every symbol, whatever its age",
            trains=True,
            heavy=True,
        ),
        ScheduledJob(
            "clean",
            ("clean", "--yes"),
            expression="0 3 * * *",
            log="training",
            summary="removes old backups, logs and runs",
            heavy=True,
        ),
        ScheduledJob(
            "health",
            ("health", "--append"),
            expression="30 7 * * *",
            log="monitoring",
            summary="appends the daily health report",
            standard=False,
        ),
        ScheduledJob(
            "serve",
            ("serve",),
            expression="@reboot",
            log="monitoring",
            summary="runs the prediction service",
            standard=False,
        ),
    )
}
STANDARD_JOBS = tuple(job.name for job in JOBS.values() if job.standard)


def job_named(text: str) -> ScheduledJob:
    """The job of that name; UsageError names the nearest one."""
    if text in JOBS:
        return JOBS[text]
    near = get_close_matches(text.lower(), JOBS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"jobs: {' '.join(JOBS)}"
    raise UsageError(f"unknown job {clean(text, 40)!r}", hint)


def training_lock(home: Home) -> Path:
    """The lock that the training jobs share."""
    return home.locks / "cron-training.lock"


def find_program() -> Path:
    """The absolute path of the `stockml` command; StockmlError when it is not installed as one."""
    started = Path(sys.argv[0])
    beside = Path(sys.executable).absolute().parent / "stockml"
    on_path = shutil.which("stockml")
    candidates = [beside]
    if started.name == "stockml":
        candidates.insert(0, started.absolute())
    if on_path:
        candidates.append(Path(on_path).absolute())
    for program in candidates:
        if is_runnable(program):
            return program
    raise StockmlError(
        f"no stockml command beside {sys.executable} or on the PATH",
        "install it (make install), or name it with --program",
    )


def is_runnable(program: Path) -> bool:
    """Whether the path is a file that this user may run."""
    return program.is_file() and os.access(program, os.X_OK)


def child_argv(home: Home, verb: tuple[str, ...]) -> list[str]:
    """The argument list that starts `stockml VERB` on this home, by this program if it is one."""
    started = Path(sys.argv[0])
    if started.name == "stockml" and is_runnable(started.absolute()):
        return [str(started.absolute()), *verb, "--home", str(home.root)]
    # -P: the working directory must not be able to stand in for our modules.
    return [sys.executable, "-P", "-m", "engine.cli", *verb, "--home", str(home.root)]


def cron_arguments(program: Path, job: str, home: Home) -> tuple[str, ...]:
    """The absolute command a schedule starts; it needs no environment."""
    return (str(program), "cron-run", job, "--home", str(home.root))


def interpreter_of(program: Path) -> str:
    """The Python that a script names in its first lines, empty for any other program."""
    if not program.is_file():  # a pipe would wait for its writer
        return ""
    try:
        with program.open("rb") as file:
            head = os.fsdecode(file.read(1000))
    except OSError:
        return ""
    match = _SHEBANG.match(head) or _LONG_SHEBANG.match(head)
    return match[1] if match else ""


def shell_command(program: Path, job: str, home: Home) -> str:
    """The command of a job, quoted for any shell; see `quoted_command`."""
    return quoted_command(program, cron_arguments(program, job, home), job)


def quoted_command(program: Path, words: Sequence[str], job: str) -> str:
    """The words quoted for any shell; python-crontab escapes percent signs.

    A Python script is started with -E: a PYTHONPATH in the crontab does not reach it.
    UsageError if cron cannot carry it: a backslash, a control character, or over 998 bytes.
    """
    if interpreter := interpreter_of(program):
        words = (interpreter, "-E", *words)
    for word in words:
        if not word.isascii() and "\ufffd" in os.fsencode(word).decode("utf-8", "replace"):
            raise UsageError(
                f"{os.fsencode(word)!r} is not UTF-8: history.db cannot be opened there",
                "use another path",
            )
        if "\\" in word or any(ord(character) < 32 or ord(character) == 127 for character in word):
            raise UsageError(
                f"{clean(word, 120)!r} holds a backslash or a control character, which cron"
                " changes",
                "use another path",
            )
    command = " ".join(shlex.quote(word) for word in words)
    if (length := len(os.fsencode(command.replace("%", "\\%")))) > LONGEST_COMMAND:
        raise UsageError(
            f"the command for {job} has {length} bytes, cron takes {LONGEST_COMMAND}",
            "use a shorter path",
        )
    return command


def command_words(command: str) -> tuple[str, ...]:
    """The words of a command from the program on, without a Python before it; () if it is none."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ()
    return tuple(words[2:] if words[1:2] in (["-E"], ["-I"]) else words)


def parse_command(command: str) -> CronCommand | None:
    """The parts of a command that `shell_command` wrote, else None."""
    words = command_words(command)
    if len(words) != 5 or words[1] != "cron-run" or words[3] != "--home":
        return None
    return CronCommand(job=words[2], program=Path(words[0]), home=Path(words[4]))
