"""The tab bar: the screens with their keys, the one that is shown, badges of what is going on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.core.snapshot import AlertState
from tui.frame.facts import FrameFacts
from tui.keys.labels import key
from tui.screens.tabs import TABS, Tab
from tui.widgets.targets import Part, joined

TABS_HELP = (
    "every screen with its key. A number behind Runs counts live runs, behind Alerts those that"
    " fire; * marks changes that are not written."
)
# Gaps between tabs, the widest that fits.
_GAPS = ("  ", " ")


def badges(facts: FrameFacts) -> dict[str, str]:
    """What stands behind the names of the tabs."""
    marks = dict.fromkeys(facts.unsaved, "*")
    if facts.snapshot is None:
        return marks
    running = len(facts.snapshot.live_runs)
    firing = sum(
        alert.state is AlertState.FIRING and not alert.acked for alert in facts.snapshot.alerts
    )
    if running:
        marks["runs"] = f"({running})"
    if firing:
        marks["alerts"] = f"({firing})"
    return marks


def tab_parts(
    current: str, badges: Mapping[str, str], width: int, tabs: Sequence[Tab] = TABS
) -> tuple[Part, ...]:
    """The tabs that fit into `width` cells, the current one reversed and always among them."""
    parts = {tab.name: _part(tab, tab.name == current, badges.get(tab.name, "")) for tab in tabs}
    for gap in _GAPS:
        shown = joined(tuple(parts.values()), gap)
        if sum(part.width for part in shown) <= width:
            return shown
    kept = list(parts)
    while len(kept) > 1 and _width(parts, kept) > width:
        kept.remove(next(name for name in reversed(kept) if name != current))
    return joined([parts[name] for name in kept], " ")


def _part(tab: Tab, shown: bool, badge: str) -> Part:
    marked = "live" if badge else ""
    style = "cursor" if shown else marked
    return Part((f"{key(f'main_to_{tab.name}')} {tab.short}{badge}", style), f"go:{tab.name}")


def _width(parts: Mapping[str, Part], names: Sequence[str]) -> int:
    return sum(parts[name].width + 1 for name in names) - 1
