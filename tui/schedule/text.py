"""What the Schedule screen says: rows, the current job, its next runs, what stands around it.

Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.core.errors import StockmlError
from engine.schedule.drafts import CurrentSchedule
from engine.schedule.explain import EXCHANGE, Explanation, explain
from engine.schedule.fields import ExpressionError
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS
from engine.schedule.records import CRON, Backend, JobView, ScheduleState, ScheduleView
from engine.schedule.slots import dst_notes
from engine.words import figures, times
from engine.words.phrases import plural
from engine.words.tables import TableColumn
from tui.keys.labels import key
from tui.widgets.lines import Line, Span, line, wrapped

STYLES = {
    ScheduleState.NEW: "dim",
    ScheduleState.UP: "ok",
    ScheduleState.STARTED: "live",
    ScheduleState.LATE: "warn",
    ScheduleState.MISSED: "crit",
    ScheduleState.FAILED: "crit",
    ScheduleState.SKIPPED: "warn",
    ScheduleState.PAUSED: "dim",
}
STATE_WORDS = {
    "New": "in the schedule, and no time has come yet",
    "Up": "the newest time was run and succeeded",
    "Started": "runs now",
    "Late": "its time has come, nothing ran yet, still within the grace",
    "Missed": "the grace is over and nothing ran; the line below says why",
    "Failed": "the newest run failed, or died without a word",
    "Skipped": "the newest run found the job's lock held",
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


@dataclass(frozen=True, slots=True)
class Edit:
    """Changes that are not written: from what they start, what would stand, and the steps back."""

    base: CurrentSchedule
    lines: tuple[JobLine, ...]
    before: tuple[tuple[JobLine, ...], ...] = ()

    def to(self, lines: tuple[JobLine, ...]) -> Edit:
        """One more change."""
        return self if lines == self.lines else Edit(self.base, lines, (*self.before, self.lines))

    def back(self) -> Edit:
        """The last change taken back."""
        return Edit(self.base, self.before[-1], self.before[:-1]) if self.before else self

    @property
    def changed(self) -> tuple[str, ...]:
        """The jobs that differ from what stands in the schedule."""
        old, new = {one.job: one for one in self.base.lines}, {one.job: one for one in self.lines}
        return tuple(job for job in JOBS if old.get(job) != new.get(job))

    def line(self, job: str) -> JobLine | None:
        return next((one for one in self.lines if one.job == job), None)


def short(slot: datetime) -> str:
    """A slot in its own zone, without the year: Sun 03-08 03:00 EDT."""
    return f"{slot:%a %m-%d %H:%M %Z}"


def explained(
    found: JobView, wanted: JobLine | None, now: datetime, zone: ZoneInfo
) -> Explanation | None:
    """The words and runs of the line that would stand;
    None without one, or when it cannot be read."""
    if wanted is None:
        return None
    if found.line and found.line.expression == wanted.expression:
        return found.explained
    try:
        return explain(wanted.expression, wanted.job, now, zone)
    except StockmlError:
        return None


def job_row(
    found: JobView, wanted: JobLine | None, now: datetime, zone: ZoneInfo
) -> tuple[Span, ...]:
    """One job; `wanted` is the line as it would be written."""
    what = explained(found, wanted, now, zone)
    last = found.last
    return (
        (found.job.name, "head"),
        _state(found, wanted),
        (wanted.expression if wanted else f"({found.job.expression})", "" if wanted else "dim"),
        (
            (
                short(what.next_runs[0])
                if what and what.next_runs and wanted and wanted.enabled
                else figures.ABSENT
            ),
            "",
        ),
        (times.brief_moment(last.started if last else None, now, 7), ""),
        (times.duration(last.seconds if last else None), ""),
        (
            figures.ABSENT if last is None or last.exit_code is None else str(last.exit_code),
            "crit" if _bad(found) else "",
        ),
        (what.description if what else found.job.summary, "" if what else "dim"),
    )


def _state(found: JobView, wanted: JobLine | None) -> Span:
    if found.hidden:
        return ("?", "warn")
    if (found.line is None) != (wanted is None) or (
        found.line and wanted and _meaning(found.line) != _meaning(wanted)
    ):
        return ("NOT WRITTEN", "mark")
    if found.status is None:
        return (figures.ABSENT, "dim")
    return (str(found.status.state), STYLES[found.status.state])


def _meaning(one: JobLine) -> tuple[str, bool]:
    return one.expression, one.enabled


def _bad(found: JobView) -> bool:
    return bool(found.status and found.status.state is ScheduleState.FAILED)


def run_lines(what: Explanation, now: datetime, zone: ZoneInfo) -> tuple[Line, ...]:
    """The next runs, here and in New York; a run that a clock change moves or repeats is marked."""
    if not what.next_runs:
        return (line("  when the machine starts"),)
    # By UTC: the two moments of a repeated hour are equal as local times.
    notes = {
        run.astimezone(UTC): str(note)
        for note in dst_notes(what.expression, now, zone)
        for run in note.runs
    }
    lines: list[Line] = []
    for slot in what.next_runs:
        note = notes.get(slot.astimezone(UTC), "")
        there = slot.astimezone(EXCHANGE)
        lines.append(
            (
                (f"  {slot:%a %Y-%m-%d %H:%M %Z}", ""),
                (f"   {there:%a %H:%M %Z}", "dim"),
                (f"  DST {note}" if note else "", "warn"),
            )
        )
    return tuple(lines)


def check_lines(text: str, job: str, now: datetime, zone: ZoneInfo, width: int) -> tuple[Line, ...]:
    """What the editor says of an expression while it is typed: what is wrong, or its words, runs
    and warnings."""
    try:
        what = explain(text, job, now, zone)
    except ExpressionError as error:
        found = (
            ((("WRONG  ", "crit"), (error.message, "")), ((f"       {error.hint}", "dim"),))
            if error.hint
            else ((("WRONG  ", "crit"), (error.message, "")),)
        )
        return tuple(piece for one in found for piece in wrapped(one, width))
    head = (
        (("OK  ", "ok"), (what.description, "head")),
        line(f"next runs ({zone.key}, New York beside it)", "dim"),
    )
    warnings = (line(f"note: {text}", "warn") for text in what.warnings)
    return tuple(
        piece
        for one in (*head, *run_lines(what, now, zone), *warnings)
        for piece in wrapped(one, width, 6)
    )


def detail_lines(
    found: JobView, wanted: JobLine | None, now: datetime, zone: ZoneInfo, width: int
) -> tuple[Line, ...]:
    """Everything about the current job."""
    lines: list[Line] = [
        (
            (f"{found.job.name} ", "head"),
            (f"{found.job.summary}; runs `stockml {' '.join(found.job.verb)}`", ""),
        )
    ]
    what = explained(found, wanted, now, zone)
    if found.reason:
        lines.append(
            ((f"{found.status.state if found.status else 'note'}: ", "crit"), (found.reason, ""))
        )
    if found.status and len(found.status.missed) > 1:
        lines.append(
            line(
                f"missed {len(found.status.missed)} times, first {short(found.status.missed[-1])}",
                "crit",
            )
        )
    if found.last:
        lines.append(_last_line(found, zone))
    if wanted is None and found.hidden:
        lines.append(line("nothing can be changed before the crontab can be read", "dim"))
    elif wanted is None:
        lines.append(
            line(
                f"not in the schedule; {key('schedule_add')} adds it, at {found.job.expression}"
                " unless you say otherwise",
                "dim",
            )
        )
    elif what is None:
        lines.append(
            line(
                f"{wanted.expression!r} cannot be read; {key('schedule_edit')} gives it another"
                " time",
                "crit",
            )
        )
    else:
        off = "" if wanted.enabled else " (switched off: it does not run)"
        lines.append(
            (
                (f"{what.description}{off}", "head"),
                (f"   next runs, {zone.key} and New York:", "dim"),
            )
        )
        lines += [
            *run_lines(what, now, zone),
            *(line(f"note: {text}", "warn") for text in what.warnings),
        ]
    return tuple(piece for one in lines for piece in wrapped(one, width, 4))


def _last_line(found: JobView, zone: ZoneInfo) -> Line:
    last = found.last
    assert last is not None
    due = f", due {short(last.slot.astimezone(zone))}" if last.slot else ""
    end = f"{last.outcome}, exit {last.exit_code}" if last.outcome else "no end recorded"
    took = f" after {times.duration(last.seconds)}" if last.seconds is not None else ""
    says = f": {last.message}" if last.message else ""
    return line(
        f"last run {times.moment(last.started)} by {last.trigger}{due}: {end}{took}{says}", "dim"
    )


def around_lines(seen: ScheduleView, width: int) -> tuple[Line, ...]:
    """What keeps jobs from starting, clashes, problems, other homes, and the rest of the
    crontab."""
    idle = f"{seen.daemon}; no job starts before one does (`stockml doctor` says what to do)"
    lines: list[Line] = [] if seen.daemon.running else [line(idle, "crit")]
    lines += [line(f"problem: {text}", "crit") for text in seen.problems]
    lines += [line(f"clash: {clash}", "warn") for clash in seen.clashes]
    lines += [
        line(f"another stockml home has its own block here: {home}", "dim")
        for home in seen.other_homes
    ]
    count = len(seen.other_lines)
    head = "nothing else stands in your crontab"
    if seen.unread:
        head = "your crontab cannot be read: what stands in it is not known"
    elif count:
        head = f"the rest of your crontab, {plural(count, 'line')}, never touched"
    return (
        *(piece for one in lines for piece in wrapped(one, width, 4)),
        line(head, "head"),
        *(line(f"  {text}", "dim") for text in seen.other_lines),
    )


def facts(seen: ScheduleView, edit: Edit | None) -> Iterable[Span]:
    """The title's facts: backend, daemon, zone, what is not written."""
    if seen.unread and seen.backend is None:
        yield ("CRONTAB UNREAD", "crit")
    else:
        yield (
            (
                "systemd"
                if seen.backend is Backend.SYSTEMD
                else "crontab"
                if seen.backend
                else "nothing installed"
            ),
            "",
        )
    runs = "cron runs" if seen.daemon.name == CRON else "systemd runs"
    yield (runs, "ok") if seen.daemon.running else (f"NO {seen.daemon.name.upper()}", "crit")
    yield (f"zone {seen.zone}", "dim")
    if edit and edit.changed:
        yield (f"{plural(len(edit.changed), 'change')} NOT WRITTEN", "mark")


def diff_lines(diff: Sequence[str], warnings: Sequence[str]) -> tuple[Line, ...]:
    """The difference as it is confirmed."""
    styles = {"+": "ok", "-": "crit", "@": "dim"}
    return (
        *(line(text, styles.get(text[:1], "")) for text in diff),
        *(line(f"note: {text}", "warn") for text in warnings),
    )
