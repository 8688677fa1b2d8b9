"""The text of the Schedule screen: rows, title, lines around the jobs, and the difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.schedule.job_lines import JobLine
from engine.schedule.records import CRON, JobView, ScheduleState, ScheduleView
from engine.words import figures, times
from engine.words.phrases import plural
from engine.words.tables import TableColumn
from tui.keys.labels import key
from tui.schedule.edit import ScheduleEdit
from tui.schedule.job_text import explained
from tui.widgets.lines import Line, Span, line, wrapped_all

STYLES = {
    ScheduleState.NEW: "dim",
    ScheduleState.UP: "ok",
    ScheduleState.STARTED: "live",
    ScheduleState.LATE: "warn",
    ScheduleState.MISSED: "crit",
    ScheduleState.FAILED: "crit",
    ScheduleState.SKIPPED: "warn",
    ScheduleState.PAUSED: "dim",
    ScheduleState.UNKNOWN: "warn",
}
STATE_WORDS = {
    "New": "in the schedule, and no time has come yet",
    "Up": "the newest time was run and succeeded",
    "Started": "runs now",
    "Late": "its time has come, nothing ran yet, still within the grace",
    "Missed": "the grace is over and nothing ran; the line below says why",
    "Failed": "the newest run failed, or died without a word",
    "Skipped": "the newest run found the job's lock held",
    "Unknown": "whether it ran is not known; the line below says why",
    "Paused": "switched off; its line stays as a comment",
    "-": "not in the schedule",
    "?": "the crontab cannot be read",
    "NOT WRITTEN": "changed here; {schedule_write} writes it",
}
HEADS = (
    TableColumn("JOB", 0, meaning="name of the job"),
    TableColumn("STATE", 0, meaning="one word (below)"),
    TableColumn("WHEN", 1, meaning="minute hour day month weekday"),
    TableColumn("NEXT", 2, meaning="the next run, in the host's zone"),
    TableColumn("LAST", 3, meaning="when it ran last"),
    TableColumn("TOOK", 5, right=True, meaning="how long that took"),
    TableColumn("EXIT", 4, right=True, meaning="its exit code"),
    TableColumn("MEANS", 6, max_width=60, meaning="the expression in words"),
)
# Times for a new operator, the guide's own first.
PRESETS = {
    "weekly": ("0 2 * * 0", "0 4 * * 0", "0 4 * * 6", "30 17 * * 5"),
    "performance": ("0 6,12,18 * * 1-5", "0 18 * * 1-5", "0 6 * * *", "30 10,16 * * 1-5"),
    "monthly": ("0 1 1 * *", "0 4 1 * *", "0 4 15 * *"),
    "clean": ("0 3 * * *", "30 4 * * *", "0 3 * * 0"),
    "health": ("30 7 * * *", "30 7 * * 1-5", "0 7,19 * * *"),
    "serve": ("@reboot",),
}


def job_row(
    job: JobView, planned: JobLine | None, now: datetime, zone: ZoneInfo
) -> tuple[Span, ...]:
    """One job; `planned` is the line as it would be written."""
    explanation = explained(job, planned, now, zone)
    enabled = planned is not None and planned.enabled
    next_runs = explanation.next_runs if explanation and enabled else ()
    last = job.last
    exit_code = last.exit_code if last else None
    expression = (planned.expression, "") if planned else (f"({job.job.expression})", "dim")
    meaning = (explanation.description, "") if explanation else (job.job.summary, "dim")
    return (
        (job.job.name, "head"),
        _state(job, planned),
        expression,
        (times.brief_slot(next_runs[0]) if next_runs else figures.ABSENT, ""),
        (times.brief_moment(last.started if last else None, now, 7), ""),
        (times.duration(last.seconds if last else None), ""),
        (figures.ABSENT if exit_code is None else str(exit_code), "crit" if _failed(job) else ""),
        meaning,
    )


def _state(job: JobView, planned: JobLine | None) -> Span:
    if job.hidden:
        return ("?", "warn")
    written = _meaning(job.line) if job.line else None
    if written != (_meaning(planned) if planned else None):
        return ("NOT WRITTEN", "mark")
    if job.status is None:
        return (figures.ABSENT, "dim")
    return (str(job.status.state), STYLES[job.status.state])


def _meaning(planned: JobLine) -> tuple[str, bool]:
    return planned.expression, planned.enabled


def _failed(job: JobView) -> bool:
    return bool(job.status and job.status.state is ScheduleState.FAILED)


def around_lines(view: ScheduleView, width: int) -> tuple[Line, ...]:
    """What keeps jobs from starting, clashes, problems, other homes, the rest of the crontab."""
    idle = f"{view.daemon}; no job starts before one does (`stockml doctor` says what to do)"
    lines: list[Line] = [line(idle, "crit")] if view.daemon.absent else []
    if view.daemon.hidden:
        lines.append(line(f"{view.daemon}; {key('schedule_check')} finds out", "warn"))
    lines += [line(f"problem: {text}", "crit") for text in view.problems]
    lines += [line(f"clash: {clash}", "warn") for clash in view.clashes]
    lines += [
        line(f"another stockml home has its own block here: {home}", "dim")
        for home in view.other_homes
    ]
    count = len(view.other_lines)
    head = "your crontab has nothing else"
    if view.unread:
        head = "your crontab cannot be read"
    elif count:
        head = f"the rest of your crontab, {plural(count, 'line')}, never touched"
    return (
        *wrapped_all(lines, width, 4),
        line(head, "head"),
        *(line(f"  {text}", "dim") for text in view.other_lines),
    )


def facts(view: ScheduleView, edit: ScheduleEdit | None) -> Iterable[Span]:
    """The title's facts: backend, daemon, zone, what is not written."""
    if view.unread and view.backend is None:
        yield ("CRONTAB UNREAD", "crit")
    else:
        yield (str(view.backend) if view.backend else "nothing installed", "")
    runs = "cron runs" if view.daemon.name == CRON else "systemd runs"
    if view.daemon.hidden:
        yield (f"{view.daemon.name} not seen", "warn")
    else:
        yield (runs, "ok") if view.daemon.running else (f"NO {view.daemon.name.upper()}", "crit")
    yield (f"zone {view.zone}", "dim")
    if edit and edit.changed:
        yield (f"{plural(len(edit.changed), 'change')} NOT WRITTEN", "mark")


def diff_lines(diff: Sequence[str], warnings: Sequence[str]) -> tuple[Line, ...]:
    """The difference as it is confirmed."""
    styles = {"+": "ok", "-": "crit", "@": "dim"}
    return (
        *(line(text, styles.get(text[:1], "")) for text in diff),
        *(line(f"note: {text}", "warn") for text in warnings),
    )
