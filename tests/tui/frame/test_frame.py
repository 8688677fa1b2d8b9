"""The frame: on every screen where there is room, each part with the place it leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.records import Level
from engine.core.snapshot import Cause, Subject
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NOW, trained_home, training_home
from tui.alerts.screen import AlertsScreen
from tui.dashboard.screen import MainScreen
from tui.frame.facts import FrameFacts
from tui.frame.frame import is_framed
from tui.frame.status_line import cause_target, run_progress, status_parts, warnings
from tui.frame.tab_bar import badges, tab_parts
from tui.runs.list import RunsScreen
from tui.screens.tabs import TABS
from tui.symbol.screen import SymbolScreen
from tui.widgets.lines import plain
from tui.widgets.targets import Part, joined, line_of, target_at

FULL_DISK = Cause(level=Level.CRIT, subject=Subject.HOST, text="disk 96 %")
CORRUPT = Cause(level=Level.CRIT, subject=Subject.SYMBOL, text="SMR CORRUPT", symbol="SMR")
ALERT = Cause(level=Level.WARN, subject=Subject.ALERTS, text="2 alerts")


def status(facts: FrameFacts, width: int = 200) -> str:
    """The status line as it reads."""
    return plain(line_of(status_parts(facts, width)))


def test_the_worst_state_names_its_cause_and_leads_to_it() -> None:
    """`CRIT  disk 96 %`, and a click on either word shows the doctor."""
    ill = replace(trained_home(), worst=Level.CRIT, causes=(FULL_DISK, ALERT))
    parts = status_parts(FrameFacts(snapshot=ill), 200)

    assert "CRIT  disk 96 %" in plain(line_of(parts))
    assert {part.target for part in parts if part.span[0] in ("CRIT", "disk 96 %")} == {"go:doctor"}


@pytest.mark.parametrize(
    ("cause", "target"),
    [(FULL_DISK, "go:doctor"), (CORRUPT, "symbol:SMR"), (ALERT, "go:alerts")],
)
def test_each_cause_leads_to_the_screen_that_explains_it(cause: Cause, target: str) -> None:
    """The host to the doctor, a symbol to its page, alerts to theirs."""
    assert cause_target(cause) == target


def test_a_run_shows_how_many_symbols_are_done_and_the_time_left() -> None:
    """Five of thirteen ended in 190 s: eight more take 304 s at that pace."""
    assert run_progress(training_home().live_runs, NOW) == "5/13 5m 04s"
    assert "1 RUN  5/13 5m 04s" in status(FrameFacts(snapshot=training_home()))


def test_a_healthy_service_shows_its_latency_and_another_its_state() -> None:
    """`svc 7 ms`, or the word."""
    well = FrameFacts(snapshot=trained_home(), service="healthy", latency_s=0.007)

    assert "svc 7.0 ms" in status(well)
    assert "service DOWN" in status(replace(well, service="down", latency_s=None))


def test_a_slow_line_and_old_numbers_are_shown() -> None:
    """`slow` and `OLD 12s` stand in the line."""
    facts = FrameFacts(snapshot=trained_home(), slow=True, lag="OLD 12s", clock="08:12:00")

    assert {"slow", "OLD 12s", "08:12:00"} <= set(status(facts).split("  "))


def test_before_the_first_look_the_line_says_so() -> None:
    """Reading, or that it cannot be read."""
    assert "reading" in status(FrameFacts())
    assert "CANNOT READ" in status(FrameFacts(failure="EIO"))


def test_a_title_without_frame_keeps_its_warnings() -> None:
    """On a small terminal a screen's title says what is wrong, and only that."""
    facts = FrameFacts(service="down", read_only=True, lag="LAG 3 s")

    assert [text for text, _ in warnings(facts, "runs")] == ["RO", "LAG 3 s", "service DOWN"]
    assert [text for text, _ in warnings(facts, "service")] == ["RO", "LAG 3 s"]


def test_tabs_carry_badges_of_runs_alerts_and_unsaved_changes() -> None:
    """`2 Runs(1)`, and a star for what is not written."""
    marks = badges(FrameFacts(snapshot=training_home(), unsaved=("settings",)))

    text = plain(line_of(tab_parts("dashboard", marks, 200)))
    assert "2 Runs(1)" in text
    assert ", Set*" in text


@pytest.mark.parametrize("width", range(8, 140, 3))
def test_the_tab_bar_fits_and_keeps_the_current_tab(width: int) -> None:
    """However narrow, the screen that is shown stands in it."""
    parts = tab_parts("audit", {"runs": "(1)"}, width)

    assert sum(part.width for part in parts) <= width
    assert "H Record" in plain(line_of(parts))


def test_all_tabs_stand_at_80_columns() -> None:
    """Each with its key and its name; the hosts, which few homes have, from 90 columns on."""
    text = plain(line_of(tab_parts("dashboard", {}, 80)))

    assert {tab.name for tab in TABS if tab.short not in text} == {"hosts"}
    assert "0 Hosts" in plain(line_of(tab_parts("dashboard", {}, 90)))


def test_a_click_between_two_parts_leads_nowhere() -> None:
    """The gap has no target, and so has what lies right of the line."""
    parts = joined((Part(("ab", ""), "go:runs"), Part(("cd", ""), "go:logs")))

    assert [target_at(parts, x) for x in (0, 1, 2, 3, 4, 5, 6)] == [
        *("go:runs", "go:runs", "", "", "go:logs", "go:logs", "")
    ]


@pytest.mark.parametrize(
    ("size", "framed"), [((80, 24), True), ((79, 24), False), ((80, 23), False)]
)
def test_a_smaller_terminal_keeps_its_lines(size: tuple[int, int], framed: bool) -> None:
    """The tab bar needs 80x24."""
    assert is_framed(*size) is framed


async def test_every_screen_has_the_frame(tmp_path: Path) -> None:
    """Host, state and tabs stand on each, the shown tab reversed."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        for tab in TABS[1:]:
            await pilot.press(tab.key)
            await until(
                pilot,
                lambda tab=tab: (
                    app.screen.shown_tab == tab.name  # type: ignore[attr-defined, misc]
                    and screen_text(app).splitlines()[0].startswith("stockml  prod-1")
                    and "1 Dash 2 Runs" in screen_text(app).splitlines()[1]
                ),
                tab.name,
            )


async def test_a_click_on_a_tab_and_on_a_cause_goes_there(tmp_path: Path) -> None:
    """Runs by its tab; then the symbol whose model is corrupt, by the status line."""
    ill = replace(trained_home(), worst=Level.CRIT, causes=(CORRUPT,))
    async with opened(tmp_path / "home", ill) as (app, _, pilot):
        await pilot.click("#frame", offset=(screen_text(app).splitlines()[1].index("2 Runs"), 1))
        await until(pilot, lambda: isinstance(app.screen, RunsScreen), "the runs")
        status_line = screen_text(app).splitlines()[0]
        await pilot.click("#frame", offset=(status_line.index("SMR CORRUPT"), 0))
        await until(pilot, lambda: isinstance(app.screen, SymbolScreen), "the symbol's page")
        assert app.main.cursor == "SMR"


async def test_footer_rows_heads_wheel_and_buttons_take_the_mouse(tmp_path: Path) -> None:
    """The footer asks, a button answers; the wheel moves, a head sorts, two clicks open."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        table = app.main.query_one("#symbols")
        await pilot.click(table, offset=(screen_text(app).splitlines()[3].index("SYM"), 0))
        await until(pilot, lambda: "by name" in screen_text(app), "the order")
        await until(pilot, lambda: "SYM▲" in screen_text(app), "the mark of the order")
        await pilot.click(table, offset=(screen_text(app).splitlines()[3].index("AGE"), 0))
        await until(pilot, lambda: "AGE▼" in screen_text(app), "the oldest first")
        await pilot.click("#footer", offset=(screen_text(app).splitlines()[23].index("A all"), 0))
        await until(pilot, lambda: "Cancel" in screen_text(app), "the question")
        buttons = next(line for line in screen_text(app).splitlines() if "[Cancel]" in line)
        row = screen_text(app).splitlines().index(buttons)
        await pilot.click(offset=(buttons.index("[Cancel]") + 2, row))
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert engine.asked("start") == []
        await pilot.click(table, offset=(4, 3), times=2)
        await until(pilot, lambda: isinstance(app.screen, SymbolScreen), "the symbol's page")


async def test_a_row_of_another_screen_is_chosen_by_the_mouse(tmp_path: Path) -> None:
    """A click puts the cursor there."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("comma")
        await until(pilot, lambda: getattr(app.screen, "value", None) is not None, "the settings")
        picker = app.screen.query_one("#keys")
        before = picker.chosen  # type: ignore[attr-defined]
        await pilot.click(picker, offset=(4, 3))
        await until(pilot, lambda: picker.chosen != before, "the row")  # type: ignore[attr-defined]


async def test_m_gives_the_mouse_back_to_the_terminal(tmp_path: Path) -> None:
    """Off, and on again, each said."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("m")
        await until(pilot, lambda: "mouse off" in screen_text(app), "off")
        await pilot.press("m")
        await until(pilot, lambda: "mouse on" in screen_text(app), "on")


async def test_the_alerts_badge_leads_to_the_alerts(tmp_path: Path) -> None:
    """The tab is there whether anything fires or not."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.click("#frame", offset=(screen_text(app).splitlines()[1].index("6 Alerts"), 1))
        await until(pilot, lambda: isinstance(app.screen, AlertsScreen), "the alerts")
