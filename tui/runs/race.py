"""A run as a race: a lane a symbol, the whole run on top, better, same or refused at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from engine.core.records import Job, JobState, Metrics, Run
from engine.words import figures, times
from engine.words.runs import is_fitting, phase_word, run_seconds
from tui.look.glyphs import ASCII, Glyphs, progress_bar
from tui.look.sparkline import sparkline
from tui.runs.text import STYLES
from tui.widgets.lines import Line, Span, line

PHASES = ("load", "features", "fit", "score", "publish")
_BAR, _SPARK = 12, 10
SAME = 0.005
"""MASEs nearer than this are called the same."""
_ORDER = {JobState.RUNNING: 0, JobState.QUEUED: 1}


def race_lines(
    run: Run, width: int, height: int, now: datetime, glyphs: Glyphs
) -> tuple[Line, ...]:
    """The total, then a lane a symbol: those that run, the waiting ones, then the ended ones."""
    jobs = sorted(run.jobs, key=lambda job: _ORDER.get(job.state, 2)) if run.live else run.jobs
    lanes = [lane(job, width, now, glyphs) for job in jobs]
    room = max(1, height - 1)
    if len(lanes) > room:
        hidden = len(lanes) - room + 1
        lanes = [*lanes[: room - 1], line(f"{glyphs.more} {hidden} more", "dim")]
    return (total_line(run, now, glyphs), *lanes)


def total_line(run: Run, now: datetime, glyphs: Glyphs) -> Line:
    """How far the run is with its time and what is left, or what came out."""
    ended = sum(job.state.ended for job in run.jobs)
    spent = run_seconds(run, now)
    if not run.live:
        return ((f"{len(run.jobs)} symbols in {times.duration(spent)}  ", "head"), *outcome(run))
    share = sum(_share(job) for job in run.jobs) / max(1, len(run.jobs))
    left = spent * (1 - share) / share if spent and share > 0.02 else None
    eta = f"  ETA {times.duration(left)}" if left is not None else ""
    count = f" {ended}/{len(run.jobs)}  {times.duration(spent)}{eta}"
    return ((progress_bar(share, _BAR + _SPARK, glyphs), "live"), (count, "head"))


def _share(job: Job) -> float:
    """How much of a job is done: epochs are nearly all of it."""
    if job.state.ended:
        return 1.0
    if job.state is JobState.QUEUED:
        return 0.0
    if job.epochs and is_fitting(job):
        return 0.1 + 0.8 * job.epoch / job.epochs
    return 0.9 if job.epochs else 0.05


def lane(job: Job, width: int, now: datetime, glyphs: Glyphs) -> Line:
    """One symbol: phases, epochs with the loss so far and what is left, or its result."""
    name: Span = (f"{job.symbol:<6}", "head")
    if job.state is JobState.QUEUED:
        return (name, ("queued", "dim"))
    if job.state.ended:
        return (name, (f"{job.state.value.upper():<10}", STYLES[job.state]), *_result(job, glyphs))
    dots: Span = (f"{_phase_dots(job, glyphs)} ", "live")
    if not job.epochs:
        spent = (now - job.started_at).total_seconds() if job.started_at else None
        return (name, dots, (f"{phase_word(job)} {times.duration(spent)}", ""))
    bar = progress_bar(job.epoch / job.epochs, _BAR, glyphs)
    losses = [epoch.val_loss or epoch.loss for epoch in job.losses]
    curve = sparkline(losses, _SPARK, ascii_only=glyphs is ASCII)
    word = f"ETA {times.duration(job.eta_s)}" if is_fitting(job) else phase_word(job)
    spans: list[Span] = [name, dots, (bar, "live"), (f" {job.epoch:>3}/{job.epochs} ", "")]
    for text in (f"{curve} ", f"{figures.number(job.loss, 3)} ", word):
        if sum(len(span[0]) for span in spans) + len(text) <= width:
            spans.append((text, "live" if text.startswith(curve) else ""))
    return tuple(spans)


def _phase_dots(job: Job, glyphs: Glyphs) -> str:
    """A mark a phase: those behind it, the one it is in, those before it."""
    reached = PHASES.index(job.phase) if job.phase in PHASES else 0
    done, ahead = ("#", ".") if glyphs is ASCII else ("▪", "·")
    return done * (reached + 1) + ahead * (len(PHASES) - reached - 1)


def _result(job: Job, glyphs: Glyphs) -> tuple[Span, ...]:
    """The error against the champion's on the same sessions, or why it ended so."""
    new, old = job.metrics or Metrics(), job.champion or Metrics()
    took = f"{times.duration(job.duration_s):>7}  " if job.duration_s is not None else ""
    if new.mase is None or job.state not in (JobState.DONE, JobState.REFUSED):
        return ((f"{took}{job.message}", ""),)
    mark, word = comparison(job, glyphs)
    figure = f"MASE {figures.number(new.mase, 3)}"
    against = f" {mark[0]} {figures.number(old.mase, 3)}" if old.mase is not None else ""
    generation = f"  gen {job.generation}" if job.generation else ""
    return ((took, ""), (figure, ""), (against, mark[1]), (f"  {word}", mark[1]), (generation, ""))


def comparison(job: Job, glyphs: Glyphs) -> tuple[Span, str]:
    """The mark between a result and the champion's with its style, and the word."""
    new, old = job.metrics or Metrics(), job.champion or Metrics()
    if job.state is JobState.REFUSED:
        return (glyphs.falling, "warn"), "refused"
    if new.mase is None or old.mase is None:
        return ("", ""), "new"
    if abs(new.mase - old.mase) < SAME:
        return ("=", "dim"), "same"
    return ((glyphs.rising, "ok"), "better") if new.mase < old.mase else ((">", "dim"), "published")


def outcome(run: Run) -> Sequence[Span]:
    """How many symbols ended how: better, same, refused, failed."""
    words: Counter[str] = Counter()
    for job in run.jobs:
        scored = job.state in (JobState.DONE, JobState.REFUSED) and job.metrics
        words[comparison(job, ASCII)[1] if scored else job.state.value] += 1
    styles = {"better": "ok", "refused": "warn", "failed": "crit", "lost": "crit"}
    return [(f"{count} {word}  ", styles.get(word, "")) for word, count in words.most_common()]
