"""One run as cron starts it: locks, logs, record, exit code, and silence."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.core.errors import StockmlError, UsageError
from engine.core.files import FileLock, lock_holder
from engine.core.paths import Home
from engine.schedule.cron_run import expected_slot, run_job
from engine.schedule.jobs import JOBS, training_lock
from engine.schedule.record import read_history, write_changes
from engine.schedule.records import CronRun, JobOutcome, JobTrigger, ScheduleChange
from tests.fake_clock import FakeClock
from tests.helpers import environment, new_home, wait_for

NOW = datetime(2026, 2, 8, 7, 0, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def _argv(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def _run(
    home: Home, job: str, code: str, trigger: JobTrigger = JobTrigger.CRON
) -> tuple[int, list[str]]:
    said: list[str] = []
    return (
        run_job(
            home, job, clock=FakeClock(NOW), argv=_argv(code), report=said.append, trigger=trigger
        ),
        said,
    )


def _last(home: Home, job: str) -> CronRun:
    return read_history(home, (job,)).runs[job][0]


def test_a_success_is_silent_logged_and_recorded(home: Home) -> None:
    """Nothing is printed; every line of the child stands stamped in the job's log."""
    code, said = _run(
        home,
        "weekly",
        "print('trained NVDA'); import sys; print('careful\\x1b[31m', file=sys.stderr)",
    )
    assert (code, said) == (0, [])
    log = (home.logs / "training" / "cron.log").read_text().splitlines()
    assert all(line.startswith("2026-02-08T07:00:01.000Z weekly: ") for line in log)
    assert log[0].endswith("started by cron") and log[-1].endswith("done after 0s (exit 0)")
    assert sorted(line.partition("weekly: ")[2] for line in log[1:-1]) == [
        "careful",
        "trained NVDA",
    ]
    run = _last(home, "weekly")
    assert (run.outcome, run.exit_code, run.trigger, run.message) == (
        JobOutcome.DONE,
        0,
        JobTrigger.CRON,
        "",
    )


@pytest.mark.parametrize(
    ("job", "log"), [("performance", "monitoring"), ("health", "monitoring"), ("clean", "training")]
)
def test_each_job_writes_the_guides_log(job: str, log: str, home: Home) -> None:
    """logs/training/cron.log or logs/monitoring/cron.log."""
    _run(home, job, "print('hello')")
    assert "hello" in (home.logs / log / "cron.log").read_text()


def test_a_failure_is_one_line_with_the_last_output_and_the_log(home: Home) -> None:
    """The exit code is the child's;
    a hint after the fault does not hide it, and whose words they are is said once."""
    code, said = _run(
        home,
        "weekly",
        "import sys; print('x'); print('stockml: no bars for NVDA'); print('  → fetch some');"
        " sys.exit(4)",
    )
    assert code == 4 and len(said) == 1
    assert "weekly failed" in said[0] and "(exit 4): no bars for NVDA; log: " in said[0]
    assert (_last(home, "weekly").outcome, _last(home, "weekly").message) == (
        JobOutcome.FAILED,
        "no bars for NVDA",
    )


@pytest.mark.parametrize(
    ("child", "code", "outcome"),
    [(5, 0, JobOutcome.DONE), (75, 75, JobOutcome.SKIPPED), (2, 2, JobOutcome.FAILED)],
)
def test_a_refusal_counts_as_done_and_busy_as_skipped(
    child: int, code: int, outcome: JobOutcome, home: Home
) -> None:
    """The record keeps the child's own code."""
    assert _run(home, "weekly", f"raise SystemExit({child})")[0] == code
    assert (_last(home, "weekly").exit_code, _last(home, "weekly").outcome) == (child, outcome)


def test_a_child_killed_by_a_signal_failed(home: Home) -> None:
    """128 + the signal, as a shell says it."""
    code, said = _run(home, "weekly", "import os; os.kill(os.getpid(), 9)")
    assert code == 137 and "exit 137" in said[0]


def test_a_program_that_cannot_be_started_is_a_failure(home: Home) -> None:
    """The run is recorded all the same."""
    said: list[str] = []
    assert run_job(home, "weekly", argv=["/nowhere/stockml"], report=said.append) == 1
    assert (
        "cannot start /nowhere/stockml" in said[0]
        and _last(home, "weekly").outcome is JobOutcome.FAILED
    )


@pytest.mark.parametrize(
    ("job", "lock"),
    [
        ("weekly", "weekly"),
        ("weekly", "training"),
        ("monthly", "training"),
        ("clean", "training"),
        ("clean", "NVDA"),
    ],
)
def test_a_job_whose_lock_is_held_is_skipped(job: str, lock: str, home: Home) -> None:
    """75, recorded with the holder, silent; a clean yields to any training."""
    paths = {
        "weekly": JOBS["weekly"].lock_path(home),
        "training": training_lock(home),
        "NVDA": home.lock("NVDA"),
    }
    with FileLock(paths[lock]) as held:
        assert held.acquire("run 42 on this machine")
        assert _run(home, job, "print('must not run')") == (75, [])
    run = _last(home, job)
    assert (run.outcome, run.exit_code) == (
        JobOutcome.SKIPPED,
        75,
    ) and "run 42 on this machine" in run.message
    assert "must not run" not in JOBS[job].log_path(home).read_text()
    assert _run(home, job, "pass") == (0, [])


def test_a_check_does_not_wait_for_a_training(home: Home) -> None:
    """Only training jobs and clean know the training lock."""
    with FileLock(training_lock(home)) as held:
        assert held.acquire("training")
        assert _run(home, "performance", "pass") == (0, [])


def test_the_lock_is_held_until_the_work_ends(home: Home, tmp_path: Path) -> None:
    """A cron-run that is killed leaves its job running: the lock stays held until the job ends."""
    pidfile = tmp_path / "pid"
    child = (
        f"import os, pathlib, time; pathlib.Path({str(pidfile)!r}).write_text(str(os.getpid()));"
        " time.sleep(600)"
    )
    process = _process(home, child)
    pid = int(wait_for(lambda: pidfile.exists() and pidfile.read_text(), what="the job"))
    try:
        process.kill()
        process.wait(90)
        assert (
            lock_holder(JOBS["weekly"].lock_path(home)) is not None
            and lock_holder(training_lock(home)) is not None
        )
        assert _run(home, "weekly", "pass")[0] == 75
    finally:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: lock_holder(JOBS["weekly"].lock_path(home)) is None, what="the lock's release")
    assert _run(home, "weekly", "pass")[0] == 0


def test_a_signal_ends_the_child_and_is_recorded(home: Home, tmp_path: Path) -> None:
    """SIGTERM to cron-run stops the work and writes how it ended."""
    pidfile = tmp_path / "pid"
    child = (
        f"import os, pathlib, time; pathlib.Path({str(pidfile)!r}).write_text(str(os.getpid()));"
        " time.sleep(600)"
    )
    process = _process(home, child)
    wait_for(lambda: pidfile.exists() and pidfile.read_text(), what="the job")
    process.terminate()
    assert process.wait(90) == 143
    assert (
        _last(home, "weekly").outcome is JobOutcome.FAILED
        and _last(home, "weekly").exit_code == 143
    )


_SIGNALLED = """
import os, signal, subprocess
start = subprocess.Popen

def signalled(*words, **options):
    child = start(*words, **options)
    os.kill(os.getpid(), signal.SIGTERM)
    return child

subprocess.Popen = signalled
"""


def test_a_signal_while_the_child_starts_is_not_lost(home: Home) -> None:
    """SIGTERM in the moment in which the job starts ends the job as well, and is recorded."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _SIGNALLED + _PROCESS,
            str(home.root),
            "import time; time.sleep(600)",
        ],
        env=environment(),
    )
    assert process.wait(90) == 143
    assert (
        _last(home, "weekly").outcome is JobOutcome.FAILED
        and _last(home, "weekly").exit_code == 143
    )
    assert lock_holder(JOBS["weekly"].lock_path(home)) is None


_PROCESS = """
import sys
from pathlib import Path
from engine.core.paths import Home
from engine.schedule.cron_run import run_job
sys.exit(run_job(Home(Path(sys.argv[1])), "weekly", argv=[sys.executable, "-c", sys.argv[2]]))
"""


def _process(home: Home, child: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROCESS, str(home.root), child],
        env=environment(),
        stderr=subprocess.DEVNULL,
    )


def test_a_run_that_cannot_be_recorded_runs_and_reports_it(home: Home) -> None:
    """The work matters more than its record; the operator gets a line."""
    home.data.mkdir(parents=True, exist_ok=True)
    home.history.write_bytes(b"no database" * 400)
    code, said = _run(home, "weekly", "print('trained')")
    assert code == 0 and "trained" in (home.logs / "training" / "cron.log").read_text()
    assert len(said) == 1 and "the run is not recorded" in said[0] and "history.db" in said[0]


def test_a_log_that_cannot_be_written_does_not_stop_the_job(home: Home) -> None:
    """The one line tells of it."""
    (home.logs / "training").mkdir(parents=True)
    (home.logs / "training" / "cron.log").mkdir()
    code, said = _run(home, "weekly", "print('trained')")
    assert code == 0 and len(said) == 1 and "cannot write" in said[0]
    assert _last(home, "weekly").outcome is JobOutcome.DONE


def test_the_slot_is_the_newest_of_the_recorded_schedule(home: Home) -> None:
    """Up to three hours late, as cron's own catch-up is;
    a start at any other time belongs to no slot."""
    zone = ZoneInfo("America/New_York")
    write_changes(
        home,
        (
            ScheduleChange(
                NOW - timedelta(days=3),
                "weekly",
                expression="0 2 * * 0",
                enabled=True,
                backend="crontab",
            ),
        ),
    )
    slot = datetime(2026, 2, 8, 7, tzinfo=UTC)
    for late, expected in (
        (timedelta(), slot),
        (timedelta(hours=2, minutes=59), slot),
        (timedelta(hours=3, minutes=1), None),
    ):
        matched = expected_slot(home, JOBS["weekly"], NOW + late, zone)
        assert (matched.astimezone(UTC) if matched else None) == expected
    assert expected_slot(home, JOBS["clean"], NOW, zone) is None


def test_the_expected_slot_is_recorded_for_cron_only(home: Home) -> None:
    """A run by hand has none."""
    write_changes(
        home,
        (
            ScheduleChange(
                NOW - timedelta(days=3),
                "weekly",
                expression="* * * * *",
                enabled=True,
                backend="crontab",
            ),
        ),
    )
    _run(home, "weekly", "pass")
    assert _last(home, "weekly").slot == NOW.replace(second=0)
    _run(home, "weekly", "pass", JobTrigger.MANUAL)
    assert _last(home, "weekly").slot is None


def test_an_unknown_job_and_a_locked_folder_are_errors(home: Home) -> None:
    """Both before anything is started."""
    with pytest.raises(UsageError, match="unknown job 'weekli'"):
        run_job(home, "weekli")
    home.data.mkdir(exist_ok=True)
    home.locks.write_text("a file in the way")
    with pytest.raises(StockmlError, match="cannot take the lock"):
        run_job(home, "weekly")


@contextmanager
def _watchdog(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            paths.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/secret-uuid", paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _secrets(home: Home, url: str, mode: int = 0o600) -> None:
    home.secrets.write_text(f'[pings]\nweekly = "{url}"\n')
    home.secrets.chmod(mode)


def test_a_watchdog_is_pinged_at_the_start_and_with_the_exit_code(home: Home) -> None:
    """URL/start, then URL/0 or URL/1; another job's runs do not ping it."""
    with _watchdog() as (url, paths):
        _secrets(home, url)
        _run(home, "weekly", "pass")
        assert sorted(paths) == ["/secret-uuid/0", "/secret-uuid/start"]
        _run(home, "weekly", "raise SystemExit(1)")
        assert sorted(paths[2:]) == ["/secret-uuid/1", "/secret-uuid/start"]
        _run(home, "clean", "pass")
        assert len(paths) == 4


def test_a_ping_that_fails_does_not_fail_the_job_and_its_address_stays_secret(home: Home) -> None:
    """A refused connection, an answer of 500, a file that others can read: the job is done, the
    log tells without the URL."""
    with _watchdog(500) as (url, _):
        _secrets(home, url)
        assert _run(home, "weekly", "pass") == (0, [])
    assert _run(home, "weekly", "pass") == (0, [])
    _secrets(home, url, 0o644)
    assert _run(home, "weekly", "pass") == (0, [])
    log = (home.logs / "training" / "cron.log").read_text()
    assert (
        log.count("the ping did not arrive") == 4
        and "chmod 600" in log
        and "secret-uuid" not in log
    )


@pytest.mark.parametrize(
    "address", ["https://h.invalid/secret uuid", "http://h.invalid:port/secret-uuid", "a stranger"]
)
def test_no_answer_to_a_ping_stops_a_job(
    home: Home, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """An address that is no URL, and a program there that speaks no HTTP: done, without a
    traceback that holds the address."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]

        def answer() -> None:
            for _ in range(2):
                other, _ = stranger.accept()
                with other:
                    other.recv(1000)
                    other.sendall(b"SSH-2.0-strange\r\n")

        if address == "a stranger":
            address = f"http://127.0.0.1:{port}/secret-uuid"
            threading.Thread(target=answer, daemon=True).start()
        _secrets(home, address)
        assert _run(home, "weekly", "pass") == (0, [])
    log = (home.logs / "training" / "cron.log").read_text()
    assert log.count("the ping did not arrive") == 2
    assert "secret" not in log + capfd.readouterr().err
