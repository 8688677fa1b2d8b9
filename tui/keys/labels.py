"""Puts the keys of actions into sentences, from the keymap in force."""

from __future__ import annotations

import re

from tui.keys.keymap import Keymap

_NAME = re.compile(r"\{([a-z_]+)\}")
# One console per process: it sets its keymap when it opens and restores ours when it ends.
_in_force = [Keymap({})]


def put_in_force(chosen: Keymap) -> None:
    """From now on sentences name the keys of `chosen`."""
    _in_force[0] = chosen


def key(action_id: str) -> str:
    """The first key that the action has now, as people write it; KeyError without the action."""
    return _in_force[0].key(action_id)


def spelled(text: str) -> str:
    """The text with the key of each action that it names as `{id}`."""
    return _NAME.sub(lambda match: key(match[1]), text)
