"""Cron expressions: a strict grammar of five fields, a subset of what every cron accepts.

field          values      names
minute         0-59
hour           0-23
day of month   1-31
month          1-12        jan-dec
day of week    0-7         sun-sat     7 is Sunday too

We refuse, naming the field, what cron accepts but never fires (`22-2`, `fri-mon`, 30 February)
or misreads (`1#2`, `0~30`, `*/70`, `5-5/2`, and a `*` in a list, where Debian cron and cronie
differ on day rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cronsim import CronSim, CronSimError
from cronsim.explain import Expression as Explained

from engine.core.text import clean
from engine.schedule.fields import FIELDS, ExpressionError

REBOOT = "@reboot"
_LONGEST = 250


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; `text` has numbers and sorted lists; `@reboot` has no values."""

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
        """Whether minute or hour begin with a star: cron then follows the clock in a DST change."""
        return not self.reboot and "*" in (self.parts[0][0], self.parts[1][0])

    @property
    def either_day(self) -> bool:
        """Whether both day fields are set: cron runs on a day that matches either (the OR rule)."""
        return not self.reboot and "*" not in (self.parts[2][0], self.parts[4][0])

    def on_day(self, day: date) -> bool:
        """Whether it runs on this day at all."""
        in_month = day.day in self.days
        in_week = day.isoweekday() % 7 in self.weekdays
        matches = in_month or in_week if self.either_day else in_month and in_week
        return matches and day.month in self.months

    def matches(self, wall: datetime) -> bool:
        """Whether the wall-clock minute matches; `slots` knows what cron does at a DST change."""
        return wall.minute in self.minutes and wall.hour in self.hours and self.on_day(wall.date())


def parse(text: str, *, reboot: bool = False) -> Expression:
    """The checked expression; ExpressionError names the field. `reboot` allows `@reboot`."""
    parts = text.split()
    if text.strip() == REBOOT:
        if reboot:
            return Expression(REBOOT)
        message = f"{REBOOT} is for the job serve only"
        raise ExpressionError("expression", message, "give five fields, such as 0 2 * * 0")
    if text.strip().startswith("@"):
        message = f"{clean(text, 40)!r} is a nickname"
        raise ExpressionError("expression", message, "write the five fields: 0 0 * * * for @daily")
    if len(parts) != 5 or len(text) > _LONGEST:
        size = f"{len(parts)} field{'' if len(parts) == 1 else 's'}"
        if len(text) > _LONGEST:
            size = f"{len(text)} characters"
        message = f"{clean(text, 60)!r} has {size}"
        raise ExpressionError("expression", message, "give five: minute hour day month weekday")
    fields = [field.read(part) for part, field in zip(parts, FIELDS, strict=True)]
    plain = " ".join(text for text, _ in fields)
    expression = Expression(plain, *(values for _, values in fields))
    _refuse_never(expression)
    return expression


def describe(expression: Expression) -> str:
    """The meaning in English, including the OR rule of the two day fields."""
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
