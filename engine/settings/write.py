"""The settings changed: checked as a whole, written at once or not at all, the file before kept.

who asks               function                      writes
`config set`           set_key(home, key, raw)       one key, from a word of the command line
the Settings screen    set_keys(home, changes)       several keys together, checked before
`symbols`              rewrite(home, change)         whole symbols
the Settings screen    value_of(path, raw)           nothing: what a typed word means for a key

They write the file that has the key, stockml.toml or symbols.csv, and the file before as
.stockml.toml.previous or .symbols.csv.previous; all but `rewrite` a line in the audit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from engine.core.audit import acting
from engine.core.clock import SystemClock
from engine.core.errors import BusyError, ConfigError, RefusedError
from engine.core.files import FileLock, write_atomic
from engine.core.paths import Home
from engine.settings.document import parse_toml, possible_values, split_key, value_at
from engine.settings.keys import KeyPath
from engine.settings.load import parse
from engine.settings.records import Check, SettingChange
from engine.settings.texts import SettingsTexts, read_texts

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


Change = Callable[[SettingsTexts], SettingsTexts]


def first_valid(
    texts: SettingsTexts, path: KeyPath, raw: str, check: Check | None = None
) -> tuple[SettingsTexts, object]:
    """The edited texts and the first meaning of `raw` that is valid in them; ConfigError."""
    first: tuple[str, ...] = ()
    for value in (*possible_values(raw), [raw]):
        edited = texts.with_value(path, value)
        problems = problems_of(edited, check)
        if not problems:
            return edited, value
        first = first or problems
    raise _nothing_written(first)


def problems_of(texts: SettingsTexts, check: Check | None = None) -> tuple[str, ...]:
    """What is wrong with the settings, the environment left aside."""
    source = texts.source
    settings, problems = parse(source.toml, source.origin, {}, source.listed)
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
    """Set one key of the settings; ConfigError, and nothing written, when it is wrong."""
    with acting(home, SystemClock(), "config set", key=key if _NAME.fullmatch(key) else "?") as act:
        # A mistyped value may be a secret: its error is not for the record.
        act.message = "nothing was written"
        path = split_key(key)
        with locked(home, wait_s):
            texts = _read(home)
            edited, value = first_valid(texts, path, raw, check)
            change = SettingChange(".".join(path), value_at(texts.tree, path), value)
            write_texts(home, texts, edited)
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

        def edited(texts: SettingsTexts) -> SettingsTexts:
            _refuse_outdated(texts.tree, changes, based_on or {})
            for path, value in changes.items():
                texts = texts.with_value(path, value)
            return texts

        before = rewrite(home, edited, check, wait_s)
        made = tuple(
            SettingChange(".".join(path), value_at(before.tree, path), value)
            for path, value in changes.items()
        )
        act.details = {change.key: change.audit_text for change in made}
    return made


def rewrite(
    home: Home,
    change: Change,
    check: Check | None = None,
    wait_s: float = 5.0,
    around: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> SettingsTexts:
    """Write what `change` makes of the settings, and return those before.

    ConfigError, and nothing written, when the outcome is wrong; `around` surrounds the writing.
    """
    with locked(home, wait_s):
        texts = _read(home)
        edited = change(texts)
        if problems := problems_of(edited, check):
            raise _nothing_written(problems)
        with around():
            write_texts(home, texts, edited)
    return texts


def _read(home: Home) -> SettingsTexts:
    """Both files as they are; ConfigError, naming it, when stockml.toml is no TOML."""
    texts = read_texts(home)
    parse_toml(texts.source.toml, texts.source.origin)
    return texts


def _refuse_outdated(
    tree: Mapping[str, Any], changes: Iterable[KeyPath], based_on: Mapping[KeyPath, object]
) -> None:
    for path in changes:
        if path in based_on and based_on[path] != value_at(tree, path):
            raise RefusedError(f"{'.'.join(path)} was changed meanwhile", "look at it again")


@contextmanager
def locked(home: Home, wait_s: float = 5.0) -> Iterator[None]:
    """Nobody else changes the settings meanwhile; BusyError when another process does."""
    with FileLock(home.locks / "settings.lock") as lock:
        if not lock.acquire("config set", wait_s):
            raise BusyError("another process is changing the settings", "try again")
        yield


def write_texts(home: Home, before: SettingsTexts, after: SettingsTexts) -> None:
    """Keep each present file that changes beside it, then replace it."""
    _replace(home, home.settings, before.source.toml, after.source.toml)
    _replace(home, home.symbols, before.source.symbols, after.source.symbols)


def _replace(home: Home, path: Path, text: str, edited: str) -> None:
    """Replace one file; a link into the operator's own collection stays a link."""
    if edited == text:
        return
    # Not Path.resolve, which raises RuntimeError for a loop; reading it says so in words.
    target = Path(os.path.realpath(path))
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    previous = home.root / f".{path.name}.previous"
    try:
        if text:
            write_atomic(previous, text.encode("utf-8"), mode, "settings.previous")
        write_atomic(target, edited.encode("utf-8"), mode, "settings")
    except OSError as error:
        raise ConfigError(
            f"cannot write {target}: {error.strerror}; it is unchanged",
            "free space, then try again",
        ) from error
