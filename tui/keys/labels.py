"""Keys in sentences: the one that an action has now, so that words name what this operator presses.

There is one console a process: it puts its keys in force when it takes them, and takes them back
when it ends.
"""

from __future__ import annotations

import re

from tui.keys.keymap import Keymap

_NAME = re.compile(r"\{([a-z_]+)\}")
_in_force = [Keymap({})]


def put_in_force(chosen: Keymap) -> None:
    """From now on sentences name the keys of `chosen`."""
    _in_force[0] = chosen


def key(action_id: str) -> str:
    """The first key that the action has now, as people write it;
    KeyError when there is no such action."""
    return _in_force[0].key(action_id)


def spelled(text: str) -> str:
    """A text that was written before any key was known: each `{id}` becomes the key of that
    action."""
    return _NAME.sub(lambda found: key(found[1]), text)
