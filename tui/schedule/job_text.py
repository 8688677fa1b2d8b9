"""One job of the schedule in full: its words, its next runs, its last run."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.core.errors import StockmlError
from engine.schedule.explain import EXCHANGE, Explanation, explain
from engine.schedule.fields import ExpressionError
from engine.schedule.job_lines import JobLine
from engine.schedule.records import JobView
from engine.schedule.slots import dst_notes
from engine.words import times
from tui.keys.labels import key
from tui.widgets.lines import Line, line, wrapped_all


def explained(
    job: JobView, planned: JobLine | None, now: datetime, zone: ZoneInfo
) -> Explanation | None:
    """The words and runs of the planned line; None without one, or when it cannot be read."""
    if planned is None:
        return None
    if job.line and job.line.expression == planned.expression:
        return job.explained
    try:
        return explain(planned.expression, planned.job, now, zone)
    except StockmlError:
        return None


def run_lines(explanation: Explanation, now: datetime, zone: ZoneInfo) -> tuple[Line, ...]:
    """The next runs, here and in New York; a run that a clock change moves or repeats is marked."""
    if not explanation.next_runs:
        return (line("  when the machine starts"),)
    # By UTC: the two moments of a repeated hour are equal as local times.
    notes = {
        run.astimezone(UTC): str(note)
        for note in dst_notes(explanation.expression, now, zone)
        for run in note.runs
    }
    lines: list[Line] = []
    for slot in explanation.next_runs:
        note = notes.get(slot.astimezone(UTC), "")
        there = slot.astimezone(EXCHANGE)
        lines.append(
            (
                (f"  {times.slot(slot)}", ""),
                (f"   {times.slot_time(there)}", "dim"),
                (f"  DST {note}" if note else "", "warn"),
            )
        )
    return tuple(lines)


def check_lines(text: str, job: str, now: datetime, zone: ZoneInfo, width: int) -> tuple[Line, ...]:
    """The feedback on an expression while it is typed: the mistake, or its words and runs."""
    try:
        explanation = explain(text, job, now, zone)
    except ExpressionError as error:
        mistake: list[Line] = [(("WRONG  ", "crit"), (error.message, ""))]
        if error.hint:
            mistake.append(line(f"       {error.hint}", "dim"))
        return wrapped_all(mistake, width)
    head = (
        (("OK  ", "ok"), (explanation.description, "head")),
        line(f"next runs ({zone.key}, New York beside it)", "dim"),
    )
    warnings = (line(f"note: {text}", "warn") for text in explanation.warnings)
    lines = (*head, *run_lines(explanation, now, zone), *warnings)
    return wrapped_all(lines, width, 6)


def detail_lines(
    job: JobView, planned: JobLine | None, now: datetime, zone: ZoneInfo, width: int
) -> tuple[Line, ...]:
    """Everything about the current job."""
    summary = f"{job.job.summary}; runs `stockml {' '.join(job.job.verb)}`"
    lines: list[Line] = [((f"{job.job.name} ", "head"), (summary, ""))]
    if job.reason:
        state = job.status.state if job.status else "note"
        lines.append(((f"{state}: ", "crit"), (job.reason, "")))
    if job.status and len(job.status.missed) > 1:
        missed = job.status.missed
        lines.append(line(f"missed {len(missed)} times, first {times.slot(missed[-1])}", "crit"))
    if job.last:
        lines.append(_last_line(job, zone))
    lines += _planned_lines(job, planned, now, zone)
    return wrapped_all(lines, width, 4)


def _planned_lines(
    job: JobView, planned: JobLine | None, now: datetime, zone: ZoneInfo
) -> tuple[Line, ...]:
    """When the job runs, or why it does not."""
    if planned is None:
        if job.hidden:
            return (line("nothing can be changed before the crontab can be read", "dim"),)
        text = (
            f"not in the schedule; {key('schedule_add')} adds it, at {job.job.expression}"
            " unless you say otherwise"
        )
        return (line(text, "dim"),)
    explanation = explained(job, planned, now, zone)
    if explanation is None:
        advice = f"{key('schedule_edit')} gives it another time"
        return (line(f"{planned.expression!r} cannot be read; {advice}", "crit"),)
    off = "" if planned.enabled else " (switched off: it does not run)"
    return (
        (
            (f"{explanation.description}{off}", "head"),
            (f"   next runs, {zone.key} and New York:", "dim"),
        ),
        *run_lines(explanation, now, zone),
        *(line(f"note: {text}", "warn") for text in explanation.warnings),
    )


def _last_line(job: JobView, zone: ZoneInfo) -> Line:
    last = job.last
    assert last is not None
    due = f", due {times.slot(last.slot.astimezone(zone))}" if last.slot else ""
    end = f"{last.outcome}, exit {last.exit_code}" if last.outcome else "no end recorded"
    took = f" after {times.duration(last.seconds)}" if last.seconds is not None else ""
    says = f": {last.message}" if last.message else ""
    return line(
        f"last run {times.moment(last.started)} by {last.trigger}{due}: {end}{took}{says}", "dim"
    )
