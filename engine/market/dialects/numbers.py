"""Columns of texts as numbers: point or comma is settled by all of them together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from engine.market.dialects.fault import DialectError

_EMPTY = frozenset(
    {
        *("", "null", "nan", "none", "n/a", "na", "#n/a", "#n/a n/a", "#na", "n.a.", "nil", "-"),
        *("--", "---", "–", "—", ".", "n/d", "nd", "k.a."),
    }
)
_LONGEST = 60
"""Characters of a number with all that may stand around it."""
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_BLANKS = re.compile("[\u00a0\u2007\u2009\u202f\u2008\u200a]")
_CURRENCY = re.compile(
    r"^([+-]?)\s*(?:US\$|[$€£¥₩₹₽]|USD|EUR)\s*|\s*(?:US\$|[$€£¥₩₹₽]|USD|EUR)$", re.IGNORECASE
)
_NUMBER = (
    r"[+-]?(?=[.,]?[0-9])(?:[1-9][0-9]{0,2}(?:(GROUP)[0-9]{3})(?:\1[0-9]{3})*|[0-9]+)?"
    r"(?:DECIMAL[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?"
)
_FORMS = {
    decimal: re.compile(_NUMBER.replace("GROUP", group).replace("DECIMAL", re.escape(decimal)))
    for decimal, group in ((".", "[, ']"), (",", "[. ']"))
}
_GROUPS = {".": re.compile("[, ']"), ",": re.compile("[. ']")}
# 48,140 and 48.140: a separator and three digits, the decimal's or the thousands'.
_OPEN = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_UNGROUPED = re.compile(r"[+-]?[1-9][0-9]{3,}(?:[.,][0-9]*)?")
SCALES = {
    suffix: power
    for power, names in {
        3: "k tsd тыс 千",
        4: "万 萬",
        6: "m mm mio mln млн",
        8: "億 亿",
        9: "b bn mrd mld млрд",
        12: "t",
    }.items()
    for suffix in names.split()
}
"""The powers of ten of the suffixes that volumes have."""
_SCALED = re.compile(r"(.*[0-9])\s*([^\W\d_]+)\.?")
_WORDS = {".": "decimal point", ",": "decimal comma"}


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How the numbers of a file are written."""

    decimal: str
    """The character before the decimals: a point or a comma."""

    def __str__(self) -> str:
        return _WORDS[self.decimal]

    def value(self, text: str) -> float:
        """The number of a price; NaN for an empty field, ValueError for no number."""
        if self.decimal == "." and len(text) < _LONGEST and _PLAIN.fullmatch(text):
            return float(text)
        bare = bare_number(text)
        if bare.lower() in _EMPTY:
            return float("nan")
        if not fits(bare, self.decimal):
            raise ValueError("not a number")
        return self._finite(bare)

    def volume(self, text: str) -> float:
        """The number of shares: `4.74M` is 4,740,000."""
        match = _SCALED.fullmatch(bare_number(text)) if len(text) < _LONGEST else None
        if match is None or (power := SCALES.get(match[2].lower())) is None:
            return self.value(text)
        if not fits(match[1], self.decimal) or "e" in match[1].lower():
            raise ValueError("not a number")
        return self._finite(match[1], power)

    def _finite(self, bare: str, power: int = 0) -> float:
        number = float(
            _GROUPS[self.decimal].sub("", bare).replace(",", ".") + f"e{power}" * (power > 0)
        )
        if not isfinite(number):
            raise ValueError("not a number")
        return number


def bare_number(text: str) -> str:
    """A text without the sign of a currency, with plain blanks, apostrophes and minus."""
    if len(text) > _LONGEST or _PLAIN.fullmatch(text):
        return text
    bare = _BLANKS.sub(" ", text.strip()).replace("’", "'").replace("\u2212", "-")
    return _CURRENCY.sub(r"\1", bare).strip()


def is_empty(text: str) -> bool:
    """Whether a text stands for no value."""
    return not text or bare_number(text).lower() in _EMPTY


def fits(bare: str, decimal: str) -> bool:
    """Whether a bare text is a number with this decimal character."""
    return _FORMS[decimal].fullmatch(bare) is not None


def looks_like_a_number(text: str) -> bool:
    """Whether a text is a number in either form."""
    bare = bare_number(text)
    return fits(bare, ".") or fits(bare, ",")


def number_form(
    prices: Sequence[str], volumes: Sequence[str], delimiter: str, lines: Sequence[int]
) -> NumberForm:
    """The form of the numbers of a file; DialectError where both remain, with both readings.

    `prices`: the texts of four columns, row by row, so that line `lines[place // 4]` has them.
    """
    kinds = {bare for text in prices if (bare := bare_number(text)).lower() not in _EMPTY}
    possible = [form for form in ".," if all(fits(bare, form) for bare in kinds)]
    if len(possible) == 1:
        return NumberForm(possible[0])
    if not possible:
        return NumberForm(max(".,", key=lambda form: sum(fits(bare, form) for bare in kinds)))
    volume_form = _volume_form(volumes)
    open_texts = [bare for bare in kinds if _OPEN.fullmatch(bare)]
    if not open_texts:
        return NumberForm(volume_form or ".")
    (used, *others) = {separator for bare in open_texts for separator in ".," if separator in bare}
    if not others and _is_decimal(used, delimiter, volume_form, kinds, volumes):
        return NumberForm(used)
    place = next(place for place, text in enumerate(prices) if _OPEN.fullmatch(bare_number(text)))
    raise _two_readings(prices[place], lines[place // 4])


def _volume_form(volumes: Sequence[str]) -> str | None:
    """The only form that all volumes fit; None where both do, or neither."""
    texts = {
        match[1] if (match := _SCALED.fullmatch(bare[:_LONGEST])) else bare
        for bare in _bare(volumes)
    }
    possible = [form for form in ".," if all(fits(text, form) for text in texts)]
    return possible[0] if len(possible) == 1 else None


def _bare(texts: Sequence[str]) -> set[str]:
    return {bare for text in texts if (bare := bare_number(text)).lower() not in _EMPTY}


def _is_decimal(
    separator: str,
    delimiter: str,
    volume_form: str | None,
    prices: set[str],
    volumes: Sequence[str],
) -> bool:
    """Whether the rest of the file shows that 48,140 is 48.14.

    The volumes have that decimal character; or a number of four digits without a separator shows
    that thousands are not parted, and a comma does not part the fields, where it would be
    thousands in quotes; or fields are parted by commas, where a point is the decimal's.
    """
    if volume_form:
        return volume_form == separator
    if delimiter == ",":
        return separator == "."
    return any(_UNGROUPED.fullmatch(bare) for bare in prices | _bare(volumes))


def _two_readings(text: str, line: int) -> DialectError:
    decimal, grouped = (re.sub("[.,]", separator, text) for separator in (".", ""))
    return DialectError(
        f"{text!r} is {decimal} or {grouped}: nothing in the file shows whether the"
        f" {'comma' if ',' in text else 'point'} parts decimals or thousands",
        line,
        "write the prices with a decimal point and without separators of thousands",
    )
