"""The footer: the keys that work now on this screen; `?` and `q` come first and are never cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tui.keys.action import Action
from tui.keys.table import key_name
from tui.widgets.targets import Part, TargetLines


def live_keys(active: Iterable[tuple[str, str | None]]) -> dict[str, tuple[str, ...]]:
    """The keys of each action, from (key, binding id) pairs of the live bindings."""
    keys: dict[str, tuple[str, ...]] = {}
    for key, action_id in active:
        if action_id:
            keys[action_id] = (*keys.get(action_id, ()), key)
    return keys


def footer_parts(
    actions: Sequence[Action], keys: Mapping[str, tuple[str, ...]], width: int, read_only: bool
) -> tuple[Part, ...]:
    """As many actions as fit into `width` cells, by their place in the footer."""
    shown = sorted(
        (action for action in actions if action.footer and action.id in keys),
        key=lambda action: action.footer,
    )
    parts: list[Part] = []
    used = 0
    for action in shown:
        if read_only and action.writes:
            continue
        key = key_name(keys[action.id][0])
        cost = len(key) + len(action.name) + 1 + (2 if parts else 0)
        if used + cost > width:
            break
        target = f"act:{action.id}"
        parts += [Part(("  ", ""))] if parts else []
        parts += [Part((key, "key"), target), Part((f" {action.name}", ""), target)]
        used += cost
    return tuple(parts)


class Footer(TargetLines):
    """The last line of a screen."""

    def draw(
        self, actions: Sequence[Action], keys: Mapping[str, tuple[str, ...]], read_only: bool
    ) -> None:
        """Show the keys of `actions`."""
        self.show_parts(footer_parts(actions, keys, self.size.width, read_only))
