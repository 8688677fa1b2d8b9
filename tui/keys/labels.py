"""Keys in sentences: each text names the key that an action has now, for this operator.

There is one console per process: it puts its keys in force when it opens, and ours when it ends.
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
    """The first key that the action has now, as people write it; KeyError without the action."""
    return _in_force[0].key(action_id)


def spelled(text: str) -> str:
    """The text with the key of each action that it names as `{id}`."""
    return _NAME.sub(lambda match: key(match[1]), text)
