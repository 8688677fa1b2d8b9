"""The same jobs as systemd user timers: one service and one timer a job, in
$XDG_CONFIG_HOME/systemd/user.

What differs from cron, and is told: systemd skips a time that falls into a DST gap (cron runs it
right after), it needs a user manager (linger keeps one without a login), and `Persistent=` runs
a missed time once when the machine is back.
"""

from __future__ import annotations

import getpass
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from configparser import ConfigParser, Error
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.core.errors import RefusedError, StockmlError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.text import clean
from engine.schedule.block import JobLine
from engine.schedule.expression import Expression, parse
from engine.schedule.jobs import JOBS
from engine.schedule.slots import dst_notes
from engine.schedule.tab_copies import home_digest

_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LIMIT_S = 60


def calendar(expression: Expression) -> tuple[str, ...]:
    """The OnCalendar texts of an expression: two where both day fields are set, for systemd
    would want both to match."""
    month, day = _numbers(expression.months, 12), _numbers(expression.days, 31)
    time = f"{_numbers(expression.hours, 24)}:{_numbers(expression.minutes, 60)}:00"
    week = _week(expression.weekdays)
    if expression.either_day:
        return f"*-{month}-{day} {time}", f"{week}*-{month}-* {time}"
    return (f"{week}*-{month}-{day} {time}",)


def _numbers(values: frozenset[int], size: int) -> str:
    return "*" if len(values) == size else ",".join(f"{value:02d}" for value in sorted(values))


def _week(days: frozenset[int]) -> str:
    """`Mon..Fri `, `Sun,Wed ` or nothing for every day;
    a day here is 0 for Sunday, as cron counts."""
    if len(days) == 7:
        return ""
    places = sorted((day - 1) % 7 for day in days)
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{_WEEK[places[0]]}..{_WEEK[places[-1]]} "
    return ",".join(_WEEK[place] for place in places) + " "


def unit_files(home: Home, lines: Iterable[JobLine]) -> dict[str, str]:
    """Name and text of every unit of the home;
    `serve` has no timer, it starts with the user manager."""
    files = {}
    for line in lines:
        expression = parse(line.expression, reboot=True)
        stem = f"stockml-{home_digest(home)}-{line.job}"
        about = f"stockml {line.job}: {JOBS[line.job].summary}"
        enabled = "yes" if line.enabled else "no"
        facts = f"\n[X-Stockml]\nJob={line.job}\nExpression={expression.text}\nEnabled={enabled}\n"
        start = " ".join(_quoted(word) for word in shlex.split(line.command))
        kind = "exec" if expression.reboot else "oneshot"
        # KillMode: a training outlives its starter, a service does not; 75 = skipped, because
        # another run holds the lock.
        killed = "mixed" if expression.reboot else "process"
        service = (
            f"[Service]\nType={kind}\nExecStart={start}\nKillMode={killed}\nSuccessExitStatus=75\n"
        )
        if expression.reboot:
            # A minute: a taken port would fill the record. Wrong usage, settings or a refusal do
            # not mend by themselves.
            service += "Restart=on-failure\nRestartSec=60\nRestartPreventExitStatus=2 3 5\n"
            files[f"{stem}.service"] = (
                f"[Unit]\nDescription={about}\n\n{service}\n[Install]\nWantedBy=default.target\n{facts}"
            )
            continue
        when = "".join(f"OnCalendar={text}\n" for text in calendar(expression))
        timer = f"[Timer]\n{when}Persistent=true\nAccuracySec=1min\nUnit={stem}.service\n"
        files[f"{stem}.service"] = f"[Unit]\nDescription={about}\n\n{service}"
        files[f"{stem}.timer"] = (
            f"[Unit]\nDescription={about}\n\n{timer}\n[Install]\nWantedBy=timers.target\n{facts}"
        )
    return files


def _quoted(word: str) -> str:
    """One word of ExecStart: systemd reads %, $ and backslashes in quotes too."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if re.search(r"[^\w@+=:,./%-]", word) else text


@dataclass(frozen=True, slots=True)
class Systemd:
    """The user units of one home in `folder`;
    `linger` holds a file per user whose manager runs without a login."""

    home: Home
    folder: Path
    linger: Path = Path("/var/lib/systemd/linger")

    def read(self) -> tuple[JobLine, ...]:
        """The jobs that the unit files hold, in the order of the table of jobs;
        StockmlError on a damaged file."""
        found = []
        for job in JOBS:
            stem = f"stockml-{home_digest(self.home)}-{job}"
            source = self.folder / f"{stem}.{'service' if JOBS[job].reboot else 'timer'}"
            service = self.folder / f"{stem}.service"
            if source.exists():
                found.append(_read_line(source, service))
        return tuple(found)

    def present(self) -> bool:
        """Whether any unit of this home stands in the folder."""
        return bool(self._mine())

    def texts(self) -> dict[str, str]:
        """Name and text of the units that stand now."""
        return {
            path.name: path.read_text(encoding="utf-8", errors="replace") for path in self._mine()
        }

    def write(self, lines: tuple[JobLine, ...]) -> tuple[str, ...]:
        """Verify the units, put them in the place of the old ones, enable them.

        What to tell the user.

        RefusedError when systemd-analyze says anything at all about them; nothing is written then.
        """
        files, bus = unit_files(self.home, lines), self.bus()
        told = list(verify(files))
        names = sorted(files)
        gone = [path for path in self._mine() if path.name not in files]
        self._disable([path.name for path in gone], bus)
        try:
            for name in names:
                write_atomic(self.folder / name, files[name].encode())
            for path in gone:
                path.unlink()
        except OSError as error:
            raise StockmlError(
                f"cannot write the units in {self.folder}: {error.strerror}"
            ) from error
        if bus:
            _systemctl("daemon-reload")
        for line in lines:
            kind = "service" if JOBS[line.job].reboot else "timer"
            unit = f"stockml-{home_digest(self.home)}-{line.job}.{kind}"
            # A service for the start of the machine is enabled, not started now: that is what
            # @reboot means.
            now = ["--now"] if bus and unit.endswith(".timer") else []
            _systemctl("enable" if line.enabled else "disable", *now, unit)
        return (*told, *self.advice(bus))

    def remove(self) -> None:
        """Stop and remove every unit of this home, with what systemd remembers of the timers."""
        names, bus = [path.name for path in self._mine()], self.bus()
        self._disable(names, bus)
        for path in self._mine():
            path.unlink()
        if bus:
            _systemctl("daemon-reload")
            for name in names:  # the stamp of Persistent=; a unit that never ran has none
                with suppress(StockmlError):
                    _systemctl("clean", "--what=state", name)

    def _disable(self, names: list[str], bus: bool) -> None:
        for name in names:
            if name.endswith(".timer") or "[Install]" in (self.folder / name).read_text(
                errors="replace"
            ):
                _systemctl("disable", *(["--now"] if bus and name.endswith(".timer") else []), name)

    def bus(self) -> bool:
        """Whether this user's systemd manager answers."""
        return _run(["systemctl", "--user", "show-environment"]).returncode == 0

    def advice(self, bus: bool) -> tuple[str, ...]:
        """What keeps timers from firing on this machine."""
        told = []
        if not bus:
            runtime = os.environ.get("XDG_RUNTIME_DIR", "")
            why = f"XDG_RUNTIME_DIR is {runtime or 'not set'}"
            told.append(
                f"no systemd user manager answers ({why}): the units stand, nothing fires until you"
                " log in through systemd"
            )
        if not (self.linger / getpass.getuser()).exists():
            told.append(
                "linger is off: timers stop when you log out; `loginctl enable-linger` keeps them"
            )
        return tuple(told)

    def _mine(self) -> list[Path]:
        return sorted(
            path
            for path in self.folder.glob(f"stockml-{home_digest(self.home)}-*")
            if path.suffix in (".timer", ".service")
        )


def user_units(environ: dict[str, str] | None = None) -> Path:
    """Where systemd looks for a user's own units."""
    base = (os.environ if environ is None else environ).get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "systemd" / "user"


def gap_warnings(lines: Iterable[JobLine], now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """The times that systemd leaves out on the day the clock goes forward."""
    told = []
    for line in lines:
        if not line.enabled:
            continue
        notes = [
            note
            for note in dst_notes(parse(line.expression, reboot=True), now, zone)
            if note.change.gap
        ]
        told += [
            f"{line.job}: {note.walls[0]:%Y-%m-%d %H:%M} does not exist and systemd skips it;"
            " choose 04:00"
            for note in notes[:1]
        ]
    return tuple(told)


def verify(files: dict[str, str]) -> tuple[str, ...]:
    """Let systemd-analyze look at the units;
    RefusedError on any word of it, for a misspelt key exits 0."""
    if shutil.which("systemd-analyze") is None:
        return ("systemd-analyze is not installed: the units were not verified",)
    if not files:
        return ()
    with tempfile.TemporaryDirectory(prefix="stockml-units-") as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        environ = {"XDG_RUNTIME_DIR": folder, **os.environ}
        done = _run(
            [
                "systemd-analyze",
                "verify",
                "--user",
                "--man=no",
                *(str(Path(folder) / name) for name in sorted(files)),
            ],
            environ,
        )
    says = (done.stderr + done.stdout).strip()
    if done.returncode != 0 or says:
        raise RefusedError(
            f"systemd does not accept the units: {clean(says.replace(chr(10), ' | '), 400)}",
            "nothing was written",
        )
    return ()


def _read_line(source: Path, service: Path) -> JobLine:
    """The job of one unit, from its [X-Stockml] section and its ExecStart."""
    parser = ConfigParser(
        interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#", ";")
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys keep their case
    try:
        parser.read_string(service.read_text(encoding="utf-8"))
        command = shlex.join(
            shlex.split(parser["Service"]["ExecStart"].replace("%%", "%").replace("$$", "$"))
        )
        parser.read_string(source.read_text(encoding="utf-8"))
        facts = parser["X-Stockml"]
        return JobLine(facts["Job"], facts["Expression"], command, facts["Enabled"] == "yes")
    except (OSError, ValueError, KeyError, Error) as error:
        raise StockmlError(
            f"{source} is damaged: {clean(str(error), 200)}",
            "`stockml schedule install --systemd --reset` writes it anew",
        ) from error


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
