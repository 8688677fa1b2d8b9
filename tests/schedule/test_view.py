"""The schedule as one value; looking writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.cli.schedule_text import view_document, view_lines
from engine.core.errors import StockmlError
from engine.core.files import FileLock
from engine.schedule.daemon import MANAGER
from engine.schedule.jobs import JOBS
from engine.schedule.record import begin_run, end_run
from engine.schedule.records import Backend, Daemon, JobOutcome, JobTrigger, JobView, ScheduleState
from engine.schedule.units import unit_files
from engine.schedule.view import schedule_view
from tests.schedule.test_scheduler import FOREIGN, PROGRAM, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _job(desk: Desk, name: str) -> JobView:
    return next(job for job in schedule_view(desk.scheduler).jobs if job.job.name == name)


def test_an_empty_schedule_shows_what_could_be_installed(tmp_path: Path, desk: Desk) -> None:
    """Every job without a line, the foreign lines, no problem, and no file anywhere."""
    desk.fake.tab = FOREIGN + b"x\ty\x1b[31m\n"
    view = schedule_view(desk.scheduler)
    assert (
        view.backend is None
        and view.problems == ()
        and [job.line for job in view.jobs] == [None] * 6
    )
    assert view.other_lines == (
        "MAILTO=me",
        "5 4 * * * echo hi",
        "# a comment\\x20",
        "x\\ty\\x1b[31m",
    )
    assert (
        not (tmp_path / "home").exists()
        and not (tmp_path / "state").exists()
        and desk.fake.writes == []
    )


def test_installed_jobs_with_state_next_run_and_clashes(desk: Desk) -> None:
    """New until the first slot; the zone is the host's."""
    desk.fake.tab = FOREIGN
    desk.write(desk.install())
    view = schedule_view(desk.scheduler)
    assert (
        view.backend is Backend.CRONTAB
        and view.zone == "America/New_York"
        and len(view.other_lines) == 3
    )
    weekly = view.jobs[0]
    assert (
        weekly.status is not None
        and weekly.status.state is ScheduleState.NEW
        and weekly.explained is not None
    )
    assert (
        f"{weekly.explained.next_runs[0]:%Y-%m-%d %H:%M %Z}" == "2026-02-08 02:00 EST"
        and len(weekly.explained.next_runs) == 5
    )
    assert {clash.jobs for clash in view.clashes} == {("weekly", "monthly"), ("weekly", "clean")}


def test_runs_of_the_history_give_the_state(desk: Desk) -> None:
    """Started while the lock is held, then as the run ended, then missed with its cause."""
    desk.write(desk.install())
    home, clock = desk.scheduler.home, desk.clock
    clock.advance(timedelta(days=6, hours=19))  # Sunday 02:01 in New York
    number = begin_run(home, "weekly", JobTrigger.CRON, None, clock.now())
    with FileLock(JOBS["weekly"].lock_path(home)) as lock:
        assert lock.acquire("weekly")
        assert _job(desk, "weekly").status.state is ScheduleState.STARTED  # type: ignore[union-attr]
    died = _job(desk, "weekly")
    assert (
        died.status is not None
        and died.status.state is ScheduleState.FAILED
        and died.reason == "it died without a word"
    )
    end_run(home, number, clock.now() + timedelta(minutes=4), 1, JobOutcome.FAILED, "no bars")
    assert _job(desk, "weekly").reason == "no bars"
    clock.advance(timedelta(days=7, hours=1))
    missed = _job(desk, "weekly")
    assert (
        missed.status is not None
        and missed.status.state is ScheduleState.MISSED
        and missed.last is not None
    )


def test_a_running_job_shows_how_the_run_before_failed(desk: Desk) -> None:
    """While it runs again the failure of before is not forgotten;
    one that was done, or none, is nothing to tell."""
    desk.write(desk.install())
    home, clock = desk.scheduler.home, desk.clock
    with FileLock(JOBS["clean"].lock_path(home)) as lock:
        assert lock.acquire("clean")
        reasons = []
        for outcome, message in (
            (JobOutcome.FAILED, "no space"),
            (JobOutcome.SKIPPED, "held"),
            (JobOutcome.DONE, ""),
            (None, ""),
        ):
            clock.advance(timedelta(minutes=1))
            number = begin_run(home, "clean", JobTrigger.CRON, None, clock.now())
            reasons.append(_job(desk, "clean").before)
            if outcome:
                end_run(home, number, clock.now(), 1, outcome, message)
                assert _job(desk, "clean").before == ""
    assert reasons == ["", "no space", "no space", ""]


def test_a_service_that_runs_again_after_a_power_cut_is_well(desk: Desk) -> None:
    """The run before ended without a word, and the one under way lasts for months: nothing is
    told of it."""
    desk.write(desk.install("serve"))
    home = desk.scheduler.home
    with FileLock(JOBS["serve"].lock_path(home)) as lock:
        assert lock.acquire("serve")
        for _ in range(2):
            begin_run(home, "serve", JobTrigger.CRON, None, desk.clock.now())
            desk.clock.advance(timedelta(days=1))
        job = _job(desk, "serve")
        assert job.status is not None
        assert (job.status.state, job.before) == (ScheduleState.STARTED, "")


def test_a_missed_job_names_its_cause(tmp_path: Path) -> None:
    """No daemon, then a program that is gone."""
    desk = Desk(tmp_path, running=False)
    desk.write(desk.install())
    desk.clock.advance(timedelta(days=8))
    assert "no cron daemon runs" in _job(desk, "weekly").reason
    running = Desk(tmp_path / "other")
    running.write(running.scheduler.install(running.scheduler.current(), (), tmp_path / "gone"))
    assert "is gone" in _job(running, "weekly").reason
    running.clock.advance(timedelta(days=8))
    assert "is gone or cannot be run" in _job(running, "weekly").reason


def test_an_edit_by_hand_is_shown_and_is_no_miss(desk: Desk) -> None:
    """The block's line is shown as it stands;
    slots of a time we did not write are not counted as missed."""
    desk.write(desk.install())
    assert desk.fake.tab is not None
    desk.fake.tab = desk.fake.tab.replace(b"0 2 * * 0", b"* * * * *")
    desk.clock.advance(timedelta(days=8))
    view = schedule_view(desk.scheduler)
    assert any("was edited by hand" in problem for problem in view.problems)
    weekly = view.jobs[0]
    assert weekly.line is not None and weekly.line.expression == "* * * * *"
    assert weekly.status is not None and weekly.status.state is ScheduleState.NEW


def test_a_bad_expression_edited_in_is_a_problem_of_its_job_alone(desk: Desk) -> None:
    """A line that our grammar refuses does not hide the others."""
    desk.write(desk.install())
    assert desk.fake.tab is not None
    desk.fake.tab = desk.fake.tab.replace(b"0 2 * * 0", b"0 0 31 2 *")
    view = schedule_view(desk.scheduler)
    assert "never fires" in view.jobs[0].reason and view.jobs[0].status is None
    assert view.jobs[1].status is not None


def test_a_line_that_vanished_is_reported(desk: Desk) -> None:
    """Recorded as installed and gone from the crontab."""
    desk.write(desk.install())
    desk.fake.tab = FOREIGN
    assert _job(desk, "weekly").reason == "not in the schedule but is recorded as installed"


def test_timers_are_judged_by_systemd_not_by_cron(tmp_path: Path) -> None:
    """With the jobs in systemd no missing cron is blamed: neither in the foot line nor for a
    missed run."""
    desk = Desk(tmp_path, running=False)
    desk.write(desk.install())
    lines, desk.fake.tab = desk.scheduler.current().lines, None
    desk.scheduler.systemd.folder.mkdir()
    for name, text in unit_files(desk.scheduler.home, lines).items():
        (desk.scheduler.systemd.folder / name).write_text(text)
    desk.scheduler.manager = lambda: Daemon(True, name=MANAGER)
    desk.clock.advance(timedelta(days=8))
    view = schedule_view(desk.scheduler)
    assert view.backend is Backend.SYSTEMD and "a systemd user manager runs" in view_lines(view)[-1]
    assert "cron" not in _job(desk, "weekly").reason
    desk.scheduler.manager = lambda: Daemon(False, detail="no socket", name=MANAGER)
    assert _job(desk, "weekly").reason.startswith("no systemd user manager runs (no socket)")


def test_unreadable_parts_are_listed_as_problems(desk: Desk) -> None:
    """A denied crontab, damaged markers, a history of a newer program: shown, never raised."""
    with desk.fake.fails("denies"):
        assert any(
            "does not let you" in problem for problem in schedule_view(desk.scheduler).problems
        )
    desk.fake.tab = b"# BEGIN stockml damaged\n"
    assert any("damaged marker" in problem for problem in schedule_view(desk.scheduler).problems)
    desk.scheduler.home.data.mkdir(parents=True)
    desk.scheduler.home.history.write_bytes(b"no database" * 400)
    assert any("history.db" in problem for problem in schedule_view(desk.scheduler).problems)


def test_a_tab_that_cannot_be_read_is_not_called_empty(desk: Desk) -> None:
    """Whether a job is installed is then not known;
    the record is told, and nothing is said of the rest of the tab."""
    desk.write(desk.install())
    with desk.fake.fails("silent"):
        view = schedule_view(desk.scheduler)
    jobs = {job.job.name: job for job in view.jobs}
    assert view.unread and view.backend is None and all(job.hidden for job in view.jobs)
    assert jobs["weekly"].reason == "recorded as installed at 0 2 * * 0; the crontab cannot be read"
    assert jobs["health"].reason == "not recorded as installed; the crontab cannot be read"
    text = "\n".join(view_lines(view))
    assert "not installed:" not in text and "not known:" in text and "other lines" not in text
    assert {job["installed"] for job in view_document(view)["jobs"]} == {None}
    assert not schedule_view(desk.scheduler).unread


def test_another_homes_block_is_named(tmp_path: Path, desk: Desk) -> None:
    """Two checkouts of one user see each other."""
    desk.write(desk.install())
    other = Desk(tmp_path / "other", crontab=desk.fake.crontab)
    other.scheduler.write(other.scheduler.install(other.scheduler.current(), (), PROGRAM))
    assert schedule_view(desk.scheduler).other_homes == (other.scheduler.home.root,)
    assert replace(schedule_view(other.scheduler)).other_homes == (desk.scheduler.home.root,)


def test_a_fault_of_the_units_does_not_hide_the_tab(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged unit is a problem in words."""
    desk.write(desk.install())

    def broken(_self: object) -> None:
        raise StockmlError("weekly.timer is damaged")

    monkeypatch.setattr("engine.schedule.systemd.Systemd.read", broken)
    view = schedule_view(desk.scheduler)
    assert "weekly.timer is damaged" in view.problems and view.backend is Backend.CRONTAB


def test_a_lost_history_is_unknown_until_the_next_install(desk: Desk) -> None:
    """A WARN with its reason; an install that changes no line records what stands."""
    desk.write(desk.install())
    desk.scheduler.home.history.unlink()
    desk.clock.advance(timedelta(days=90))
    weekly = _job(desk, "weekly")
    assert weekly.is_unknown and "history.db lost" in weekly.reason
    assert not desk.install().changed
    desk.write(desk.install())
    assert str(_job(desk, "weekly")) == "weekly New"
