"""Report dates looked up at Yahoo once a day by a child with a time limit, and kept.

An answer is merged into what was known: an empty or failed one wipes nothing.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from engine.core.child import child_environment
from engine.core.clock import Clock, is_within
from engine.core.errors import FileError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.reading import read_json
from engine.market.calendar import exchange_day
from engine.market.reports import ONE_REPORT, ReportDate, ReportTime

FRESH = timedelta(days=1)
MAX_BYTES = 32_000_000
"""3,000 symbols with forty dates each take about ten million."""
USABLE = timedelta(days=30)
"""An older look-up says nothing of today."""
LIMIT_S = 20.0
"""Seconds the look-up of all symbols may take."""


class LookedUpDate(msgspec.Struct, frozen=True):
    """One date of an answer."""

    day: date
    time: ReportTime
    estimated: bool = False
    known: date | None = None
    """The day the look-up first had it; None for one that was past at the first look-up."""


class ReportAnswer(msgspec.Struct, frozen=True):
    """What a look-up says of one symbol."""

    reports: tuple[LookedUpDate, ...] = ()
    none: bool = False
    """The source says that the symbol reports nothing."""


class LookedUp(msgspec.Struct, frozen=True):
    """What is known of one symbol from look-ups."""

    asked_at: datetime
    answered_at: datetime | None = None
    """The last answer with something in it."""
    reports: tuple[LookedUpDate, ...] = ()
    none: bool = False

    def dates(self, today: date) -> tuple[ReportDate, ...]:
        """The reports; an estimated day that has passed was none."""
        return tuple(
            ReportDate(day=each.day, time=each.time, known=each.known, estimated=each.estimated)
            for each in self.reports
            if not (each.estimated and each.day < today)
        )


class _File(msgspec.Struct, frozen=True):
    symbols: dict[str, LookedUp] = {}
    v: int = 1


def lookup_path(home: Home) -> Path:
    """The file of the look-ups."""
    return home.market / "report_lookups.json"


def read_lookups(home: Home) -> dict[str, LookedUp]:
    """The look-ups by symbol; empty when missing or unreadable: they are made again."""
    try:
        return read_json(lookup_path(home), _File, MAX_BYTES).symbols
    except (OSError, FileError):
        return {}


def refresh_reports(
    home: Home, symbols: Iterable[str], clock: Clock, limit_s: float = LIMIT_S
) -> str:
    """Look up what was not asked for a day; return what failed, in words."""
    kept = read_lookups(home)
    now = clock.now()
    old = [
        name
        for name in symbols
        if name not in kept or not is_within(kept[name].asked_at, now, FRESH)
    ]
    if not old:
        return ""
    answers, fault = _run_child(home, old, limit_s)
    merged = {name: merge(kept.get(name), answer, now) for name, answer in answers.items()}
    if not merged:
        return fault
    try:
        keep_lookups(home, kept | merged)
    except OSError as error:
        return f"report dates could not be kept: {error.strerror}"
    return fault


def keep_lookups(home: Home, lookups: dict[str, LookedUp]) -> None:
    """Store the look-ups of all symbols; OSError when the disk fails."""
    text = msgspec.json.format(msgspec.json.encode(_File(lookups)), indent=1)
    write_atomic(lookup_path(home), text + b"\n", name="reports")


def merge(kept: LookedUp | None, answer: ReportAnswer, now: datetime) -> LookedUp:
    """What is known after one more answer.

    A date of the answer replaces those of the same report; the others stay. A date is public from
    the look-up that first had it; of the first look-up only the coming ones are.
    """
    before = kept or LookedUp(asked_at=now)
    if not answer.reports:
        none = before.none or (answer.none and not before.reports)
        answered = now if answer.none and none else before.answered_at
        return LookedUp(now, answered, before.reports, none)
    today = exchange_day(now)
    known = {each.day: each.known for each in before.reports}
    fresh = [
        msgspec.structs.replace(
            each,
            known=known.get(each.day, today)
            if each.day in known or before.answered_at or each.day > today
            else None,
        )
        for each in answer.reports
    ]
    others = [
        each
        for each in before.reports
        if all(abs(each.day - new.day) > ONE_REPORT for new in fresh)
    ]
    reports = sorted([*others, *fresh], key=lambda each: each.day)
    return LookedUp(now, now, tuple(reports))


def _run_child(
    home: Home, symbols: list[str], limit_s: float
) -> tuple[dict[str, ReportAnswer], str]:
    """The answers the child printed, even if stopped, and what failed in words."""
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "engine.market.report_child", *symbols],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            cwd=home.root,
            env=child_environment(),
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        printed = error.stdout if isinstance(error, subprocess.TimeoutExpired) else None
        fault = f"report dates could not be looked up ({type(error).__name__})"
        return _parse_lines(printed or b""), fault
    failed = f"report dates could not be looked up (exit {child.returncode})"
    return _parse_lines(child.stdout), failed if child.returncode else ""


def _parse_lines(printed: bytes) -> dict[str, ReportAnswer]:
    """The lines of the child, one a symbol; after a stop the last one may be torn."""
    answers: dict[str, ReportAnswer] = {}
    for line in printed.splitlines():
        with suppress(msgspec.DecodeError, ValueError, RecursionError):
            answers |= msgspec.json.decode(line, type=dict[str, ReportAnswer])
    return answers
