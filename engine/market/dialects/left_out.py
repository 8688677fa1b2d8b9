"""What a reader leaves out of a file, and the notes that name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from engine.core.text import clean

_NAMED = 5
_SHOWN = 60


@dataclass(slots=True)
class LeftOut:
    """Lines without a bar, by the reason why."""

    no_prices: list[str] = field(default_factory=list)
    no_bar: list[str] = field(default_factory=list)
    no_volume: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    other_tickers: list[str] = field(default_factory=list)

    def without_prices(self, line: int, day: date) -> None:
        self.no_prices.append(f"{day} (line {line})")

    def without_volume(self, line: int, day: date) -> None:
        self.no_volume.append(f"{day} (line {line})")

    def text(self, line: int, fields: list[str]) -> None:
        """A line of words, such as a footer or a dividend."""
        self.no_bar.append(f"line {line} {clean(' '.join(fields).strip(), _SHOWN)!r}")

    def header(self, line: int) -> None:
        self.headers.append(f"line {line}")

    def of_ticker(self, line: int, ticker: str) -> None:
        self.other_tickers.append(f"{clean(ticker, 20)} (line {line})")

    def notes(self, origin: str) -> Iterator[str]:
        """A sentence for each reason, with the newest lines."""
        for places, sentence in (
            (self.no_prices, "without prices left out"),
            (self.no_bar, "of text left out"),
            (self.headers, "of the header again left out"),
            (self.other_tickers, "of other tickers left out"),
            (self.no_volume, "without a volume read as volume 0"),
        ):
            if places:
                shown = ", ".join(places[-_NAMED:])
                more = f"; {len(places) - _NAMED} earlier ones too" * (len(places) > _NAMED)
                lines = f"{len(places)} line{'s' * (len(places) > 1)}"
                yield f"{origin}: {lines} {sentence}: {shown}{more}"
