"""`evaluate`: live models scored on sessions they could not have seen, with a report to keep."""

from __future__ import annotations

from typing import Any

from engine.cli import render
from engine.cli.session import Session, report
from engine.cli.train import terminal_width
from engine.core.errors import ExitCode, NoDataError, StockmlError
from engine.core.exits import worst_exit
from engine.words.sources import NOT_REAL

WIDE = 150
"""Columns from which a terminal shows the whole table."""
NARROW = (
    "SYMBOL",
    "ON",
    "N",
    "MAPE%",
    "NAIVE%",
    "MASE",
    "DIR%",
    "UP%",
    "IN 80%",
    "CONF%",
    "KEPT%",
    "ECE",
)


def evaluate(session: Session, symbols: tuple[str, ...]) -> int:
    """Score live models beside naive on sessions after their last training bar (few: on held-out
    ones); never asks the network.

    The report (JSON, Markdown, one HTML page) is kept in evaluation_results/.
    """
    names = session.symbols(symbols)
    found = session.engine.models.evaluate(names)
    if (
        not symbols
        and not found["symbols"]
        and all(each["exit_code"] == ExitCode.NO_DATA for each in found["problems"])
    ):
        raise NoDataError("there is no model to evaluate", "`stockml train-all` trains all of them")
    problems = wanted(found["problems"], bool(symbols))
    if session.json:
        session.document({**found, "problems": problems})
    else:
        _print(session, found)
    for each in problems:
        message = each["message"]
        report(
            StockmlError(
                message if message.startswith(each["symbol"]) else f"{each['symbol']}: {message}",
                each["hint"],
            )
        )
    return worst_exit([each["exit_code"] for each in problems])


def wanted(problems: list[dict[str, Any]], named: bool) -> list[dict[str, Any]]:
    """What must be told: without names given, a symbol that has no model yet is no fault."""
    return [each for each in problems if named or each["exit_code"] != ExitCode.NO_DATA]


def lines_of(found: dict[str, Any], width: int | None) -> list[str]:
    """The table, on a narrow terminal without the columns that matter less;
    the report has them all."""
    from engine.forecast.report_table import HEADS, RIGHT, table_rows

    rows = table_rows(found)
    if width is None or width >= WIDE:
        return render.table(HEADS, rows, RIGHT, width)
    kept = [HEADS.index(head) for head in NARROW]
    right = [place for place, at in enumerate(kept) if at in RIGHT]
    return render.table(NARROW, [[row[at] for at in kept] for row in rows], right, width, gap=" ")


def _print(session: Session, found: dict[str, Any]) -> None:

    if found["simulated"]:
        session.say(NOT_REAL)
    if found["symbols"]:
        session.facts(lines_of(found, terminal_width()))
        for each in found["symbols"]:
            if each["part"] != "live":
                session.say(f"{each['symbol']}: {each['why']}: scored on held-out sessions")
        session.say(f"\nreport: {found['folder']}/report.html")
