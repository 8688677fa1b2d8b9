"""`schedule …`: words, exit codes and JSON; nothing is written without a yes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine
from engine.cli.main import main
from engine.commands.table import COMMANDS
from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.core.records import Level
from engine.schedule.record import write_changes
from engine.schedule.records import ScheduleChange
from tests.helpers import ROOT, environment, new_home
from tests.schedule.fakes import FakeCrontab

FOREIGN = b"MAILTO=me\n5 4 * * * echo hi\n"
NOON = datetime(2026, 2, 10, 12, 0, tzinfo=UTC)
"""Hours after the slot of 07:30: in the minutes after a slot its job is Late, not Missed."""


class Shell:
    """The command line in this process, with a crontab of the test's own."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.fake = FakeCrontab(folder / "fake")
        self.fake.tab = FOREIGN
        self.home = new_home(folder / "home")
        self.environ = {
            "PATH": f"{self.fake.folder}:/usr/bin:/bin",
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(SystemClock, "now", lambda _: NOON)
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = main(["schedule", *words, "--home", str(self.home.root)])
        out, err = self._capsys.readouterr()
        return code, out, err

    def tree(self, *words: str) -> Any:
        code, out, err = self(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    def install(self, *words: str) -> Any:
        return self.tree("install", "--program", "/bin/true", "--yes", *words)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


def test_the_verbs_are_in_the_table() -> None:
    """`schedule` and `cron-run` are commands."""
    assert {"schedule", "cron-run"} <= set(COMMANDS)


def test_install_shows_the_difference_and_writes_with_yes_alone(shell: Shell) -> None:
    """Without a terminal and without --yes: exit 2, the difference, no write.
    With it: written, the copy named."""
    code, out, err = shell("install", "--program", "/bin/true")
    assert (
        code == 2
        and "+0 2 * * 0 /bin/true cron-run weekly" in out
        and "2 other lines unchanged" in out
        and "--yes" in err
    )
    assert shell.fake.tab == FOREIGN
    code, out, err = shell("install", "--program", "/bin/true", "--yes")
    assert code == 0 and "crontab written; the one before: " in out and "schedule undo" in out
    assert shell.fake.tab is not None and shell.fake.tab.startswith(FOREIGN + b"# BEGIN stockml ")
    code, out, _ = shell("install", "--program", "/bin/true")
    assert (code, out) == (0, "no change: the schedule is as asked\n")


def test_diff_writes_nothing(shell: Shell) -> None:
    """The same difference as install's, exit 0."""
    code, out, _ = shell("diff", "--program", "/bin/true")
    assert code == 0 and "+0 3 * * * /bin/true cron-run clean" in out and shell.fake.writes == []
    assert shell.tree("diff", "--program", "/bin/true")["changed"]
    shell.install()
    assert shell("diff", "--program", "/bin/true")[1] == "no change\n"


def test_json_keeps_stdout_for_one_document(shell: Shell) -> None:
    """The difference goes to stderr, the facts into the document."""
    code, out, err = shell("install", "--program", "/bin/true", "--yes", "--json")
    tree = json.loads(out)
    assert (
        code == 0
        and tree["changed"]
        and tree["backend"] == "crontab"
        and Path(tree["backup"]).read_bytes() == FOREIGN
    )
    assert [job["job"] for job in tree["jobs"]] == ["weekly", "performance", "monthly", "clean"]
    assert "+# BEGIN stockml" in err


def test_set_pause_resume_remove_and_undo(shell: Shell) -> None:
    """Each says what it changed; undo takes the last one back."""
    shell.install()
    assert (
        shell.tree("set", "weekly", "30 4 * * sat", "--yes")["jobs"][0]["expression"]
        == "30 4 * * 6"
    )
    assert not shell.tree("disable", "clean", "--yes")["jobs"][3]["enabled"]
    assert shell.tree("enable", "clean", "--yes")["jobs"][3]["enabled"]
    assert len(shell.tree("remove", "monthly", "--yes")["jobs"]) == 3
    assert len(shell.tree("undo", "--yes")["jobs"]) == 4
    assert shell.tree("remove", "--yes")["jobs"] == [] and shell.fake.tab == FOREIGN
    code, _, err = shell("remove", "monthly", "--yes")
    assert code == 2 and "monthly is not in the schedule" in err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("set", "weekly", "0 22-2 * * *", "--yes"), 2, "hour: '22-2' runs backwards"),
        (("set", "weekly", "@daily", "--yes"), 2, "nickname"),
        (("set", "weakly", "0 4 * * *", "--yes"), 2, "did you mean weekly"),
        (("disable", "health", "--yes"), 2, "health is not in the schedule"),
        (("enable",), 2, "Missing argument"),
        (("instal",), 2, "did you mean install"),
    ],
)
def test_wrong_words_are_told_with_exit_2(
    words: tuple[str, ...], code: int, says: str, shell: Shell
) -> None:
    """The field or the nearest word is named; nothing is written."""
    shell.install()
    writes = len(shell.fake.writes)
    got, _, err = shell(*words)
    assert got == code and says in err and len(shell.fake.writes) == writes


@pytest.mark.parametrize(
    ("mode", "says"),
    [("silent", "crontab -l failed"), ("denies", "does not let you"), ("reject", "rejected")],
)
def test_a_crontab_that_fails_is_told_and_untouched(mode: str, says: str, shell: Shell) -> None:
    """Exit 1, one line for the fault, one for what to do."""
    with shell.fake.fails(mode):
        code, _, err = shell("install", "--program", "/bin/true", "--yes")
    assert code == 1 and says in err and "not changed" in err and shell.fake.tab == FOREIGN


def test_show_has_every_job_and_the_rest_of_the_tab(shell: Shell) -> None:
    """As a table, as JSON, and with --tab the other lines too."""
    shell.install()
    shell.install("health")
    write_changes(
        shell.home,
        (
            ScheduleChange(
                NOON - timedelta(days=2),
                "health",
                expression="30 7 * * *",
                enabled=True,
                backend="crontab",
            ),
        ),
    )
    tree = shell.tree("show")
    jobs = {job["job"]: job for job in tree["jobs"]}
    assert tree["backend"] == "crontab" and tree["other_lines"] == [
        "MAILTO=me",
        "5 4 * * * echo hi",
    ]
    assert (
        jobs["weekly"]["state"] == "New"
        and len(jobs["weekly"]["next"]) == 5
        and jobs["weekly"]["words"] == "At 02:00 on Sunday"
    )
    assert (
        jobs["health"]["state"] == "Missed"
        and jobs["health"]["missed"]
        and jobs["serve"]["installed"] is False
    )
    _, out, _ = shell("show", "--tab")
    assert (
        "weekly" in out
        and "Missed" in out
        and out.endswith("MAILTO=me\n5 4 * * * echo hi\n")
        and len(shell.fake.writes) == 2
    )


def test_next_shows_both_zones(shell: Shell) -> None:
    """The runs of the named job in the host's zone and in New York."""
    shell.install()
    tree = shell.tree("next", "weekly", "--count", "3")
    assert [run["job"] for run in tree["next"]] == ["weekly"] * 3
    _, out, _ = shell("next")
    assert "NEW YORK" in out and out.count("\nclean") == 5
    shell.tree("remove", "--yes")
    assert "schedule install" in shell("next")[1]


def test_catch_up_runs_a_missed_job_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest missed slot, recorded as such; then nothing is missed."""
    assert "nothing was missed" in shell("catch-up")[1]
    shell.install("health")
    write_changes(
        shell.home,
        (
            ScheduleChange(
                NOON - timedelta(days=3),
                "health",
                expression="30 7 * * *",
                enabled=True,
                backend="crontab",
            ),
        ),
    )
    monkeypatch.setattr(
        "engine.schedule.cron_run.child_argv", lambda *_: [sys.executable, "-c", "print('healthy')"]
    )
    missed = next(job["missed"] for job in shell.tree("show")["jobs"] if job["job"] == "health")
    assert len(missed) >= 2 and missed == sorted(missed, reverse=True)
    tree = shell.tree("catch-up")
    assert [run["slot"] for run in tree["runs"]] == missed[:1]
    assert [(run["job"], run["exit"]) for run in tree["runs"]] == [("health", 0)]
    last = next(job for job in shell.tree("show")["jobs"] if job["job"] == "health")
    assert last["state"] == "Up" and (last["last"]["trigger"], last["last"]["slot"]) == (
        "catch-up",
        tree["runs"][0]["slot"],
    )
    assert shell.tree("catch-up")["runs"] == []


def test_the_other_backend_is_refused_and_taken_over_with_move(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 5 with the way out; --move leaves the jobs in one place only."""
    from engine.schedule import systemd

    monkeypatch.setattr(systemd, "_systemctl", lambda *words: None)
    monkeypatch.setattr(systemd.Systemd, "bus", lambda self: False)
    monkeypatch.setattr(systemd, "verify", lambda files: ())
    shell.install()
    shell.tree("set", "weekly", "0 4 * * 0", "--yes")
    code, _, err = shell("install", "--systemd", "--program", "/bin/true", "--yes")
    assert code == 5 and "--move" in err
    moved = shell.install("--systemd", "--move")
    assert (
        moved["backend"] == "systemd"
        and moved["jobs"][0]["expression"] == "0 4 * * 0"
        and shell.fake.tab == FOREIGN
    )
    assert any("nothing fires" in text for text in moved["told"])
    assert shell.tree("show")["backend"] == "systemd"
    cron = next(item for item in Engine(shell.home).watch.doctor() if item.name == "cron")
    assert "systemd user manager" in cron.text
    shell.tree("set", "weekly", "0 5 * * 0", "--yes")
    assert shell.install("--move")["jobs"][0]["expression"] == "0 5 * * 0"
    assert shell.tree("show")["backend"] == "crontab" and not list(
        Path(os.environ["XDG_CONFIG_HOME"]).rglob("stockml-*")
    )
    shell.install("--systemd", "--move")
    assert (
        "systemd units removed" in shell("remove", "--yes")[1]
        and shell.tree("show")["backend"] is None
    )


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False), ("", False)])
def test_on_a_terminal_it_asks(answer: str, written: bool, shell: Shell) -> None:
    """Only a yes writes; a no ends with 130 and changes nothing."""
    master, slave = pty.openpty()
    line = [
        sys.executable,
        "-m",
        "engine.cli",
        "schedule",
        "install",
        "--program",
        "/bin/true",
        "--home",
        str(shell.home.root),
    ]
    process = subprocess.Popen(
        line,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment(**shell.environ),
    )
    os.close(slave)
    os.write(master, f"{answer}\n".encode())
    out, _ = process.communicate(timeout=120)
    os.close(master)
    assert "Write this? [y/N]" in out
    assert process.returncode == (0 if written else 130)
    assert (shell.fake.tab != FOREIGN) == written


def test_two_homes_of_one_user_have_a_block_each(shell: Shell, tmp_path: Path) -> None:
    """And each `show` names the other."""
    shell.install()
    first, shell.home = shell.home, Home(tmp_path / "second")
    shell.install()
    assert shell.tree("show")["other_homes"] == [str(first.root)]
    assert shell.fake.tab is not None and shell.fake.tab.count(b"# BEGIN stockml") == 2


def test_the_dashboard_promises_no_run_of_a_paused_job_and_hides_no_fault(shell: Shell) -> None:
    """A paused job has no next run;
    where the crontab cannot be read neither page nor health calls it empty."""
    shell.install()
    shell("disable", "clean", "--yes")
    lines = Engine(shell.home, SystemClock()).schedule.view().lines()
    assert "clean: 0 3 * * * (Paused)" in lines
    assert any(
        line.startswith("weekly: 0 2 * * 0 (New), next Sun 2026-02-15 02:00") for line in lines
    )
    with shell.fake.fails("denies"):
        (line,) = Engine(shell.home, SystemClock()).schedule.view().lines()
        told = [
            item
            for item in Engine(shell.home, SystemClock()).watch.health()
            if item.name == "schedule"
        ]
    assert "does not let you have a crontab" in line
    assert [(Level.WARN, line)] == [(item.level, item.text) for item in told]


def test_check_shows_its_line_and_needs_a_yes(shell: Shell) -> None:
    """Without a terminal and without --yes: the line, exit 2, nothing written."""
    code, out, err = shell("check", "--program", "/bin/true")
    assert code == 2 and "cron-run --probe 2026-02-10T12:01" in out and "--yes" in err
    assert shell.fake.tab == FOREIGN and shell.fake.writes == []


def test_check_prints_what_the_probe_saw(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As text and as JSON; without an answer exit 1 with what was looked at."""
    from engine.schedule.check import ScheduleCheck
    from engine.schedule.check_record import CheckResult

    answer = CheckResult(
        asked_at=NOON,
        due=NOON,
        arrived_at=NOON + timedelta(seconds=2),
        zone="Asia/Tokyo",
        offset_min=540,
        source="CRON_TZ above our block",
        assumed="UTC",
        environment={"PATH": "/usr/bin", "TOKEN": ""},
        account="op (uid 7)",
        locale="C",
        daemon="crond (process 9)",
    )
    monkeypatch.setattr(ScheduleCheck, "run", lambda *_: answer)
    tree = shell.tree("check", "--yes", "--program", "/bin/true")
    assert tree["arrived"] and (tree["zone"], tree["assumed_zone"]) == ("Asia/Tokyo", "UTC")
    assert any("assumed to be UTC" in text for text in tree["differences"])
    code, out, _ = shell("check", "--yes", "--program", "/bin/true")
    assert code == 0 and "2.0 s after its minute" in out and "PATH=/usr/bin, TOKEN" in out
    silent = CheckResult(asked_at=NOON, due=NOON, looked_at=("no cron daemon runs: x",))
    monkeypatch.setattr(ScheduleCheck, "run", lambda *_: silent)
    code, out, _ = shell("check", "--yes", "--program", "/bin/true")
    assert code == 1 and "no answer in 3 minutes" in out and "no cron daemon runs: x" in out


def test_an_expired_line_of_a_check_goes_with_the_next_command(shell: Shell) -> None:
    """`show` takes it out; the foreign lines stay."""
    line = b"1 1 1 1 * /bin/true cron-run --probe 2026-01-01T01:01+00:00 --home %b\n"
    root = os.fsencode(shell.home.root)
    begin = b"# BEGIN stockml %b v1 e3b0c44298fc - managed by `stockml schedule`; edit there\n"
    shell.fake.tab = FOREIGN + begin % root + line % root + b"# END stockml %b\n" % root
    assert shell("show")[0] == 0 and shell.fake.tab == FOREIGN


def test_next_counts_in_the_zone_of_the_tab_where_the_cron_does(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CRON_TZ above our block: cronie counts by it, Debian's cron is said to ignore it."""
    shell.fake.tab = b"CRON_TZ=Asia/Tokyo\n" + FOREIGN
    shell.install()
    tree = shell.tree("next", "clean", "--count", "1")
    assert "ignores it" in tree["notes"][0]
    cronie = FakeCrontab(shell.fake.folder.parent / "cronie", kind="cronie")
    cronie.tab = shell.fake.tab
    monkeypatch.setenv("PATH", f"{cronie.folder}:/usr/bin:/bin")
    tree = shell.tree("next", "clean", "--count", "1")
    assert tree["zone"] == "Asia/Tokyo" and tree["next"][0]["at"] == "2026-02-10T18:00:00.000Z"
    assert "CRON_TZ above our block" in tree["zone_source"]
