"""Cron expressions: our own strict grammar of five fields, a part of what Debian cron and cronie
both accept.

field          values      names
minute         0-59
hour           0-23
day of month   1-31
month          1-12        jan-dec
day of week    0-7         sun-sat     7 is Sunday too

A field is `*`, `*/n`, or a list of `v`, `a-b`, `a-b/n` with a < b and n no larger than the
range. Refused, with the field named: what cron accepts and never fires (`22-2`, `fri-mon`, 30
February) and what it misreads (`1#2`, `0~30`, `*/70`, `5-5/2`, a `*` inside a list, where Debian
and cronie apply different day rules).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from cronsim import CronSim, CronSimError
from cronsim.explain import Expression as Explained

from engine.core.errors import UsageError
from engine.core.text import clean

REBOOT = "@reboot"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ELEMENT = re.compile(
    r"(?P<first>[0-9]{1,2}|[a-z]{3})(?:-(?P<last>[0-9]{1,2}|[a-z]{3}))?(?:/(?P<step>[0-9]{1,2}))?",
    re.IGNORECASE,
)
_STAR = re.compile(r"\*(?:/(?P<step>[0-9]{1,2}))?")
# The strange characters that other programs know, and what they would mean there.
_FOREIGN = {
    "#": "nth weekdays (#)",
    "L": "last days (L)",
    "W": "nearest weekdays (W)",
    "?": "question marks",
    "~": "random values (~)",
}
_LONGEST = 250


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five places."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    first: int = 0
    """The number of the first name."""


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of month", 1, 31),
    Field("month", 1, 12, _MONTHS, 1),
    Field("day of week", 0, 7, _DAYS),
)


class ExpressionError(UsageError):
    """An expression that cron would refuse, misread or never fire; `field` names the place."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(f"{field}: {message}", hint)
        self.field = field


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; `text` is its plain form: numbers for names, lists in order.
    `@reboot` has no values."""

    text: str
    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    """0 is Sunday."""

    @property
    def reboot(self) -> bool:
        return self.text == REBOOT

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.text.split())

    @property
    def wildcard(self) -> bool:
        """Whether minute or hour begins with a star: cron then follows the wall clock through a
        DST change."""
        return not self.reboot and (self.parts[0].startswith("*") or self.parts[1].startswith("*"))

    @property
    def either_day(self) -> bool:
        """Whether both day fields are set, so that cron runs on a day that matches either of
        them (the OR rule)."""
        return not self.reboot and not (
            self.parts[2].startswith("*") or self.parts[4].startswith("*")
        )

    def on_day(self, day: date) -> bool:
        """Whether it runs on this day at all."""
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        both = in_month or in_week if self.either_day else in_month and in_week
        return day.month in self.months and both

    def matches(self, wall: datetime) -> bool:
        """Whether the wall-clock minute matches;
        what cron makes of a DST change is told by `slots`."""
        return wall.minute in self.minutes and wall.hour in self.hours and self.on_day(wall.date())


def parse(text: str, reboot: bool = False) -> Expression:
    """The checked expression; ExpressionError names the field.
    `@reboot` only where `reboot` allows it."""
    parts = text.split()
    if text.strip() == REBOOT:
        if reboot:
            return Expression(REBOOT)
        raise ExpressionError(
            "expression",
            f"{REBOOT} is for the job serve only",
            "give five fields, such as 0 2 * * 0",
        )
    if text.strip().startswith("@"):
        raise ExpressionError(
            "expression",
            f"{clean(text, 40)!r} is a nickname",
            "write the five fields: 0 0 * * * for @daily",
        )
    if len(parts) != 5 or len(text) > _LONGEST:
        fields = f"{len(parts)} field{'' if len(parts) == 1 else 's'}"
        found = fields if len(text) <= _LONGEST else f"{len(text)} characters"
        raise ExpressionError(
            "expression",
            f"{clean(text, 60)!r} has {found}",
            "give five: minute hour day month weekday",
        )
    read = [_read(part, field) for part, field in zip(parts, FIELDS, strict=True)]
    expression = Expression(" ".join(text for text, _ in read), *(values for _, values in read))
    _refuse_never(expression)
    return expression


def describe(expression: Expression) -> str:
    """What it means, in English; the OR rule of the two day fields is spelled out."""
    if expression.reboot:
        return "When the machine starts"
    explained = Explained([part.upper() for part in expression.parts])
    if not expression.either_day:
        return explained.explain()
    time = explained.translate_time()[0]
    month = "" if explained.month.star else f" {explained.month}"
    return (
        f"{time[0].upper()}{time[1:]} {explained.day}{month} or {explained.dow}{month}, whichever"
        " comes"
    )


def _read(part: str, field: Field) -> tuple[str, frozenset[int]]:
    """The plain text of one field, and its values."""
    if star := _STAR.fullmatch(part):
        # The step of a bare star counts from the lowest value; Sunday stands twice in 0-7.
        high = _top(field)
        step = _step(star["step"], field.low, high, field, part)
        return "*" if step == 1 else f"*/{step}", frozenset(range(field.low, high + 1, step))
    spans = sorted({_element(element, field, part) for element in part.split(",")})
    values = {value for first, last, step in spans for value in range(first, last + 1, step)}
    if field.high == 7 and any(
        last == 7 for _, last, _ in spans
    ):  # written as 0, which every cron and systemd reads the same way
        spans, values = (
            [(value, value, 1) for value in sorted({value % 7 for value in values})],
            {value % 7 for value in values},
        )
    return ",".join(_written(*span) for span in spans), frozenset(values)


def _written(first: int, last: int, step: int) -> str:
    return (
        f"{first}"
        if first == last
        else f"{first}-{last}"
        if step == 1
        else f"{first}-{last}/{step}"
    )


def _top(field: Field) -> int:
    return 6 if field.high == 7 else field.high


def _element(element: str, field: Field, part: str) -> tuple[int, int, int]:
    """(first, last, step) of one place in a list."""
    match = _ELEMENT.fullmatch(element)
    if match is None:
        raise ExpressionError(
            field.name,
            _why_not(element, field, part),
            f"values {field.low}-{field.high}, such as {_sample(field)}",
        )
    first = _number(match["first"], field, part)
    if match["last"] is None:
        if match["step"]:
            hint = f"write {first}-{_top(field)}/{match['step']} or */{match['step']}"
            raise ExpressionError(field.name, f"{element!r}: a step needs a range", hint)
        return first, first, 1
    last = _number(match["last"], field, part)
    if first == last:
        raise ExpressionError(field.name, f"{element!r} is a range of one", f"write {first}")
    if first > last:
        hint = (
            "begin with the smaller number; Sunday is 0 and 7"
            if field.high == 7
            else f"write {first}-{field.high},{field.low}-{last}"
        )
        raise ExpressionError(
            field.name, f"{element!r} runs backwards: cron accepts it and never fires", hint
        )
    if last - first + 1 >= _top(field) - field.low + 1:
        raise ExpressionError(
            field.name,
            f"{element!r} is the whole field",
            "write * (a day field then no longer counts as set)",
        )
    return first, last, _step(match["step"], first, last, field, element)


def _step(text: str | None, low: int, high: int, field: Field, shown: str) -> int:
    if text is None:
        return 1
    step = int(text)
    if not 1 <= step <= high - low:
        raise ExpressionError(
            field.name,
            f"{clean(shown, 40)!r}: a step of {step} does not fit {low}-{high}",
            f"1 to {high - low}, or write the value",
        )
    return step


def _number(text: str, field: Field, part: str) -> int:
    if text.isdigit():
        value = int(text)
        if field.low <= value <= field.high:
            return value
        raise ExpressionError(
            field.name, f"{value} in {clean(part, 40)!r} is outside {field.low}-{field.high}"
        )
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.first
    hint = (
        f"one of {' '.join(field.names)}" if field.names else f"a number {field.low}-{field.high}"
    )
    raise ExpressionError(field.name, f"{text!r} is no name of a {field.name}", hint)


def _why_not(element: str, field: Field, part: str) -> str:
    shown = clean(part, 40)
    if not element:
        return f"{shown!r} has an empty place in its list"
    if "*" in element and "," in part:
        return f"{shown!r}: a star stands alone, not in a list"
    if re.fullmatch(r"-?[0-9]{3,}", element):
        return f"{shown!r} is outside {field.low}-{field.high}"
    for mark, meaning in _FOREIGN.items():
        if mark in element.upper() and not element.isalpha():
            return f"{shown!r}: cron does not know {meaning}"
    return f"{shown!r} is not a value, a range or a list"


def _sample(field: Field) -> str:
    return {
        "minute": "30",
        "hour": "6,12,18",
        "day of month": "1",
        "month": "jan-mar",
        "day of week": "mon-fri",
    }[field.name]


def _refuse_never(expression: Expression) -> None:
    """Refuse a day that no month has; within 50 years even 29 February on a weekday comes."""
    try:
        next(CronSim(expression.text, datetime(2000, 1, 1)))
    except (CronSimError, StopIteration) as error:
        days, months = expression.parts[2:4]
        raise ExpressionError(
            "day of month",
            f"{days} never comes in month {months}: cron accepts it and never fires",
            "choose a day that the month has",
        ) from error
