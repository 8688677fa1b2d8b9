"""The operator's own keys: `[console.keys]` of stockml.toml over the table of actions.

An entry with a dashboard action's id applies to every screen whose action of that name has the
same keys. An invalid entry is ignored as a whole, so that no key does anything unexpected.
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
"""The action whose key cannot be changed."""
_SAME = {"ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+j": "enter", "ctrl+m": "enter"}
_RESERVED = {"ctrl+c": "it says how to leave", "ctrl+q": "it always leaves the console"}
_NAMES = {
    key.value
    for key in Keys
    if key.value.replace("+", "").replace("_", "").isalnum() and key.value.islower()
}
_WRITTEN = {written.lower(): key for key, written in KEY_NAMES.items()}

KeySettings = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of actions that differ from the defaults, and the problems of invalid entries."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()

    @property
    def textual(self) -> dict[str, str]:
        """As `App.set_keymap` takes it."""
        return {action_id: ",".join(keys) for action_id, keys in self.keys.items()}

    @property
    def notice(self) -> Notice | None:
        """What to say when entries were left out."""
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


def keymap(settings: KeySettings) -> Keymap:
    """The configured keys without entries of an unknown action or key, or of a key in use."""
    entries: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for name, asked in settings.items():
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
    """The name of the key that an operator writes as '?', 'esc', 'F5', 'ctrl+t'; empty if none."""
    if len(text) == 1:
        if text == " ":
            return "space"
        return key_of_character(text) if text.isprintable() else ""
    low = text.lower()
    return _WRITTEN.get(low, low if low in _NAMES or low in KEY_NAMES else "")


def _entry(name: str, asked: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The keys of one entry, or why it is invalid regardless of the others."""
    actions = family(name)
    if not actions:
        names = (*(action.id for action in ACTIONS), *map(stem, ACTIONS))
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else "docs/keys.md lists them"
        return (), f"there is no such action; {hint}"
    if name == FIXED:
        return (), "ctrl+q always leaves the console; quit is the one that takes another key"
    keys: list[str] = []
    for text in asked:
        key = key_of(text)
        if not key:
            examples = "t, T, ?, F5, ctrl+t, enter, space, home"
            return (), f"{clean(text, 30)!r} is no key; write it as {examples}"
        if key in _SAME:
            return (), f"a terminal sends {_SAME[key]} for {key}"
        if key in _RESERVED:
            return (), f"{key} cannot be given away: {_RESERVED[key]}"
        if any(action.group in TYPING for action in actions) and (len(text) == 1 or key == "space"):
            return (), f"{text!r} is text on this screen; use a key that types nothing"
        keys.append(key)
    return tuple(dict.fromkeys(keys)), ""


def _laid(entries: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """(entry, keys) of each action that is moved; an entry with its full id counts first."""
    moved: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, keys in entries.items():
        for action in family(name):
            if action.id == name or action.id not in entries:
                moved[action.id] = (name, keys)
    return moved


def _clashes(entries: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """(entry, reason) of every entry whose key another action of the screen has; the later goes."""
    laid, order = _laid(entries), list(entries)
    for group in GROUPS:
        taken: dict[str, Action] = {}
        for action in in_group(group):
            for key in laid[action.id][1] if action.id in laid else action.keys:
                other = taken.setdefault(key, action)
                if other is not action:
                    moved = [rival for rival in (other, action) if rival.id in laid]
                    loser = max(moved, key=lambda rival: order.index(laid[rival.id][0]))
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
