"""User timers with the same meaning as the crontab lines, verified before they are written."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.core.errors import RefusedError, StockmlError
from engine.core.paths import Home
from engine.schedule import systemd
from engine.schedule.expression import parse
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS, shell_command
from engine.schedule.slots import next_slots
from engine.schedule.systemd import Systemd, user_units, verify
from engine.schedule.units import calendar, gap_warnings, unit_files
from tests.schedule.expressions import generated

HOME = Home(Path('/home/op/my stocks 100% $x "q"'))
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine"
)


def _lines(home: Home, program: Path = Path("/bin/true")) -> tuple[JobLine, ...]:
    return tuple(
        JobLine(
            job.name,
            job.expression,
            shell_command(program, job.name, home),
            enabled=job.name != "clean",
        )
        for job in JOBS.values()
    )


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("0 2 * * 0", ("Sun *-*-* 02:00:00",)),
        ("0 6,12,18 * * 1-5", ("Mon..Fri *-*-* 06,12,18:00:00",)),
        ("0 1 1 * *", ("*-*-01 01:00:00",)),
        ("0 3 * * *", ("*-*-* 03:00:00",)),
        ("*/20 * * * *", ("*-*-* *:00,20,40:00",)),
        ("* * * * *", ("*-*-* *:*:00",)),
        ("0 4 1,15 * 5", ("*-*-01,15 04:00:00", "Fri *-*-* 04:00:00")),
        (
            "0 4 */2 1,7 1,3",
            ("Mon,Wed *-01,07-01,03,05,07,09,11,13,15,17,19,21,23,25,27,29,31 04:00:00",),
        ),
        ("0 4 * * 0,6", ("Sat,Sun *-*-* 04:00:00",)),
        ("0 4 * * 5-7", ("Fri..Sun *-*-* 04:00:00",)),
    ],
)
def test_an_expression_as_oncalendar(text: str, texts: tuple[str, ...]) -> None:
    """Two lines where both day fields are set: systemd would want both to match."""
    assert calendar(parse(text)) == texts


@needs_analyze
def test_generated_expressions_mean_the_same_to_systemd() -> None:
    """The next five elapses of systemd-analyze are our next slots, in UTC."""
    after = datetime(2026, 1, 1, tzinfo=UTC)
    for text in generated(60, seed=31):
        expression = parse(text)
        command = [
            "systemd-analyze",
            "calendar",
            "--iterations=5",
            f"--base-time={after:%Y-%m-%d %H:%M:%S} UTC",
        ]
        done = subprocess.run(
            [*command, *calendar(expression)],
            capture_output=True,
            text=True,
            check=False,
            env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
        )
        assert done.returncode == 0, (text, done.stderr)
        marks = ("Next elapse: ", "Iter. #", "Iteration #")
        shown = [
            line.strip() for line in done.stdout.splitlines() if line.strip().startswith(marks)
        ]
        elapses = sorted(
            {
                datetime.strptime(line.split(": ", 1)[1], "%a %Y-%m-%d %H:%M:%S UTC").replace(
                    tzinfo=UTC
                )
                for line in shown
            }
        )
        assert elapses[:5] == list(next_slots(expression, after, ZoneInfo("UTC"), 5)), text


def test_the_units_of_one_job() -> None:
    """A oneshot that may be skipped, a timer that catches up once, and what we read back, in a
    section systemd ignores."""
    files = unit_files(
        Home(Path("/home/op/stocks")),
        _lines(Home(Path("/home/op/stocks")), Path("/opt/bin/stockml"))[:1],
    )
    assert files == {
        "stockml-0532d94c-weekly.service": (
            "[Unit]\nDescription=stockml weekly: trains every symbol that needs"
            " it\n\n[Service]\nType=oneshot\nExecStart=/opt/bin/stockml cron-run weekly --home"
            " /home/op/stocks\nKillMode=process\nSuccessExitStatus=75\n"
        ),
        "stockml-0532d94c-weekly.timer": (
            "[Unit]\nDescription=stockml weekly: trains every symbol that needs"
            " it\n\n[Timer]\nOnCalendar=Sun *-*-*"
            " 02:00:00\nPersistent=true\nAccuracySec=1min\nUnit=stockml-0532d94c-weekly.service\n\n"
            "[Install]\nWantedBy=timers.target\n\n[X-Stockml]\nJob=weekly\nExpression=0"
            " 2 * * 0\nEnabled=yes\n"
        ),
    }


def test_the_service_comes_back_after_a_crash() -> None:
    """`serve` starts with the user manager and again a minute after it failed, but not for what
    does not mend by itself."""
    files = unit_files(HOME, _lines(HOME))
    (name,) = [name for name in files if "-serve." in name]
    assert name.endswith(".service")
    for text in (
        "Type=exec",
        "KillMode=mixed",
        "Restart=on-failure",
        "RestartSec=60",
        "RestartPreventExitStatus=2 3 5",
        "WantedBy=default.target",
    ):
        assert f"\n{text}\n" in files[name]
    assert [name for name, text in files.items() if "Restart=" in text] == [name]


@needs_analyze
def test_the_units_pass_systemd_analyze_silently() -> None:
    """All six jobs, with a home of blanks, quotes, percent and dollar signs."""
    assert verify(unit_files(HOME, _lines(HOME))) == ()


@needs_analyze
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Persistent=", "Persistant="),
        ("*-*-* 03", "*-*-* 33"),
        ("/bin/true", "/bin/absent"),
        ("[Timer]", "[Timr]"),
    ],
)
def test_any_output_of_systemd_analyze_is_a_refusal(old: str, new: str) -> None:
    """Also the misspelt key for which it exits 0."""
    files = {name: text.replace(old, new) for name, text in unit_files(HOME, _lines(HOME)).items()}
    with pytest.raises(RefusedError, match="does not accept the units"):
        verify(files)


class _Calls:
    """systemctl, written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bus: bool) -> None:
        self.lines: list[str] = []
        monkeypatch.setattr(
            systemd, "_systemctl", lambda *words: self.lines.append(" ".join(words))
        )
        monkeypatch.setattr(Systemd, "bus", lambda _self: bus)
        monkeypatch.setattr(systemd, "verify", lambda _files: ())


def test_written_units_are_read_back_and_enabled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timers start now, a paused one is disabled, what starts with the machine is not started
    now."""
    calls = _Calls(monkeypatch, bus=True)
    units = Systemd(HOME, tmp_path / "user", tmp_path / "linger")
    notes = units.write(_lines(HOME))
    assert units.read() == _lines(HOME)
    assert calls.lines[0] == "daemon-reload"
    assert [call.partition(" ")[0] for call in calls.lines[1:]] == [
        "enable",
        "enable",
        "enable",
        "disable",
        "enable",
        "enable",
    ]
    assert all("--now" in call for call in calls.lines[1:6]) and "--now" not in calls.lines[6]
    assert notes == (
        "linger is off: timers stop when you log out; `loginctl enable-linger` keeps them",
    )


def test_a_removed_job_leaves_no_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Units of a removed job are disabled and gone; those of another home stay."""
    calls = _Calls(monkeypatch, bus=True)
    units, other = Systemd(HOME, tmp_path), Systemd(Home(Path("/srv/stocks")), tmp_path)
    units.write(_lines(HOME))
    other.write(_lines(other.home)[:1])
    units.write(_lines(HOME)[:1])
    assert units.read() == _lines(HOME)[:1] and len(list(tmp_path.iterdir())) == 4
    units.remove()
    assert not units.present() and other.read() == _lines(other.home)[:1]
    assert any(call.startswith("disable --now") for call in calls.lines) and any(
        "clean" in call for call in calls.lines
    )


def test_without_a_bus_the_units_are_written_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No user manager: nothing is started, XDG_RUNTIME_DIR and linger are named."""
    calls = _Calls(monkeypatch, bus=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    notes = Systemd(HOME, tmp_path / "user", tmp_path / "linger").write(_lines(HOME)[:1])
    assert (
        "XDG_RUNTIME_DIR is not set" in notes[0]
        and "nothing fires" in notes[0]
        and "linger is off" in notes[1]
    )
    assert not any("--now" in call or call == "daemon-reload" for call in calls.lines)


def test_units_that_systemd_does_not_accept_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verify step stands before the first file."""
    _Calls(monkeypatch, bus=False)

    def refuse(_files: dict[str, str]) -> tuple[str, ...]:
        raise RefusedError("systemd does not accept the units")

    monkeypatch.setattr(systemd, "verify", refuse)
    with pytest.raises(RefusedError):
        Systemd(HOME, tmp_path / "user").write(_lines(HOME))
    assert not (tmp_path / "user").exists()


def test_a_damaged_unit_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named, with the way out."""
    _Calls(monkeypatch, bus=False)
    units = Systemd(HOME, tmp_path)
    units.write(_lines(HOME)[:1])
    next(tmp_path.glob("*.timer")).write_text("[X-Stockml]\nJob=weekly\n")
    with pytest.raises(StockmlError, match="is damaged"):
        units.read()


def test_the_gap_that_systemd_skips_is_warned_about_with_its_date() -> None:
    """cron runs the job right after the gap, systemd a week later."""
    now, zone = datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("America/New_York")
    warnings = gap_warnings(_lines(HOME), now, zone)
    assert warnings == [
        "weekly: 2026-03-08 02:00 does not exist and systemd skips it; choose 04:00"
    ]
    assert (
        gap_warnings(
            [
                JobLine("weekly", "0 4 * * 0", "x"),
                JobLine("clean", "0 2 * * *", "x", enabled=False),
            ],
            now,
            zone,
        )
        == []
    )


def test_the_folder_of_the_users_units() -> None:
    """$XDG_CONFIG_HOME/systemd/user."""
    assert user_units({"XDG_CONFIG_HOME": "/etc/me"}) == Path("/etc/me/systemd/user")
    assert user_units({}) == Path.home() / ".config/systemd/user"


def test_the_service_is_controlled_where_systemd_has_its_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the unit, or without a manager that answers, systemd has nothing to do with it."""
    calls = _Calls(monkeypatch, bus=True)
    units = Systemd(HOME, tmp_path / "user", tmp_path / "linger")
    assert units.service_unit("serve") == ""
    units.write(_lines(HOME))
    unit = units.service_unit("serve")
    units.control("serve", "stop")

    assert unit.startswith("stockml-") and unit.endswith("-serve.service")
    assert calls.lines[-1] == f"stop {unit}"
    monkeypatch.setattr(Systemd, "bus", lambda _self: False)
    assert units.service_unit("serve") == ""
