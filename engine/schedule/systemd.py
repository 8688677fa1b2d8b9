"""The same jobs as systemd user timers, in $XDG_CONFIG_HOME/systemd/user.

Unlike cron, and reported: systemd skips times in a DST gap, needs a user manager (linger keeps
one without a login), and `Persistent=` runs a missed time once after the machine is back.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.core.errors import RefusedError, StockmlError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.reading import read_bytes, read_text
from engine.core.text import clean
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS
from engine.schedule.tab_copies import home_digest
from engine.schedule.units import read_unit, unit_files, unit_stem, unit_to_enable

_LIMIT_S = 60
BY_TIMER = "STOCKML_CHECK_TIMER"
"""Set in the environment of a check's probe that a timer starts."""


@dataclass(frozen=True, slots=True)
class Systemd:
    """The user units of one home in `folder`; `linger` has a file per user with linger on."""

    home: Home
    folder: Path
    linger: Path = Path("/var/lib/systemd/linger")

    def read(self) -> tuple[JobLine, ...]:
        """The jobs in the unit files, in the order of JOBS; StockmlError on a damaged file."""
        units = [(self.folder / unit_to_enable(self.home, job), job) for job in JOBS]
        return tuple(
            read_unit(unit, self.folder / f"{unit_stem(self.home, job)}.service")
            for unit, job in units
            if unit.exists()
        )

    def present(self) -> bool:
        """Whether any unit of this home is in the folder."""
        return bool(self._paths())

    def texts(self) -> dict[str, str]:
        """Name and text of the installed units."""
        return {
            path.name: read_bytes(path, links=True).decode("utf-8", "replace")
            for path in self._paths()
        }

    def write(self, lines: tuple[JobLine, ...]) -> tuple[str, ...]:
        """Verify, replace and enable the units, with notes for the user; no lines remove them.

        RefusedError if systemd-analyze objects to anything; nothing is written then.
        """
        if not lines:
            self.remove()
            return ()
        files = unit_files(self.home, lines)
        has_bus = self.bus()
        installed = self.texts()
        # To pause or remove a job needs no verifying: it only switches what stands already.
        fresh = any(
            _without_switch(files[name]) != _without_switch(installed.get(name, ""))
            for name in files
        )
        notes = verify(files) if fresh else ()
        obsolete = [path for path in self._paths() if path.name not in files]
        self._disable([path.name for path in obsolete], has_bus=has_bus)
        try:
            for name in sorted(files):
                write_atomic(self.folder / name, files[name].encode())
            for path in obsolete:
                path.unlink()
        except OSError as error:
            raise StockmlError(
                f"cannot write the units in {self.folder}: {error.strerror}"
            ) from error
        if has_bus:
            _systemctl("daemon-reload")
        for line in lines:
            self._switch(line, has_bus=has_bus)
        return (*notes, *self.advice(has_bus=has_bus))

    def remove(self) -> None:
        """Stop and remove every unit of this home, with what systemd remembers of the timers."""
        names = [path.name for path in self._paths()]
        has_bus = self.bus()
        self._disable(names, has_bus=has_bus)
        for path in self._paths():
            path.unlink()
        if has_bus:
            _systemctl("daemon-reload")
            for name in names:  # the stamp of Persistent=; a unit that never ran has none
                with suppress(StockmlError):
                    _systemctl("clean", "--what=state", name)

    def _switch(self, line: JobLine, *, has_bus: bool) -> None:
        """Enable or disable a job's unit; an @reboot service is enabled but not started."""
        unit = unit_to_enable(self.home, line.job)
        now = ["--now"] if has_bus and unit.endswith(".timer") else []
        _systemctl("enable" if line.enabled else "disable", *now, unit)

    def _disable(self, names: list[str], *, has_bus: bool) -> None:
        for name in names:
            is_timer = name.endswith(".timer")
            text = "" if is_timer else read_text(self.folder / name, links=True)
            if is_timer or "[Install]" in text:
                _systemctl("disable", *(["--now"] if has_bus and is_timer else []), name)

    def service_unit(self, job: str) -> str:
        """The installed unit of a job that runs on, where its manager answers; else empty."""
        unit = unit_to_enable(self.home, job)
        return unit if (self.folder / unit).exists() and self.bus() else ""

    def control(self, job: str, verb: str) -> None:
        """Have systemd start or stop the unit of a job, and wait until it did."""
        _systemctl(verb, unit_to_enable(self.home, job))

    def bus(self) -> bool:
        """Whether this user's systemd manager answers."""
        return _run(["systemctl", "--user", "show-environment"]).returncode == 0

    def advice(self, *, has_bus: bool) -> tuple[str, ...]:
        """Advice on what prevents timers from firing on this machine."""
        advice = []
        if not has_bus:
            runtime = os.environ.get("XDG_RUNTIME_DIR") or "not set"
            advice.append(
                f"no systemd user manager answers (XDG_RUNTIME_DIR is {runtime}): the units are"
                " written, but nothing fires until you log in through systemd"
            )
        if not (self.linger / getpass.getuser()).exists():
            advice.append(
                "linger is off: timers stop when you log out; `loginctl enable-linger` keeps them"
            )
        return tuple(advice)

    def check_words(self, due: datetime, words: Sequence[str]) -> tuple[str, ...]:
        """The command that makes a transient timer for a check, at the wall time of `due`."""
        escaped = (words[0], *(word.replace("$", "$$") for word in words[1:]))
        return (
            "systemd-run",
            "--user",
            "--collect",
            f"--unit={self._check_unit}",
            f"--on-calendar={due:%Y-%m-%d %H:%M}:00",
            "--timer-property=AccuracySec=1s",
            f"--setenv={BY_TIMER}=1",
            "--",
            *escaped,
        )

    def start_check(self, words: tuple[str, ...]) -> None:
        """Make the transient timer; StockmlError where the user manager refuses."""
        done = _run(list(words))
        if done.returncode != 0:
            says = clean(done.stderr.strip().replace("\n", " | "), 300)
            raise StockmlError(
                f"systemd-run failed (exit {done.returncode}): {says}",
                "without a user manager no timer fires: log in through systemd, or check cron",
            )

    def stop_check(self) -> None:
        """Remove the transient timer of a check; one that fired is gone already."""
        with suppress(StockmlError):
            _systemctl("stop", f"{self._check_unit}.timer")

    @property
    def _check_unit(self) -> str:
        # No job has this name, so that the units of the jobs never match it.
        return f"stockml-check-{home_digest(self.home)}"

    def _paths(self) -> list[Path]:
        return sorted(
            path
            for path in self.folder.glob(unit_stem(self.home, "*"))
            if path.suffix in (".timer", ".service")
        )


def user_units(environ: dict[str, str] | None = None) -> Path:
    """The folder of a user's systemd units."""
    base = (os.environ if environ is None else environ).get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "systemd" / "user"


def verify(files: dict[str, str]) -> tuple[str, ...]:
    """Let systemd-analyze check the units; RefusedError on any output, as a bad key exits 0."""
    if shutil.which("systemd-analyze") is None:
        return ("systemd-analyze is not installed: the units were not verified",)
    with tempfile.TemporaryDirectory(prefix="stockml-units-") as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        environ = {"XDG_RUNTIME_DIR": folder, **os.environ}
        paths = [str(Path(folder) / name) for name in sorted(files)]
        done = _run(["systemd-analyze", "verify", "--user", "--man=no", *paths], environ)
    # It loads what ours depend on: a warning about a unit of somebody else is no fault of ours.
    said = (done.stderr + done.stdout).splitlines()
    output = "\n".join(text for text in said if any(name in text for name in files))
    if output:
        raise RefusedError(
            f"systemd does not accept the units: {clean(output.replace(chr(10), ' | '), 400)}",
            "nothing was written",
        )
    return ()


def _without_switch(text: str) -> str:
    return text.replace("\nEnabled=yes\n", "\n").replace("\nEnabled=no\n", "\n")


def _systemctl(*words: str) -> None:
    done = _run(["systemctl", "--user", *words])
    if done.returncode != 0:
        raise StockmlError(
            f"systemctl --user {' '.join(words)} failed (exit {done.returncode}):"
            f" {clean(done.stderr.strip(), 300)}"
        )


def _run(
    argv: list[str], environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise StockmlError(
            f"there is no {argv[0]} on this machine", "use the crontab: `stockml schedule install`"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StockmlError(f"{argv[0]} did not answer within {_LIMIT_S} s") from error
