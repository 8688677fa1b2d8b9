"""`symbols list|add|import|set|remove`: the symbols of a home."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.confirm import ask
from engine.cli.session import Session
from engine.core.errors import ExitCode, UsageError
from engine.core.text import clean
from engine.words import times
from engine.words.phrases import listed, plural
from engine.words.tables import columns, text_table

if TYPE_CHECKING:
    from engine.symbols.records import ConfiguredSymbol, NewSymbol, RemovedSymbols

COLUMNS = columns(
    ("SYMBOL", "PRIORITY", "KIND", "COMPANY", "SECTOR", "SINCE", "WHERE"),
    dropped_first=("WHERE", "SINCE", "SECTOR"),
)
_KEYS = ("company", "sector", "kind", "priority", "min_date")
_STEP = 25
"""Symbols after which a long check says how far it is."""


def list_symbols(session: Session) -> int:
    """Every configured symbol and where it stands."""
    symbols = session.engine.symbols.list()
    if session.json:
        session.document({"symbols": [symbol_tree(each) for each in symbols]})
    else:
        session.facts(text_table(COLUMNS, [_cells(each) for each in symbols]))
    return ExitCode.DONE


def add(
    session: Session, symbols: tuple[str, ...], unchecked: bool, **fields: str | date | None
) -> int:
    """Add symbols, each asked at the source first unless `unchecked`."""
    from engine.symbols.records import NewSymbol

    given = {name: value for name, value in fields.items() if value is not None}
    new = [NewSymbol(name, given) for name in dict.fromkeys(symbols)]
    if not unchecked:
        _tell_requests(session, new)
    added = session.engine.symbols.add(new, unchecked)
    _show(session, added, "added", {"unchecked": unchecked})
    return ExitCode.DONE


def import_list(
    session: Session, file: str, priority: str | None, unchecked: bool, skip_unknown: bool
) -> int:
    """Bring the symbols of a list into symbols.csv."""
    from engine.symbols.records import NewSymbol, replaced

    plan = session.engine.symbols.plan_import(Path(file).expanduser())
    if priority:
        new = tuple(
            NewSymbol(each.symbol, {**each.fields, "priority": priority}) for each in plan.new
        )
        plan = replaced(plan, new)
    for name, other in plan.renamed.items():
        session.say(f"{name} is {other} at the source")
    if plan.configured:
        known = f"{plural(len(plan.configured), 'symbol')} configured already, unchanged"
        session.say(f"{known}: {listed(plan.configured)}")
    if not unchecked:
        _tell_requests(session, plan.new)
    added, checked = session.engine.symbols.import_list(
        plan,
        unchecked=unchecked,
        skip_unknown=skip_unknown,
        progress=lambda done, count: _tell_progress(session, done, count),
    )
    for unknown in checked.unknown:
        session.note(f"{unknown.symbol} is left out: {clean(unknown.error.message, 200)}")
    more = {
        "configured": list(plan.configured),
        "unknown": [each.symbol for each in checked.unknown],
        "renamed": dict(plan.renamed),
    }
    _show(session, added, "imported", more)
    return ExitCode.DONE


def _tell_requests(session: Session, symbols: Iterable[NewSymbol]) -> None:
    count, seconds = session.engine.symbols.requests(tuple(symbols))
    if count:
        session.say(f"{plural(count, 'request')} to the source, about {times.duration(seconds)}")


def _tell_progress(session: Session, done: int, count: int) -> None:
    if done % _STEP == 0 and done < count:
        session.say(f"{done} of {count} asked")


def _show(
    session: Session, symbols: tuple[ConfiguredSymbol, ...], verb: str, more: dict[str, Any]
) -> None:
    """What was written, and where."""
    if session.json:
        session.document({verb: [symbol_tree(each) for each in symbols], **more})
        return
    if not symbols:
        session.facts(["nothing to write"])
    elif len(symbols) > _STEP:
        names = listed([each.symbol for each in symbols])
        session.facts([f"{verb} {plural(len(symbols), 'symbol')}: {names}, in {symbols[0].file}"])
    else:
        session.facts(f"{verb} {_sentence(each)}" for each in symbols)


def _sentence(symbol: ConfiguredSymbol) -> str:
    since = f", bars since {symbol.min_date}" if symbol.min_date else ""
    return (
        f"{symbol.symbol}: {clean(symbol.company, 80)}, {clean(symbol.sector, 80)},"
        f" {clean(symbol.kind, 40)}, priority {symbol.priority}{since} ({_place(symbol)})"
    )


def set_fields(session: Session, symbol: str, words: tuple[str, ...], **fields: Any) -> int:
    """Change settings of one symbol where it stands."""
    given = {name: value for name, value in fields.items() if value is not None}
    changes = {**_pairs(words), **given}
    if not changes:
        raise UsageError("nothing to set", f"stockml symbols set {clean(symbol, 20)} priority high")
    changed = session.engine.symbols.set(symbol, changes)
    _show(session, (changed,), "set", {})
    return ExitCode.DONE


def _pairs(words: tuple[str, ...]) -> dict[str, Any]:
    """The keys and values of `KEY VALUE KEY VALUE`; a day as a day, `none` for no day."""
    if len(words) % 2:
        raise UsageError(f"{clean(words[-1], 40)!r} has no value", "write KEY VALUE")
    pairs = dict(zip(words[::2], words[1::2], strict=True))
    for key in pairs:
        if key not in _KEYS:
            raise UsageError(f"no key {clean(key, 40)!r}", f"a symbol has {', '.join(_KEYS)}")
    return {key: _day(value) if key == "min_date" else value for key, value in pairs.items()}


def _day(text: str) -> date | None:
    if text in ("", "none"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"min_date {clean(text, 40)!r} is not a date", "write it as 2021-11-04, or none"
        ) from error


def remove(session: Session, symbols: tuple[str, ...], keep: bool, yes: bool) -> int:
    """Take symbols out, after asking; their models move into a backup."""
    plan = session.engine.symbols.plan_removal(symbols, keep)
    for line in _plan_lines(plan, keep):
        session.say(line)
    names = listed(plan.symbols)
    ask(session, f"Remove {names}?", yes=yes, effect=f"this removes {names}")
    removed = session.engine.symbols.remove(plan.symbols, keep)
    if session.json:
        session.document(removed_tree(removed))
    else:
        session.facts([f"removed {names}{_backup_words(removed, keep)}"])
    for problem in removed.problems:
        session.note(f"the copy on the other disk failed: {problem}")
    return ExitCode.DONE


def _plan_lines(plan: RemovedSymbols, keep: bool) -> Iterable[str]:
    yield f"{listed(plan.symbols)}: out of the settings; runs and past forecasts stay"
    if plan.drop_on:
        yield f"the models move into a backup, which `clean` drops on {plan.drop_on}"
    elif keep:
        yield "the models move into a backup, which `clean` never drops"
    if plan.holds:
        yield f"the hold of {listed(plan.holds)} is taken back"


def _backup_words(removed: RemovedSymbols, keep: bool) -> str:
    if not removed.backup:
        return "; no model was there to back up"
    dropped = "clean never drops it" if keep else f"clean drops it on {removed.drop_on}"
    return f"; the model is in {removed.backup}, {dropped}"


def _cells(symbol: ConfiguredSymbol) -> tuple[str, ...]:
    return (
        symbol.symbol,
        symbol.priority,
        clean(symbol.kind, 40),
        clean(symbol.company, 60),
        clean(symbol.sector, 60),
        str(symbol.min_date) if symbol.min_date else "-",
        _place(symbol),
    )


def _place(symbol: ConfiguredSymbol) -> str:
    return f"{Path(symbol.file).name} line {symbol.line}" if symbol.file else "packaged"


def symbol_tree(symbol: ConfiguredSymbol) -> dict[str, Any]:
    """One symbol as JSON; `file` is null for a packaged one."""
    return {
        "symbol": symbol.symbol,
        "company": symbol.company,
        "sector": symbol.sector,
        "kind": symbol.kind,
        "priority": symbol.priority,
        "min_date": str(symbol.min_date) if symbol.min_date else None,
        "file": symbol.file or None,
        "line": symbol.line,
    }


def removed_tree(removed: RemovedSymbols) -> dict[str, Any]:
    """A removal as JSON; `drop_on` is null where the backup is kept or there is none."""
    return {
        "removed": list(removed.symbols),
        "backup": removed.backup or None,
        "drop_on": removed.drop_on or None,
        "holds": list(removed.holds),
        "problems": list(removed.problems),
    }
