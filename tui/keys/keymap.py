"""The operator's own keys: `[console.keys]` of stockml.toml laid over the table of actions, and
what is wrong with it.

An entry names an action by its id; the id of an action of the dashboard counts on every screen
where an action of that name has the same keys. An entry that cannot be taken is left out whole,
so that no key ever does what nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from textual.keys import Keys

from engine.core.records import Level
from engine.core.text import clean
from engine.settings.schema import Settings
from tui.keys.action import Action
from tui.keys.table import ACTIONS, GROUPS, KEY_NAMES, by_id, in_group, key_name
from tui.terminal.textual_private import key_of_character
from tui.work.messages import Notice

TYPING = frozenset({"prompt", "form", "setting", "palette"})
"""Screens on which a letter is text."""
FIXED = "leave"
"""The action that keeps its key whatever an entry says."""
_SAME = {"ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+j": "enter", "ctrl+m": "enter"}
_RESERVED = {"ctrl+c": "it says how to leave", "ctrl+q": "it always leaves the console"}
_NAMES = {
    key.value
    for key in Keys
    if key.value.replace("+", "").replace("_", "").isalnum() and key.value.islower()
}
_WRITTEN = {written.lower(): key for key, written in KEY_NAMES.items()}

Wanted = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of every action that has other ones than its own, and the entries that were not
    taken, in words."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()

    @property
    def textual(self) -> dict[str, str]:
        """As `App.set_keymap` takes it."""
        return {action_id: ",".join(keys) for action_id, keys in self.keys.items()}

    @property
    def notice(self) -> Notice | None:
        """What the operator is told when entries were not taken."""
        if not self.problems:
            return None
        more = f"and {len(self.problems) - 1} more; " if len(self.problems) > 1 else ""
        return Notice(
            self.problems[0], f"{more}`stockml config check` lists them", level=Level.CRIT
        )

    def key(self, action_id: str) -> str:
        """The first key of an action, as people write it."""
        return key_name(keys_of(action_id, self)[0])


def problems_of(settings: Settings) -> tuple[str, ...]:
    """What is wrong with `[console.keys]`, a sentence an entry."""
    return keymap(settings.console.keys).problems


def keymap(wanted: Wanted) -> Keymap:
    """The keys as asked, without the entries that name no action or no key, or take a key that
    something else has."""
    entries: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for name, asked in wanted.items():
        keys, fault = _entry(name, (asked,) if isinstance(asked, str) else tuple(asked))
        if fault:
            problems.append(f"console.keys.{clean(name, 40)}: {fault}")
        else:
            entries[name] = keys
    while (clash := next(_clashes(entries), None)) is not None:
        name, fault = clash
        problems.append(f"console.keys.{name}: {fault}")
        del entries[name]
    return Keymap(
        {action_id: keys for action_id, (_, keys) in _laid(entries).items()}, tuple(problems)
    )


def family(name: str) -> tuple[Action, ...]:
    """The actions that an entry of this name moves; empty when there is none."""
    first = next((action for action in ACTIONS if action.id == name and action.keys), None)
    shared = stem(first) if first else name
    stems = [
        action
        for action in ACTIONS
        if stem(action) == shared and action.keys and action.group not in TYPING
    ]
    if first is not None and first.group != "main":
        return (first,)
    first = first or next(iter(stems), None)
    return tuple(action for action in stems if first is not None and action.keys == first.keys)


def stem(action: Action) -> str:
    """The id without the screen's name."""
    return action.id.removeprefix(f"{action.group}_")


def key_of(text: str) -> str:
    """The key's own name for what an operator writes ('?', 'esc', 'F5', 'ctrl+t');
    empty when there is no such key."""
    if len(text) == 1:
        if text == " ":
            return "space"
        return key_of_character(text) if text.isprintable() else ""
    low = text.lower()
    return _WRITTEN.get(low, low if low in _NAMES or low in KEY_NAMES else "")


def _entry(name: str, asked: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The keys of one entry, or why it cannot be taken whatever the others say."""
    actions = family(name)
    if not actions:
        near = get_close_matches(
            name, (*(action.id for action in ACTIONS), *map(stem, ACTIONS)), n=1
        )
        return (
            (),
            (
                "there is no such"
                f" action{f'; did you mean {near[0]}?' if near else '; the README lists them'}"
            ),
        )
    if name == FIXED:
        return (), "ctrl+q always leaves the console; quit is the one that takes another key"
    keys: list[str] = []
    for text in asked:
        key = key_of(text)
        if not key:
            return (
                (),
                (
                    f"{clean(text, 30)!r} is no key; write it as t, T, ?, F5, ctrl+t, enter, space,"
                    " home"
                ),
            )
        if key in _SAME:
            return (), f"a terminal sends {_SAME[key]} for {key}"
        if key in _RESERVED:
            return (), f"{key} cannot be given away: {_RESERVED[key]}"
        if any(action.group in TYPING for action in actions) and (len(text) == 1 or key == "space"):
            return (), f"{text!r} is text where this action stands; take a key that types nothing"
        keys.append(key)
    return tuple(dict.fromkeys(keys)), ""


def _laid(entries: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """(entry, keys) of each action that is moved;
    an entry with the action's full id counts before a shared one."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, keys in entries.items():
        for action in family(name):
            if action.id == name or action.id not in entries:
                found[action.id] = (name, keys)
    return found


def _clashes(entries: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """(entry, reason) of every entry that takes a key which another action of the same screen
    has; the later one goes."""
    laid, order = _laid(entries), list(entries)
    for group in GROUPS:
        taken: dict[str, Action] = {}
        for action in in_group(group):
            for key in laid[action.id][1] if action.id in laid else action.keys:
                other = taken.setdefault(key, action)
                if other is not action:
                    moved = [one for one in (other, action) if one.id in laid]
                    loser = max(moved, key=lambda one: order.index(laid[one.id][0]))
                    holder = action if loser is other else other
                    yield laid[loser.id][0], _taken(key, holder, group)
    writing = {
        key
        for action in ACTIONS
        if action.writes
        for key in (laid[action.id][1] if action.id in laid else action.keys)
    }
    if "confirm_yes" in laid and (
        key := next((key for key in laid["confirm_yes"][1] if key in writing), "")
    ):
        yield (
            laid["confirm_yes"][0],
            f"{key_name(key)} asks some of the questions: held down, it would answer them too",
        )


def _taken(key: str, holder: Action, group: str) -> str:
    return (
        f"{key_name(key)} is the key of {holder.id} on the screen {GROUPS[group]!r}; give that"
        " another key too"
    )


def keys_of(action_id: str, chosen: Keymap) -> tuple[str, ...]:
    """The keys that an action has now."""
    return chosen.keys.get(action_id, by_id(action_id).keys)
