"""One field of a cron expression: `*`, `*/n`, or a list of `v`, `a-b`, `a-b/n` with a < b."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from engine.core.errors import UsageError
from engine.core.text import clean

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ELEMENT = re.compile(
    r"(?P<first>[0-9]{1,2}|[a-z]{3})(?:-(?P<last>[0-9]{1,2}|[a-z]{3}))?(?:/(?P<step>[0-9]{1,2}))?",
    re.IGNORECASE,
)
_STAR = re.compile(r"\*(?:/(?P<step>[0-9]{1,2}))?")
# Characters that other programs know, and what they would mean there.
_FOREIGN = {
    "#": "nth weekdays (#)",
    "L": "last days (L)",
    "W": "nearest weekdays (W)",
    "?": "question marks",
    "~": "random values (~)",
}


class ExpressionError(UsageError):
    """An expression that cron would refuse, misread or never fire, with the wrong `field`."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(f"{field}: {message}", hint)
        self.field = field


class _Span(NamedTuple):
    """One element of a list: `first` to `last` by `step`."""

    first: int
    last: int
    step: int

    def __str__(self) -> str:
        if self.first == self.last:
            return f"{self.first}"
        step = f"/{self.step}" if self.step > 1 else ""
        return f"{self.first}-{self.last}{step}"


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five fields of an expression."""

    name: str
    low: int
    high: int
    sample: str
    names: tuple[str, ...] = ()
    first: int = 0
    """The value of the first name."""

    @property
    def top(self) -> int:
        """The highest value that is not another name of a lower one: 7 is Sunday, like 0."""
        return 6 if self.high == 7 else self.high

    def read(self, part: str) -> tuple[str, frozenset[int]]:
        """The plain text of the field, and its values; ExpressionError says what is wrong."""
        if star := _STAR.fullmatch(part):
            # The step of a bare star counts from the lowest value.
            step = self._step(star["step"], self.low, self.top, part)
            values = frozenset(range(self.low, self.top + 1, step))
            return "*" if step == 1 else f"*/{step}", values
        spans = sorted({self._span(element, part) for element in part.split(",")})
        numbers = {n for span in spans for n in range(span.first, span.last + 1, span.step)}
        if self.high == 7 and any(span.last == 7 for span in spans):
            # Written as 0, which every cron and systemd reads the same way.
            numbers = {n % 7 for n in numbers}
            spans = [_Span(n, n, 1) for n in sorted(numbers)]
        return ",".join(str(span) for span in spans), frozenset(numbers)

    def _span(self, element: str, part: str) -> _Span:
        match = _ELEMENT.fullmatch(element)
        if match is None:
            values = f"values {self.low}-{self.high}, such as {self.sample}"
            raise self._error(self._why_not(element, part), values)
        first = self._number(match["first"], part)
        if match["last"] is None:
            if step := match["step"]:
                hint = f"write {first}-{self.top}/{step} or */{step}"
                raise self._error(f"{element!r}: a step needs a range", hint)
            return _Span(first, first, 1)
        last = self._number(match["last"], part)
        if first == last:
            raise self._error(f"{element!r} is a range of one", f"write {first}")
        if first > last:
            hint = f"write {first}-{self.high},{self.low}-{last}"
            if self.high == 7:
                hint = "begin with the smaller number; Sunday is 0 and 7"
            raise self._error(f"{element!r} runs backwards: cron accepts it and never fires", hint)
        if last - first >= self.top - self.low:
            hint = "write * (a day field then no longer counts as set)"
            raise self._error(f"{element!r} is the whole field", hint)
        return _Span(first, last, self._step(match["step"], first, last, element))

    def _step(self, text: str | None, low: int, high: int, shown: str) -> int:
        if text is None:
            return 1
        step = int(text)
        if not 1 <= step <= high - low:
            message = f"{clean(shown, 40)!r}: a step of {step} does not fit {low}-{high}"
            raise self._error(message, f"1 to {high - low}, or write the value")
        return step

    def _number(self, text: str, part: str) -> int:
        if text.isdigit():
            number = int(text)
            if self.low <= number <= self.high:
                return number
            raise self._error(f"{number} in {clean(part, 40)!r} is outside {self.low}-{self.high}")
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.first
        hint = f"a number {self.low}-{self.high}"
        if self.names:
            hint = f"one of {' '.join(self.names)}"
        raise self._error(f"{text!r} is no name of a {self.name}", hint)

    def _why_not(self, element: str, part: str) -> str:
        shown = clean(part, 40)
        if not element:
            return f"{shown!r} has an empty place in its list"
        if "*" in element and "," in part:
            return f"{shown!r}: a star cannot be in a list"
        if re.fullmatch(r"-?[0-9]{3,}", element):
            return f"{shown!r} is outside {self.low}-{self.high}"
        for mark, meaning in _FOREIGN.items():
            if mark in element.upper() and not element.isalpha():
                return f"{shown!r}: cron does not know {meaning}"
        return f"{shown!r} is not a value, a range or a list"

    def _error(self, message: str, hint: str = "") -> ExpressionError:
        return ExpressionError(self.name, message, hint)


FIELDS = (
    Field("minute", 0, 59, "30"),
    Field("hour", 0, 23, "6,12,18"),
    Field("day of month", 1, 31, "1"),
    Field("month", 1, 12, "jan-mar", names=_MONTHS, first=1),
    Field("day of week", 0, 7, "mon-fri", names=_DAYS),
)
