"""Which rows of the dashboard are shown, and in which order: pure functions of a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.core.records import SymbolState
from engine.core.snapshot import Snapshot, SymbolRow
from tui.dashboard.row_groups import GROUPS, problem_rank

WELL = (SymbolState.FRESH, SymbolState.DONE, SymbolState.TRAIN, SymbolState.QUEUED)
_FAR = float("inf")


def _worst(value: float | None) -> float:
    """A missing figure comes first."""
    return -_FAR if value is None else -value


def _sessions_to_report(row: SymbolRow) -> float:
    report = row.forecast.report if row.forecast else None
    return report.in_sessions if report else _FAR


ORDERS: dict[str, Callable[[SymbolRow], float | int | str]] = {
    "table": lambda _: 0,
    "age": lambda row: _worst(row.age_days),
    "MASE": lambda row: _worst(row.model.metrics.mase if row.model else None),
    "range": lambda row: -row.forecast.range80 if row.forecast else _FAR,
    "report": _sessions_to_report,
    "name": lambda row: row.symbol,
    "problems": problem_rank,
}
"""The orders that `o` goes through: the worst, oldest, widest or nearest first."""
HEAD_ORDERS = {"SYM": "name", "AGE": "age", "MASE": "MASE", "RANGE": "range", "REPORT": "report"}
"""The order that a click on the title of a column asks for."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """What the operator wants to see; the empty one shows everything."""

    text: str = ""
    """Part of a symbol, company, sector or state; with `!` before it, rows without it."""
    problems: bool = False
    order: str = "table"
    group: str = ""
    """A name of GROUPS; empty for none."""

    def takes(self, row: SymbolRow) -> bool:
        """Whether the row is shown."""
        if self.problems and row.state in WELL:
            return False
        part = self.text.removeprefix("!").lower()
        if not part:
            return True
        texts = (row.symbol, row.company, row.sector, row.state.value)
        has_part = any(part in text.lower() for text in texts)
        return has_part is not self.text.startswith("!")

    def sorted_by(self, title: str) -> RowFilter:
        """In the order of the column `title`; in that of the table when it is so already."""
        order = HEAD_ORDERS.get(title, self.order)
        return replace(self, order="table" if order == self.order else order)

    def of(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with the rows that are shown, in their order."""
        group, order = GROUPS[self.group], ORDERS[self.order]
        taken = (row for row in snapshot.rows if self.takes(row))
        rows = tuple(sorted(taken, key=lambda row: (group(row), order(row))))
        return snapshot if rows == snapshot.rows else replace(snapshot, rows=rows)

    def words(self, shown: int, all_rows: int) -> str:
        """What is left out, for the title; empty when nothing is."""
        parts = [f"/{self.text}"] if self.text else []
        parts += ["problems"] if self.problems else []
        parts += [f"by {self.order}"] if self.order != "table" else []
        parts += [f"in {self.group} groups"] if self.group else []
        return f"{' '.join(parts)} {shown} of {all_rows}" if parts else ""
