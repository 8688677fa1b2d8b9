"""Which rows the dashboard shows, and in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import Level, SymbolState
from engine.core.snapshot import Cause, Subject
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NAMES, row, snapshot, trained_home
from tui.dashboard.row_filter import ORDERS, WELL, RowFilter
from tui.dialogs.prompt import PromptScreen


@given(st.text(max_size=6), st.booleans(), st.sampled_from(list(ORDERS)))
def test_a_sieve_only_leaves_out_and_sorts(text: str, problems: bool, order: str) -> None:
    """No row is changed, made up or shown twice, and `!` takes exactly the others."""
    snapshot = trained_home()
    shown = RowFilter(text, problems, order).of(snapshot).rows

    assert set(shown) <= set(snapshot.rows)
    assert len(set(shown)) == len(shown)
    if text and not text.startswith("!"):
        others = RowFilter(f"!{text}", problems, order).of(snapshot).rows
        assert set(shown) | set(others) == set(RowFilter("", problems).of(snapshot).rows)


def test_orders_put_the_worst_first() -> None:
    """Oldest first, a missing figure before every other; the table's order is the settings'."""
    rows = RowFilter(order="age").of(trained_home()).rows
    assert rows[0].age_days is None
    assert [row.age_days for row in rows[1:]] == sorted(
        (row.age_days or 0.0 for row in rows[1:]), reverse=True
    )
    assert RowFilter().of(trained_home()).rows == trained_home().rows


async def test_filter_problems_and_sort_by_key(tmp_path: Path) -> None:
    """`/`, `e` and `o` change what stands there, the title says so, esc shows every row again;
    marks stay."""
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, _, pilot):
        await pilot.press("space", "slash")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the prompt")
        await pilot.press(*"smr", "enter")
        await until(pilot, lambda: "/smr 1 of 13" in screen_text(app), "the filter")
        assert app.main.cursor == "SMR"
        assert app.main.marks == {"NVDA"}
        await pilot.press("escape", "e")
        await until(pilot, lambda: "problems" in screen_text(app).splitlines()[0], "the problems")
        shown = app.main.shown
        assert shown
        assert {row.state for row in shown.rows} & set(WELL) == set()
        assert SymbolState.CORRUPT in {row.state for row in shown.rows}
        await pilot.press("escape", "o")
        await until(pilot, lambda: "by age 13 of 13" in screen_text(app), "the order")
        assert all(f"{name} " in screen_text(app) for name in NAMES)


async def test_a_filter_does_not_make_the_home_empty(tmp_path: Path) -> None:
    """Where no row, or only one without a model, is shown, the log still is the home's and not
    that of a first start."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        app.main.row_filter = RowFilter("nothing has this")
        await until(pilot, lambda: "no row matches" in screen_text(app), "the filter")
        assert "No model is trained yet" not in screen_text(app)
        assert trained_home().log_tail[-1][:40] in screen_text(app)


async def test_problems_of_the_home_alone_are_named(tmp_path: Path) -> None:
    """With no symbol in trouble `e` shows the causes of the health word, and what it counts."""
    well = tuple(row(name, at) for at, name in enumerate(NAMES))
    cause = Cause(level=Level.CRIT, subject=Subject.HOST, text="disk 96 %")
    calm = replace(snapshot(well), worst=Level.CRIT, causes=(cause,))
    async with opened(tmp_path / "home", calm) as (app, _, pilot):
        await pilot.press("e")
        await until(pilot, lambda: "no symbol has a problem" in screen_text(app), "the words")
        assert "  CRIT disk 96 %" in screen_text(app) or "\nCRIT disk 96 %" in screen_text(app)
        assert "counted are AGING, STALE" in screen_text(app)
