"""stockml.toml changed: checked as a whole, written at once or not at all, the file before kept.

who asks               function                      writes
`config set`           set_key(home, key, raw)       one key, from a word of the command line
the Settings screen    set_keys(home, changes)       several keys together, checked before
the Settings screen    value_of(path, raw)           nothing: what a typed word means for a key

Both write stockml.toml and the file before as .stockml.toml.previous, and a line in the audit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.core.audit import acting
from engine.core.clock import SystemClock
from engine.core.errors import BusyError, ConfigError, RefusedError
from engine.core.files import FileLock, write_atomic
from engine.core.paths import Home
from engine.settings.document import (
    parse_toml,
    possible_values,
    split_key,
    value_at,
    with_value,
    without_key,
)
from engine.settings.keys import KeyPath
from engine.settings.load import parse, settings_text
from engine.settings.records import Check, SettingChange

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def first_valid(
    text: str, origin: str, path: KeyPath, raw: str, check: Check | None = None
) -> tuple[str, object]:
    """The edited text and the first meaning of `raw` that keeps the settings valid; ConfigError."""
    first: tuple[str, ...] = ()
    for value in (*possible_values(raw), [raw]):
        edited = with_value(text, path, value)
        problems = problems_of(edited, origin, check)
        if not problems:
            return edited, value
        first = first or problems
    raise _nothing_written(first)


def problems_of(text: str, origin: str, check: Check | None = None) -> tuple[str, ...]:
    """What is wrong with a settings text, the environment left aside."""
    settings, problems = parse(text, origin, {})
    if problems or settings is None or check is None:
        return tuple(str(problem) for problem in problems)
    return tuple(check(settings))


def _nothing_written(problems: tuple[str, ...]) -> ConfigError:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    hint = "`stockml config show` lists every key"
    if more:
        hint = "`stockml config check` lists what is wrong in the file"
    return ConfigError(f"nothing was written: {problems[0]}{more}", hint, problems)


def set_key(
    home: Home, key: str, raw: str, check: Check | None = None, wait_s: float = 5.0
) -> SettingChange:
    """Set one key of stockml.toml; ConfigError, and nothing written, when it is wrong."""
    with acting(home, SystemClock(), "config set", key=key if _NAME.fullmatch(key) else "?") as act:
        # A mistyped value may be a secret: its error is not for the record.
        act.message = "nothing was written"
        path = split_key(key)
        with _locked(home, wait_s) as target:
            text, tree = _read(home)
            edited, value = first_valid(text, str(target), path, raw, check)
            change = SettingChange(".".join(path), value_at(tree, path), value)
            _write(home, target, text, edited)
        act.message = ""
        act.details = {change.key: change.audit_text}
    return change


def set_keys(
    home: Home,
    changes: Mapping[KeyPath, object],
    based_on: Mapping[KeyPath, object] | None = None,
    check: Check | None = None,
    wait_s: float = 5.0,
) -> tuple[SettingChange, ...]:
    """Set several keys at once, or none of them; None takes a key out.

    `based_on` has the values that the change was made from: RefusedError when somebody else has
    changed one since. ConfigError, and nothing written, when the outcome is wrong.
    """
    with acting(home, SystemClock(), "config set", key=[".".join(path) for path in changes]) as act:
        with _locked(home, wait_s) as target:
            text, tree = _read(home)
            _refuse_outdated(tree, changes, based_on or {})
            edited = text
            for path, value in changes.items():
                if value is None:
                    edited = without_key(edited, path)
                else:
                    edited = with_value(edited, path, value)
            if problems := problems_of(edited, str(target), check):
                raise _nothing_written(problems)
            _write(home, target, text, edited)
        made = tuple(
            SettingChange(".".join(path), value_at(tree, path), value)
            for path, value in changes.items()
        )
        act.details = {change.key: change.audit_text for change in made}
    return made


def _refuse_outdated(
    tree: Mapping[str, Any], changes: Iterable[KeyPath], based_on: Mapping[KeyPath, object]
) -> None:
    for path in changes:
        if path in based_on and based_on[path] != value_at(tree, path):
            raise RefusedError(f"{'.'.join(path)} was changed meanwhile", "look at it again")


@contextmanager
def _locked(home: Home, wait_s: float) -> Iterator[Path]:
    """The settings file, locked; a link into the operator's own collection stays a link."""
    with FileLock(home.locks / "settings.lock") as lock:
        if not lock.acquire("config set", wait_s):
            raise BusyError("another process is changing the settings", "try again")
        # Not Path.resolve, which raises RuntimeError for a loop; reading it says so in words.
        yield Path(os.path.realpath(home.settings))


def _read(home: Home) -> tuple[str, dict[str, Any]]:
    text = settings_text(home)
    return text, parse_toml(text, str(home.settings))


def _write(home: Home, target: Path, text: str, edited: str) -> None:
    """Keep the present file beside it, then replace it; neither when nothing changes."""
    if edited == text:
        return
    mode = target.stat().st_mode & 0o777
    previous = home.root / ".stockml.toml.previous"
    try:
        write_atomic(previous, text.encode("utf-8"), mode, "settings.previous")
        write_atomic(target, edited.encode("utf-8"), mode, "settings")
    except OSError as error:
        raise ConfigError(
            f"cannot write {target}: {error.strerror}; it is unchanged",
            "free space, then try again",
        ) from error
