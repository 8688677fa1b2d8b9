"""Generated expressions: valid ones of our grammar, many of them near the hours in which clocks
change."""

from __future__ import annotations

import random

from engine.schedule.expression import parse
from engine.schedule.fields import FIELDS, ExpressionError, Field


def generated(count: int, seed: int) -> list[str]:
    """`count` expressions that our grammar accepts."""
    chance = random.Random(seed)
    texts: list[str] = []
    while len(texts) < count:
        text = " ".join(_field(field, chance) for field in FIELDS)
        try:
            parse(text)
        except ExpressionError:
            continue
        texts.append(text)
    return texts


def _field(field: Field, chance: random.Random) -> str:
    stars = {"minute": 0.15, "hour": 0.2, "day of month": 0.7, "month": 0.8, "day of week": 0.6}[
        field.name
    ]
    if chance.random() < stars:
        return "*"
    if chance.random() < 0.15:
        return f"*/{chance.randint(1, max(1, (field.high - field.low) // 2))}"
    return ",".join(_element(field, chance) for _ in range(chance.choice((1, 1, 1, 2, 3))))


def _element(field: Field, chance: random.Random) -> str:
    # The clocks of New York and Berlin change between one and three at night.
    high = 4 if field.name == "hour" and chance.random() < 0.8 else field.high
    first, last = sorted(chance.sample(range(field.low, high + 1), 2))
    kind = chance.random()
    if kind < 0.5:
        return _shown(first, field, chance)
    span = f"{_shown(first, field, chance)}-{_shown(last, field, chance)}"
    return span if kind < 0.8 or last - first < 2 else f"{span}/{chance.randint(1, last - first)}"


def _shown(value: int, field: Field, chance: random.Random) -> str:
    at = value - field.first
    if field.names and 0 <= at < len(field.names) and chance.random() < 0.3:
        return chance.choice((str.lower, str.upper, str.title))(field.names[at])
    return f"{value:02d}" if chance.random() < 0.1 else str(value)
