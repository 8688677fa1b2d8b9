"""`data import`: a file of another program, shown as it was understood, then written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.confirm import ask
from engine.cli.session import Session
from engine.core.doubts import doubt_trees
from engine.core.errors import ExitCode
from engine.core.text import clean
from engine.words import figures
from engine.words.tables import columns, text_table

if TYPE_CHECKING:
    from engine.market.import_plan import ImportPlan

COLUMNS = columns(("COLUMN", "IN THE FILE", ">FIRST", ">LAST"))
_DECIMALS = {"open": 2, "high": 2, "low": 2, "close": 2, "volume": 0}


def import_file(session: Session, file: str, symbol: str, yes: bool) -> int:
    """Bring FILE into the folder of the source as the bars of SYMBOL."""
    (symbol,) = session.symbols((symbol,))
    plan = session.engine.bars.plan_import(Path(file).expanduser(), symbol)
    for line in _lines(plan):
        session.say(clean(line))
    kept: tuple[Path, ...] = ()
    if plan.unchanged:
        session.say(f"{plan.target} has these bars already: nothing to write")
    else:
        effect = f"this writes {clean(str(plan.target), 300)}"
        ask(session, f"Write {plan.target}?", yes=yes, effect=effect)
        kept = session.engine.bars.import_file(plan)
        session.say(f"written: {plan.target}")
    for path in kept:
        session.say(f"kept: {path}")
    if session.json:
        session.document(
            {**_tree(plan), "written": not plan.unchanged, "kept": list(map(str, kept))}
        )
    return ExitCode.DONE


def _lines(plan: ImportPlan) -> Iterator[str]:
    """What was understood: the columns with their first and last values, then notes and doubts."""
    bars, understood = plan.bars, plan.understood
    yield (
        f"{bars.symbol} from {plan.file}: {understood.encoding}, {understood.delimiter} between"
        f" fields, {understood.numbers}, date {understood.first_date}"
    )
    ends = {"date": (str(bars.first_date), str(bars.last_date))}
    for name, decimals in _DECIMALS.items():
        array = getattr(bars, name)
        ends[name] = (figures.number(array[0], decimals), figures.number(array[-1], decimals))
    rows = [(name, header, *ends.get(name, ("", ""))) for name, header in understood.columns]
    yield from text_table(COLUMNS, rows)
    yield f"{len(bars)} bars, {bars.first_date} to {bars.last_date}"
    for warning in bars.warnings:
        yield f"note: {warning}"
    for doubt in bars.doubts:
        yield f"doubt: {doubt.text} ({doubt.key})"
    if not plan.target.parent.exists():
        yield f"there is no folder {plan.target.parent} yet: it is made"
    for path in plan.replaced:
        if not plan.unchanged:
            yield f"replaces {path}, which is kept under another name"


def _tree(plan: ImportPlan) -> dict[str, Any]:
    bars, understood = plan.bars, plan.understood
    return {
        "symbol": bars.symbol,
        "file": str(plan.file),
        "target": str(plan.target),
        "columns": dict(understood.columns),
        "encoding": understood.encoding,
        "delimiter": understood.delimiter,
        "numbers": understood.numbers,
        "first_date": understood.first_date,
        "n_bars": len(bars),
        "first_bar": str(bars.first_date),
        "last_bar": str(bars.last_date),
        "first_close": float(bars.close[0]),
        "last_close": float(bars.close[-1]),
        "warnings": list(bars.warnings),
        "doubts": doubt_trees(bars.doubts),
    }
