"""The footer: the keys that work now on this screen; `?` and `q` come first and are never cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tui.keys.action import Action
from tui.keys.table import key_name
from tui.widgets.lines import Line, Lines, Span


def live_keys(active: Iterable[tuple[str, str | None]]) -> dict[str, tuple[str, ...]]:
    """The keys of each action, from (key, binding id) pairs of the live bindings."""
    keys: dict[str, tuple[str, ...]] = {}
    for key, action_id in active:
        if action_id:
            keys[action_id] = (*keys.get(action_id, ()), key)
    return keys


def footer_line(
    actions: Sequence[Action], keys: Mapping[str, tuple[str, ...]], width: int, read_only: bool
) -> Line:
    """As many actions as fit into `width` cells, by their place in the footer."""
    shown = sorted(
        (action for action in actions if action.footer and action.id in keys),
        key=lambda action: action.footer,
    )
    spans: list[Span] = []
    used = 0
    for action in shown:
        if read_only and action.writes:
            continue
        key = key_name(keys[action.id][0])
        cost = len(key) + len(action.name) + 1 + (2 if spans else 0)
        if used + cost > width:
            break
        spans += [("  ", "")] if spans else []
        spans += [(key, "key"), (f" {action.name}", "")]
        used += cost
    return tuple(spans)


class Footer(Lines):
    """The last line of a screen."""

    def draw(
        self, actions: Sequence[Action], keys: Mapping[str, tuple[str, ...]], read_only: bool
    ) -> None:
        """Show the keys of `actions`."""
        self.show((footer_line(actions, keys, self.size.width, read_only),))
