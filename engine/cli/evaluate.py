"""`evaluate`: live models scored on sessions they could not have seen, with a report to keep."""

from __future__ import annotations

from typing import Any

from engine.cli.session import Session, report_symbol
from engine.cli.train import terminal_width
from engine.core.errors import ExitCode, NoDataError
from engine.core.exits import worst_exit
from engine.words.sources import NOT_REAL
from engine.words.tables import columns, text_table

_DROPPED_FIRST = ("FROM", "TO", "SOURCE", "95% INTERVAL", "IN 95%")
"""Columns dropped on a narrow terminal; the report has them all."""


def evaluate(session: Session, symbols: tuple[str, ...]) -> int:
    """Score live models beside naive, and keep the report in evaluation_results/."""
    names = session.symbols(symbols)
    evaluation = session.engine.models.evaluate(names)
    nothing_known = not evaluation["symbols"] and all(
        problem["exit_code"] == ExitCode.NO_DATA for problem in evaluation["problems"]
    )
    if nothing_known and not symbols:
        raise NoDataError("there is no model to evaluate", "`stockml train-all` trains all of them")
    problems = reportable(evaluation["problems"], bool(symbols))
    if session.json:
        session.document({**evaluation, "problems": problems})
    else:
        _print(session, evaluation)
    for problem in problems:
        report_symbol(problem["symbol"], problem["message"], problem["hint"])
    return worst_exit([problem["exit_code"] for problem in problems])


def reportable(problems: list[dict[str, Any]], named: bool) -> list[dict[str, Any]]:
    """The problems to report; a missing model counts only for a named symbol."""
    return [problem for problem in problems if named or problem["exit_code"] != ExitCode.NO_DATA]


def lines_of(evaluation: dict[str, Any], width: int | None) -> list[str]:
    """The table; a narrow terminal drops the less important columns."""
    from engine.forecast.report_table import HEADS, RIGHT, table_rows

    titles = [f">{head}" if at in RIGHT else head for at, head in enumerate(HEADS)]
    shown = columns(titles, dropped_first=_DROPPED_FIRST)
    return text_table(shown, table_rows(evaluation), width)


def _print(session: Session, evaluation: dict[str, Any]) -> None:
    if evaluation["simulated"]:
        session.say(NOT_REAL)
    if evaluation["symbols"]:
        session.facts(lines_of(evaluation, terminal_width()))
        for scores in evaluation["symbols"]:
            if scores["part"] != "live":
                session.say(f"{scores['symbol']}: {scores['why']}: scored on held-out sessions")
        session.say(f"\nreport: {evaluation['folder']}/report.html")
