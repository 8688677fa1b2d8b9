"""`backtest`: the walk-forward table, with a progress bar; an interrupted run can resume."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from engine.cli.session import Session, on_terminal, report
from engine.cli.train import terminal_width
from engine.core.errors import ExitCode, Interrupted, StockmlError, UsageError
from engine.core.exits import worst_exit
from engine.core.files import write_json
from engine.core.progress import report_step
from engine.core.sources import is_simulated
from engine.words import figures
from engine.words.phrases import listed, plural
from engine.words.sources import NOT_REAL
from engine.words.tables import columns, text_table

FIGURES = (">MASE", ">MAPE%", ">DIR%", ">95% INTERVAL", ">IN 80%", ">IN 95%", ">WIDTH80%", ">ECE")
SCORES = (">CRPS%", ">SCORE80", ">SCORE95", ">REPORTS 80%", ">REPORTS 95%")
POOLED_COLUMNS = columns(("ROW", *FIGURES))
SCORE_COLUMNS = columns(("ROW", *SCORES))
SYMBOL_COLUMNS = columns(("SYMBOL", *FIGURES, ">N", "MEAN WEIGHTS"))


def backtest(
    session: Session,
    symbols: tuple[str, ...],
    first: date,
    last: date,
    retrain_every: int,
    epochs: int | None,
    members: tuple[str, ...] | None,
    baselines: bool,
) -> int:
    """Walk forward over past sessions and score every member against the baselines."""
    if first > last:
        raise UsageError(f"--from {first} lies after --to {last}")
    with _progress(session) as progress, _resumable():
        scores = session.engine.models.backtest(
            session.symbols(symbols),
            first,
            last,
            retrain_every,
            members=members,
            epochs=epochs,
            progress=progress,
            baselines=baselines,
        )
    now = datetime.now().astimezone()
    path = session.home.evaluations / f"backtest_{now:%Y%m%d_%H%M%S}.json"
    write_json(path, scores)
    for note in (*scores["notes"], *report_notes(scores["report_dates"])):
        session.note(note)
    for problem in scores["problems"]:
        report(StockmlError(problem["message"], problem["hint"]))
    if session.json:
        session.document(scores)
    else:
        session.facts(lines_of(scores))
        session.say(f"\nkept in {path}")
    # Without names, a symbol that cannot be scored is no fault.
    if not symbols:
        return ExitCode.DONE
    return worst_exit([problem["exit_code"] for problem in scores["problems"]])


@contextmanager
def _resumable() -> Iterator[None]:
    """On Ctrl-C, end the command with the advice to run it again."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(
            "the backtest was interrupted", "rerun the same command to resume"
        ) from error


def lines_of(scores: dict[str, Any]) -> list[str]:
    """The pooled table, then one line a symbol."""
    pooled = scores["pooled"]
    lines = [NOT_REAL] if is_simulated(scores["request"]["source"]) else []
    lines += [f"pooled, n={pooled['n']} symbol-sessions"]
    rows = [(name, *cells(row)) for name, row in pooled["rows"].items()]
    lines += text_table(POOLED_COLUMNS, rows, terminal_width())
    lines += ["", *score_lines(pooled["rows"])]
    lines += ["", "ensemble by symbol"]
    symbol_rows = [
        (entry["symbol"], *cells(entry["rows"]["ensemble"]), str(entry["n"]), weights(entry))
        for entry in scores["symbols"]
    ]
    return lines + text_table(SYMBOL_COLUMNS, symbol_rows, terminal_width())


def report_notes(used: dict[str, Any]) -> list[str]:
    """What the figures of report days rest on."""
    notes = []
    if plain := [symbol for symbol, why in used["unknown"].items() if why == "unknown"]:
        notes.append(f"{listed(plain, 20)}: report dates are unknown")
    notes += [f"{symbol}: {why}" for symbol, why in used["unknown"].items() if why != "unknown"]
    if ahead := used["known_sessions_ahead"]:
        notes.append(
            f"report dates that do not say since when they are public count as known {ahead}"
            " sessions ahead"
        )
    return notes


def score_lines(rows: dict[str, Any]) -> list[str]:
    """The scores of every distribution, lower is better, then the skill of the ensemble."""
    stated = {name: row for name, row in rows.items() if row["crps"] is not None}
    count = rows["ensemble"]["report_days"]["n"]
    lines = [f"scores in percent of the last close, lower is better; {plural(count, 'report day')}"]
    cells = [(name, *score_cells(row)) for name, row in stated.items()]
    lines += text_table(SCORE_COLUMNS, cells, terminal_width())
    for baseline, skill in rows["ensemble"]["skill"].items():
        parts = [f"{name} {_skill(skill[key])}" for key, name in _LOSSES.items() if skill[key]]
        lines.append(f"ensemble against {baseline}: {', '.join(parts)}")
    return lines


_LOSSES = {"crps": "CRPS", "interval_score80": "score 80", "interval_score95": "score 95"}


def _skill(skill: dict[str, float]) -> str:
    low, high = (figures.signed(skill[end], 1) for end in ("low", "high"))
    return f"{figures.signed(skill['value'], 2)} % [{low}, {high}]"


def score_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """CRPS, interval scores, and coverage on report days."""
    days = row["report_days"]
    return (
        figures.number(row["crps"], 4),
        figures.number(row["interval_score80"], 3),
        figures.number(row["interval_score95"], 3),
        figures.number(days["coverage80"], 1),
        figures.number(days["coverage95"], 1),
    )


def cells(scores: dict[str, float | None]) -> tuple[str, ...]:
    """One row of figures as text."""
    low, high = scores["direction_low"], scores["direction_high"]
    interval = figures.interval(low, high, 1)
    return (
        figures.number(scores["mase"], 4),
        figures.number(scores["mape"], 3),
        figures.number(scores["direction"], 2),
        interval,
        *(figures.number(scores[name], 1) for name in ("coverage80", "coverage95")),
        figures.number(scores["width80"], 2),
        figures.number(scores["ece"], 3),
    )


def weights(entry: dict[str, Any]) -> str:
    """The mean weights of a symbol's folds."""
    return " ".join(
        f"{name} {figures.number(value, 2)}" for name, value in entry["weights"].items()
    )


@contextmanager
def _progress(session: Session) -> Iterator[Any]:
    """Show a bar on a terminal, else a line for every tenth of the work."""
    if on_terminal(session.narration):
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description:6}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(file=session.narration)) as bar:
            task = bar.add_task("folds", total=None)
            yield lambda symbol, done, total: bar.update(
                task, description=symbol or "folds", completed=done, total=total
            )
        return
    reported_tenth = -1

    def say(symbol: str, done: int, total: int) -> None:
        nonlocal reported_tenth
        report_step(done, total, symbol)
        tenth = done * 10 // total
        if tenth > reported_tenth:
            reported_tenth = tenth
            last = symbol or ("kept from before" if done else "")
            session.say(f"{done}/{total} folds  {last}".rstrip())

    yield say
