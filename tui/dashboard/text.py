"""Sentences of the console, built from records: pure functions."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import datetime

from engine.core.records import Job, JobState, PlanItem, Run, SymbolState
from engine.core.snapshot import Snapshot, SymbolRow
from engine.words import figures, times
from engine.words.phrases import plural, without_folders
from engine.words.runs import epoch_parts, job_counts, phase_word, run_state, run_text
from engine.words.sources import SIMULATED, short_source
from engine.words.triggers import retrain_sentence
from tui.keys.labels import key
from tui.look.glyphs import Glyphs, progress_bar
from tui.widgets.lines import Line, line, plain

BAD_STATES = (SymbolState.FAILED, SymbolState.LOST, SymbolState.CORRUPT)
_ENDED_STYLES = {JobState.DONE: "ok", JobState.FAILED: "crit"}
"""Styles for the state words of ended runs; other states warn."""


def next_steps(snapshot: Snapshot, read_only: bool) -> tuple[str, ...]:
    """What to do in a home without a model, in three lines; none once there is one or a run."""
    untouched = (SymbolState.NONE, SymbolState.CANCELLED)
    if snapshot.live_runs or any(row.model or row.state not in untouched for row in snapshot.rows):
        return ()
    if read_only:
        first = f"No model is trained yet, and this console is read-only: leave with {key('quit')},"
        second = f"open it without --read-only, then press {key('train_all')} to train."
    else:
        source = short_source(snapshot.source)
        first = (
            f"No model is trained yet. Press {key('train_all')} to train all {len(snapshot.rows)}"
            f" symbols on {source} bars,"
        )
        some = f"or mark some with {key('mark')} and press {key('retrain')}"
        second = f"{some}. Training continues when you leave with {key('quit')}."
    if snapshot.simulated:
        return (first, second, f"{key('help')} explains the keys and columns.")
    own_bars = "stockml --source csv:DIR (your own bars) or stockml demo"
    return (first, second, f"No network? {key('quit')}, then: {own_bars}.")


def run_spans(run: Run, now: datetime) -> Line:
    """One run on one line."""
    if run.live:
        word, style = ("CANCELLING", "warn") if run.cancelling else ("RUN", "live")
        return ((word, style), (f" {run_text(run, now)}", ""))
    style = _ENDED_STYLES.get(run.state, "warn")
    text = f" {run_text(run, now)}"
    return (("last run ", "dim"), (run_state(run).upper(), style), (text, "dim"))


def job_line(job: Job, width: int, glyphs: Glyphs) -> Line:
    """One running job: phase, progress, losses, time left."""
    bar = [progress_bar(job.epoch / job.epochs, 10, glyphs)] if job.epochs else []
    text = f"{phase_word(job):<12} {' '.join((*bar, *epoch_parts(job)))}"
    return ((f"  {job.symbol:<5} ", "live"), (text[: width - 8], ""))


def run_lines(snapshot: Snapshot, width: int, height: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """The live runs and, where there is room, their running jobs; else the last runs that ended."""
    live = snapshot.live_runs
    if not live:
        ended = [run_spans(run, snapshot.taken_at) for run in snapshot.runs[: max(1, height)]]
        return tuple(ended) or (line("no run yet", "dim"),)
    lines = [run_spans(run, snapshot.taken_at) for run in live]
    if len(lines) > height > 0:
        lines = [*lines[: height - 1], line(f"RUN {len(lines) - height + 1} more", "live")]
    jobs = [job for run in live for job in run.jobs if job.state is JobState.RUNNING]
    return (*lines, *(job_line(job, width, glyphs) for job in jobs[: max(0, height - len(lines))]))


def detail(row: SymbolRow, width: int) -> Line:
    """The current row in a sentence: why it is as it is, then what its numbers rest on."""
    style = "crit" if row.state in BAD_STATES else ""
    reasons = (without_folders(row.note), retrain_sentence(row), _warning(row))
    parts = [text for text in reasons if text]
    forecast, model = row.forecast, row.model
    if forecast:
        interval = f"{figures.number(forecast.low80, 2)}–{figures.number(forecast.high80, 2)}"
        parts += [
            f"80% {interval} on {forecast.target_session[5:]}",
            f"P(up) {figures.chance(forecast.p_up)}%",
        ]
    if model:
        mark = SIMULATED if model.simulated else short_source(model.source)
        parts += [
            f"gen {model.generation}, n {model.metrics.n_scored}",
            mark,
            f"bars to {model.last_bar}",
        ]
    head: Line = ((f"{row.symbol} ", "head"), (f"{row.company}: ", "dim"))
    while len(parts) > 1 and len(plain(head)) + len("; ".join(parts)) > width:
        parts.pop()
    if parts and len(plain(head)) + len(parts[0]) > width:  # the reason needs the company's room
        head = ((f"{row.symbol}: ", "head"),)
    return (*head, ("; ".join(parts) or "no note", style))


def _warning(row: SymbolRow) -> str:
    """The first warning of the running training, or of the live model's."""
    last = row.last_job if row.model and row.model.run_id == row.run_id else None
    job = row.job or last
    return f"warning: {job.warnings[0]}" if job and job.warnings else ""


def plan_lines(items: Sequence[PlanItem], now: datetime, source: str) -> tuple[Line, ...]:
    """Exactly what a training on bars of `source` would replace, one line a symbol."""
    return tuple(_plan_line(item, now, source) for item in items)


def _plan_line(item: PlanItem, now: datetime, source: str) -> Line:
    name = (f"  {item.symbol:<6}", "head")
    if item.holder is not None:
        holder = item.holder or "another process"
        return (name, ("BUSY", "warn"), (f" left out, trained by {holder}", ""))
    if item.model is None:
        return (name, (_no_model(item.state), "dim"))
    model = item.model
    if model.source.partition(":")[0] != source.partition(":")[0]:
        rest = f"; to replace it: stockml train {item.symbol} --source {source} --replace-source"
        text = f" its model is of {short_source(model.source)} bars{rest}"
        return (name, ("REFUSED", "warn"), (text, ""))
    old = times.age_since(model.trained_at, now)
    mark = "SIMULATED " if model.simulated else ""
    trained = f"trained {times.moment(model.trained_at)} ({old})"
    text = f"gen {model.generation}, {figures.size(model.size_bytes)}, {trained}"
    return (name, ("replaces ", ""), (mark, "warn"), (text, ""))


def _no_model(state: SymbolState) -> str:
    if state is SymbolState.FOREIGN:
        return "replaces a FOREIGN model file (copied to a backup first)"
    if state is SymbolState.CORRUPT:
        return "replaces a CORRUPT model file"
    if state in (SymbolState.FRESH, SymbolState.AGING, SymbolState.STALE):
        again = f"{key('confirm_no')} and ask again to see them"
        return f"replaces a model whose figures are being read; {again}"
    return "new, no model yet"


def leaving(snapshot: Snapshot | None, started: Iterable[str], home: str) -> str:
    """The work that continues without the console, for the shell."""
    live = snapshot.live_runs if snapshot else ()
    known = {run.id for run in snapshot.runs} if snapshot else set()
    lines = [
        f"  {run.id}  {run.reason}, {plural(len(run.jobs), 'symbol')}: {job_counts(run.jobs)}"
        for run in live
    ]
    lines += [f"  {run_id}  just started" for run_id in started if run_id not in known]
    if not lines and snapshot:
        return "stockml: no training is running.\n"
    if not lines:
        return "stockml: left before the home was read.\n"
    verb = "goes" if len(lines) == 1 else "go"
    head = f"stockml: {plural(len(lines), 'run')} {verb} on without the console:"
    again = f"stockml --home {shlex.quote(home)}"
    first = lines[0].split()[0]
    return "\n".join(
        (head, *lines, f"Look again:     {again}", f"Or follow it:   {again} runs follow {first}\n")
    )
