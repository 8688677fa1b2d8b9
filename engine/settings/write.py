"""stockml.toml changed: checked as a whole, written at once or not at all, the file before kept.

who asks               function                      writes
`config set`           set_key(home, key, raw)       one key, from a word of the command line
the Settings screen    set_keys(home, changes)       several keys together, checked before
the Settings screen    value_of(path, raw)           nothing: what a typed word means for a key

Both write stockml.toml and the file before as .stockml.toml.previous, and a line in the audit.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.audit import acting
from engine.core.clock import SystemClock
from engine.core.errors import BusyError, ConfigError, RefusedError
from engine.core.files import FileLock, write_atomic
from engine.core.paths import Home
from engine.settings import load as config
from engine.settings.document import (
    parse_toml,
    possible_values,
    split_key,
    toml_text,
    value_at,
    with_value,
    without_key,
)
from engine.settings.keys import KeyPath, why_refused
from engine.settings.schema import Settings

Check = Callable[[Settings], Iterable[str]]
"""What else must be right with the settings, in words;
the ids of keys are known to the console alone."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One key of the file: its value before (None when it was not there) and after (None when it
    was taken out)."""

    key: str
    before: object
    after: object


def value_of(path: KeyPath, raw: str) -> object:
    """The first meaning of `raw` that the key takes by itself;
    ConfigError, with the reason in words, when none is."""
    first = ""
    for value in possible_values(raw):
        fault = why_refused(path, value)
        if not fault:
            return value
        first = first or fault
    raise ConfigError(first)


def first_valid(
    text: str, origin: str, path: KeyPath, raw: str, check: Check | None = None
) -> tuple[str, object]:
    """The edited text and the value: the first meaning of `raw` that leaves valid settings;
    ConfigError when none does."""
    first: tuple[str, ...] = ()
    for value in possible_values(raw):
        result = with_value(text, path, value)
        problems = problems_of(result, origin, check)
        if not problems:
            return result, value
        first = first or problems
    raise _nothing_written(first)


def problems_of(text: str, origin: str, check: Check | None = None) -> tuple[str, ...]:
    """What is wrong with a settings text, in words, the environment left aside."""
    settings, problems = config.parse(text, origin, {})
    return tuple(str(problem) for problem in problems) or (
        tuple(check(settings)) if check and settings else ()
    )


def _nothing_written(problems: tuple[str, ...]) -> ConfigError:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    hint = (
        "`stockml config check` lists what is wrong in the file"
        if more
        else "`stockml config show` lists every key"
    )
    return ConfigError(f"nothing was written: {problems[0]}{more}", hint, problems)


def set_key(
    home: Home, key: str, raw: str, check: Check | None = None, wait_s: float = 5.0
) -> SettingChange:
    """Set one key of stockml.toml, atomically; the file before stays as .stockml.toml.previous.

    ConfigError when the key, the value or the result is wrong: nothing is written then.
    """
    with acting(home, SystemClock(), "config set", key=key if _NAME.fullmatch(key) else "?") as act:
        act.message = (  # a mistyped value may be a secret: its error is not for the record
            "nothing was written"
        )
        path = split_key(key)
        with _locked(home, wait_s) as target:
            text, tree = _read(target)
            before = value_at(tree, path)
            result, value = first_valid(text, str(target), path, raw, check)
            _write(home, target, text, result)
        act.message = ""
        act.details = {".".join(path): _told(before, value)}
    return SettingChange(".".join(path), before, value)


def set_keys(
    home: Home,
    changes: Mapping[KeyPath, object],
    seen: Mapping[KeyPath, object] | None = None,
    check: Check | None = None,
    wait_s: float = 5.0,
) -> tuple[SettingChange, ...]:
    """Set several keys at once, or none of them; None takes a key out.

    The file before stays as .stockml.toml.previous.

    `seen` is what stood there when the change was made up: RefusedError when somebody else has
    changed it since. ConfigError when the result is wrong: nothing is written then.
    """
    with acting(home, SystemClock(), "config set", key=[".".join(path) for path in changes]) as act:
        with _locked(home, wait_s) as target:
            text, tree = _read(target)
            result = text
            made = tuple(
                SettingChange(".".join(path), value_at(tree, path), value)
                for path, value in changes.items()
            )
            for path in changes:
                if seen is not None and path in seen and seen[path] != value_at(tree, path):
                    raise RefusedError(
                        f"{'.'.join(path)} was changed meanwhile", "look at it again"
                    )
            for path, value in changes.items():
                result = (
                    without_key(result, path) if value is None else with_value(result, path, value)
                )
            if problems := problems_of(result, str(target), check):
                raise _nothing_written(problems)
            _write(home, target, text, result)
        act.details = {change.key: _told(change.before, change.after) for change in made}
    return made


def _told(before: object, after: object) -> str:
    """A change for the record."""
    return " -> ".join("none" if value is None else toml_text(value) for value in (before, after))


@contextmanager
def _locked(home: Home, wait_s: float) -> Iterator[Path]:
    """The settings file, while nobody else changes it;
    a link into somebody's own collection stays a link."""
    with FileLock(home.locks / "settings.lock") as lock:
        end = time.monotonic() + wait_s
        while not lock.acquire("config set"):
            if time.monotonic() > end:
                raise BusyError("another process is changing the settings", "try again")
            time.sleep(0.02)
        yield home.settings.resolve()


def _read(target: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = target.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {target}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{target} is not UTF-8 (byte {error.start})", "save it as UTF-8"
        ) from error
    return text, parse_toml(text, str(target))


def _write(home: Home, target: Path, text: str, result: str) -> None:
    """Keep the file as it is now beside it, then replace it;
    neither for a change that changes nothing."""
    if result == text:
        return
    mode = target.stat().st_mode & 0o777
    try:
        write_atomic(
            home.root / ".stockml.toml.previous", text.encode("utf-8"), mode, "settings.previous"
        )
        write_atomic(target, result.encode("utf-8"), mode, "settings")
    except OSError as error:
        raise ConfigError(
            f"cannot write {target}: {error.strerror}; it is unchanged",
            "free space, then try again",
        ) from error
