"""The status line: how bad it is and why, what runs, what fires, service, bars, line, time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.core.records import Level, Run
from engine.core.snapshot import Cause, Snapshot, Subject
from engine.core.sources import is_simulated
from engine.words import times
from engine.words.phrases import plural
from engine.words.sources import SIMULATED, short_source
from tui.alerts.text import firing_words
from tui.frame.facts import FrameFacts
from tui.service.marks import title_rank, title_span, warning
from tui.widgets.lines import Span
from tui.widgets.targets import Part, joined

LEVEL_STYLES = {Level.OK: "ok", Level.WARN: "warn", Level.CRIT: "crit"}
_TABS = {Subject.HOST: "go:doctor", Subject.ALERTS: "go:alerts", Subject.HOME: "go:doctor"}
STATUS_HELP = (
    "host, the worst state and its cause (OK, WARN, CRIT; a CPU that training keeps busy does not"
    " count), runs with symbols done and time left, alerts that fire and nobody acknowledged,"
    " UNSENT messages nobody took, the prediction service (off, starting, up with its latency,"
    " DEGRADED, UNHEALTHY, UNANSWERING, ERROR, DOWN), the date of the newest bars or how many"
    " sessions they are behind, where they come from, slow when the line is, local time."
    " SIMULATED: some numbers come from the simulated market. RO: read-only. OLD: the home was not"
    " read for that long. Each word can be clicked."
)


@dataclass(frozen=True, slots=True)
class RankedPart:
    """A word of the line; those of the highest rank go first where it is narrow, 0 never."""

    rank: int
    part: Part


def cause_target(cause: Cause) -> str:
    """Where a cause is explained."""
    return f"symbol:{cause.symbol}" if cause.symbol else _TABS.get(cause.subject, "go:doctor")


def run_progress(runs: Sequence[Run], now: datetime) -> str:
    """How far the live runs are: symbols done of all, time left."""
    jobs = [job for run in runs for job in run.jobs]
    ended = sum(job.state.ended for job in jobs)
    left = _time_left(runs, ended, len(jobs), now)
    return f"{ended}/{len(jobs)}{f' {times.duration(left)}' if left else ''}"


def _time_left(runs: Sequence[Run], ended: int, jobs: int, now: datetime) -> float | None:
    """Seconds left at the pace so far; None before the first symbol ended."""
    if not ended or ended == jobs:
        return None
    spent = max((now - run.created_at).total_seconds() for run in runs)
    return spent / ended * (jobs - ended)


def status_fields(facts: FrameFacts, marks: Sequence[str] = ()) -> tuple[RankedPart, ...]:
    """The words of the line in their order; `marks` are those of the screen."""
    snapshot = facts.snapshot
    fields: list[RankedPart] = []
    if snapshot is None:
        reading: Span = ("CANNOT READ", "crit") if facts.failure else ("reading", "dim")
        fields += [RankedPart(0, Part(("stockml", "head"))), RankedPart(0, Part(reading))]
    else:
        fields += _home_fields(snapshot)
        if facts.service:
            rank, span = title_rank(facts.service), _service_span(facts)
            fields.append(RankedPart(rank, Part(span, "go:service")))
        fields += _source_fields(snapshot)
    if facts.slow:
        fields.append(RankedPart(6, Part(("slow", "dim"), "go:doctor")))
    kept: list[Span] = [(facts.lag, "crit")] if facts.lag else []
    if snapshot is not None and snapshot.simulated:
        kept.append((SIMULATED, "mark"))
    kept += [(mark, "mark") for mark in (*(["RO"] if facts.read_only else []), *marks)]
    fields += [RankedPart(0, Part(span)) for span in kept]
    fields.append(RankedPart(4, Part((facts.clock, ""))))
    return tuple(fields)


def _home_fields(snapshot: Snapshot) -> Iterator[RankedPart]:
    yield RankedPart(3, Part(("stockml", "head")))
    yield RankedPart(5, Part((snapshot.host, "")))
    style = LEVEL_STYLES[snapshot.worst]
    if snapshot.causes:
        cause = snapshot.causes[0]
        target = cause_target(cause)
        yield RankedPart(1, Part((snapshot.worst.value, style), target))
        if cause.subject is not Subject.ALERTS:  # those stand behind it
            yield RankedPart(2, Part((cause.text, style), target))
    else:
        yield RankedPart(1, Part((snapshot.worst.value, style), "go:doctor"))
    live = snapshot.live_runs
    if live:
        yield RankedPart(2, Part((f"{len(live)} RUN", "live"), "go:runs"))
        yield RankedPart(5, Part((run_progress(live, snapshot.taken_at), "live"), "go:runs"))
    else:
        yield RankedPart(3, Part(("idle", "dim"), "go:runs"))
    if firing := firing_words(snapshot):
        yield RankedPart(1, Part(firing, "go:alerts"))


def _service_span(facts: FrameFacts) -> Span:
    text, style = title_span(facts.service)
    if facts.service == "healthy" and facts.latency_s is not None:
        text = f"svc {times.latency(facts.latency_s)}"
    return text, style


def _source_fields(snapshot: Snapshot) -> Iterator[RankedPart]:
    if behind := snapshot.bars_behind:
        yield RankedPart(2, Part((f"bars {plural(behind, 'session')} behind", "warn"), "go:doctor"))
    elif newest := max(
        (row.forecast.last_bar for row in snapshot.rows if row.forecast), default=""
    ):
        yield RankedPart(7, Part((f"bars {newest[5:]}", ""), "go:doctor"))
    if not is_simulated(snapshot.source):
        yield RankedPart(6, Part((short_source(snapshot.source), ""), "go:settings"))


def status_parts(facts: FrameFacts, width: int, marks: Sequence[str] = ()) -> tuple[Part, ...]:
    """The words that fit into `width` cells; the least important go first, the marks never."""
    fields = list(status_fields(facts, marks))
    while len(fields) > 1 and sum(field.part.width + 2 for field in fields) - 2 > width:
        loosest = max(fields, key=lambda field: field.rank)
        if not loosest.rank:
            loosest = fields[0]
        fields.remove(loosest)
    return joined([field.part for field in fields])


def warnings(facts: FrameFacts, tab: str) -> list[Span]:
    """What a screen's own title says of the frame where that has no room."""
    spans: list[Span] = [("RO", "mark")] if facts.read_only else []
    if facts.lag:
        spans.append((facts.lag, "crit"))
    return [*spans, *(warning(facts.service) if tab != "service" else ())]
