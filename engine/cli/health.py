"""`health` and `doctor`: whether all is well, and whether this machine can run stockml."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.clock import iso
from engine.core.errors import ExitCode, StockmlError
from engine.core.files import append_line
from engine.core.records import Level
from engine.watch.records import Item
from engine.words import times
from engine.words.tables import columns, text_table


def health(session: Session, append: bool) -> int:
    """Check resources, models, schedule and backups; exit 1 if anything but the CPU is critical."""
    try:
        # A file that broke since the last look must not pass for the model it was.
        session.engine.models.refresh_status()
    except (StockmlError, OSError) as error:
        session.note(f"figures may be out of date: {error}")
    session.engine.schedule.sweep()
    items = session.engine.watch.health()
    try:
        undelivered = session.engine.alerts.deliver()
    except StockmlError as error:
        undelivered = f"alerts cannot be sent: {error.message}"
    now = session.engine.clock.now()
    lines = [f"=== Health check {times.moment(now, seconds=True)} ===", *_lines(items)]
    if append:
        path = session.home.logs / "health_check.log"
        for line in lines:
            append_line(path, line)
    _tell(session, items, [lines[0], *_lines(items, terminal_width())], {"at": iso(now)})
    if undelivered:
        session.note(undelivered)
    # CPU is measured for a tenth of a second: shown here, but only an alert if it lasts.
    critical = [
        f"{item.name} {item.text}"
        for item in items
        if item.level is Level.CRIT and item.name != "CPU"
    ]
    if critical:
        session.note(f"critical: {'; '.join(critical)}")  # the last line, for cron mails it
    return ExitCode.FAILED if critical else ExitCode.DONE


def doctor(session: Session, repair: bool) -> int:
    """Check whether this machine can run stockml, with a fix for each problem; mend some first."""
    session.trusted = repair  # to look is safe in a home of somebody else, to mend is not
    watch = session.unchecked_engine.watch  # it lists what is wrong with the settings
    session.unchecked_engine.schedule.sweep()
    mended = session.engine.watch.repair() if repair else ()
    items = (*mended, *watch.doctor())
    _tell(session, items, _lines(items, terminal_width()), {})
    return ExitCode.FAILED if any(item.level is Level.CRIT for item in items) else ExitCode.DONE


def _tell(
    session: Session, items: Iterable[Item], lines: Iterable[str], head: dict[str, Any]
) -> None:
    if not session.json:
        session.facts(lines)
        return
    trees = [
        {"name": each.name, "level": str(each.level), "text": each.text, "fix": each.fix or None}
        for each in items
    ]
    worst = next(
        (
            str(level)
            for level in (Level.CRIT, Level.WARN)
            if any(each.level is level for each in items)
        ),
        "OK",
    )
    session.document({**head, "worst": worst, "items": trees})


def _lines(items: Iterable[Item], width: int | None = None) -> list[str]:
    rows = [
        (each.name, str(each.level), each.text + (f"  → {each.fix}" if each.fix else ""))
        for each in items
    ]
    return text_table(columns(("WHAT", "LEVEL", "SEEN")), rows, width, fold=True)
