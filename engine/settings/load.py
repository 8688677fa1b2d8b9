"""Settings: stockml.toml read strictly, overridden by the guide's environment variables.

who asks                    function            reads
console, commands, worker   load(home)          stockml.toml, then the environment
`config check`              load(home)          the same; ConfigError.problems names every one
`config set`                engine.settings.write
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Literal, get_args, get_origin

import msgspec

from engine.core.errors import ConfigError
from engine.core.paths import Home
from engine.core.sources import SOURCE_CHOICES, names_a_source
from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.settings.schema import (
    PATTERN_WORDS,
    Settings,
    SymbolSettings,
)

BOM = (
    "it begins with a UTF-8 byte order mark (BOM), which TOML does not allow: save it as UTF-8"
    " without BOM"
)
# The guide's variables, and the key that each overrides.
ENVIRONMENT = {
    "ML_EPOCHS": "training.epochs",
    "ML_BATCH_SIZE": "training.batch_size",
    "ML_SEQUENCE_LENGTH": "training.sequence_length",
    "ML_VALIDATION_SPLIT": "training.validation_split",
    "ML_MODEL_VERSION": "service.model_version",
    "ML_PREDICTION_TTL": "service.prediction_ttl",
    "MIN_ACCURACY": "thresholds.min_accuracy",
    "MAX_MAPE": "thresholds.max_mape",
    "MIN_CONFIDENCE": "thresholds.min_confidence",
    "MAX_MODEL_AGE_DAYS": "thresholds.max_model_age_days",
}
VARIABLES = {key: variable for variable, key in ENVIRONMENT.items()}


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One mistake: where it stands, the key, what is wrong."""

    origin: str
    key: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.origin}: {self.key}: {self.text}" if self.key else f"{self.origin}: {self.text}"
        )


def load(home: Home, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `home`;
    ConfigError with every problem when one stands in the file or the environment."""
    try:
        text = home.settings.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot read {home.settings}: {error.strerror}",
            "restore it, or remove the folder to start afresh",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{home.settings} is not UTF-8 (byte {error.start})", "save it as UTF-8"
        ) from error
    overrides = os.environ if environ is None else environ
    laid_over = tuple(
        (variable, overrides[variable]) for variable in ENVIRONMENT if variable in overrides
    )
    settings, problems = _parsed(text, str(home.settings), laid_over)
    if settings is None:
        lines = tuple(str(problem) for problem in problems)
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise ConfigError(lines[0] + more, "`stockml config check` lists all of them", lines)
    return settings


@lru_cache(maxsize=4)
def _parsed(
    text: str, origin: str, laid_over: tuple[tuple[str, str], ...]
) -> tuple[Settings | None, tuple[SettingsProblem, ...]]:
    """A worker reads the settings before every symbol and there is a table a symbol: unkept, a
    square (20 ms at 200)."""
    settings, problems = parse(text, origin, dict(laid_over))
    return settings, tuple(problems)


def parse(
    text: str, origin: str, environ: Mapping[str, str]
) -> tuple[Settings | None, list[SettingsProblem]]:
    """The settings of a text and of the environment, or None with every problem found."""
    if text.startswith("\ufeff"):
        return None, [SettingsProblem(origin, "", BOM), *with_environment({}, environ)[1]]
    try:
        tree = tomllib.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # TOMLDecodeError; tomllib lets a huge number and deep nesting out raw
        broken = SettingsProblem(origin, "", clean(f"not valid TOML: {error}"))
        return None, [broken, *with_environment({}, environ)[1]]
    return parse_tree(tree, origin, environ)


def parse_tree(
    tree: dict[str, Any], origin: str, environ: Mapping[str, str]
) -> tuple[Settings | None, list[SettingsProblem]]:
    """The same for a file that is a tree already: what a change would do is seen without writing
    it."""
    tree, problems = with_environment(tree, environ)
    problems = _check_tree(tree, origin) + problems
    # A section with a wrong key is not compared across keys; the others are, so that one look finds
    # everything.
    wrong = {problem.key.partition(".")[0] for problem in problems}
    settings = msgspec.convert(
        _filled({name: table for name, table in tree.items() if name not in wrong}), Settings
    )
    problems += [
        problem
        for problem in _cross_checks(settings, origin)
        if problem.key.partition(".")[0] not in wrong
    ]
    return (None, problems) if problems else (settings, [])


def with_environment(
    tree: dict[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], list[SettingsProblem]]:
    """The tree with the guide's variables laid over it;
    a variable that does not parse is a problem."""
    tree = {name: dict(table) if isinstance(table, dict) else table for name, table in tree.items()}
    problems = []
    for variable, key in ENVIRONMENT.items():
        if (raw := environ.get(variable)) is None:
            continue
        section, _, name = key.partition(".")
        try:
            value = msgspec.convert(raw, _types(_sections()[section])[name], strict=False)
        except msgspec.ValidationError as error:
            problems.append(
                SettingsProblem(
                    f"environment {variable}", key, f"{clean(raw, 40)!r}: {_plain(str(error))}"
                )
            )
            continue
        table = tree.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
    return tree, problems


@cache
def default_tree() -> dict[str, Any]:
    """The packaged settings as a tree; a key that a file leaves out reads as this."""
    from engine.settings.home import default_settings

    return tomllib.loads(default_settings())


def _filled(tree: dict[str, Any]) -> dict[str, Any]:
    filled = {
        name: {**table, **tree.get(name, {})}
        for name, table in default_tree().items()
        if name != "symbols"
    }
    return {**filled, "symbols": tree.get("symbols", default_tree()["symbols"])}


def type_of(path: tuple[str, ...]) -> Any:
    """The type of the key at `path`; ConfigError, naming the nearest, when there is no such key."""
    section, known = path[0], (*_sections(), "symbols")
    if section not in known:
        raise ConfigError(
            f"unknown section {clean(section, 60)!r}{_nearest(section, known)}",
            "`stockml config show` lists all",
        )
    if path[:2] == ("console", "keys") and len(path) == 3:
        return str | list[str]
    types = _types(SymbolSettings if section == "symbols" else _sections()[section])
    if path[-1] not in types or len(path) != (3 if section == "symbols" else 2):
        key = ".".join(path)
        raise ConfigError(
            f"unknown key {clean(key, 80)!r}{_nearest(path[-1], types)}",
            "`stockml config show` lists all",
        )
    return types[path[-1]]


def why_refused(path: tuple[str, ...], value: object) -> str:
    """Why the key at `path` does not take `value`, in words; empty when it does."""
    try:
        msgspec.convert(value, type_of(path))
    except msgspec.ValidationError as error:
        return f"{clean(repr(value), 60)}: {_plain(str(error))}"
    return ""


@cache
def _sections() -> dict[str, Any]:
    return {
        field.name: field.type
        for field in msgspec.structs.fields(Settings)
        if field.name != "symbols"
    }


@cache
def _types(section: Any) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(section)}


def _check_tree(tree: dict[str, Any], origin: str) -> list[SettingsProblem]:
    problems = []
    known = (*_sections(), "symbols")
    for name, table in tree.items():
        if name not in known:
            problems.append(
                SettingsProblem(origin, clean(name, 60), f"unknown section{_nearest(name, known)}")
            )
        elif not isinstance(table, dict):
            problems.append(
                SettingsProblem(origin, name, f"{table!r} is not a table: write [{name}]")
            )
        elif name == "symbols":
            problems += _check_symbols(table, origin)
        else:
            problems += _check_table(table, _sections()[name], name, origin)
    return problems


def _check_symbols(table: dict[str, Any], origin: str) -> list[SettingsProblem]:
    problems = [] if table else [SettingsProblem(origin, "symbols", "no symbol is configured")]
    for name, entry in table.items():
        key = f"symbols.{clean(name, 40)}"
        if not SYMBOL.fullmatch(name):
            problems.append(
                SettingsProblem(
                    origin, key, "not a symbol: A to Z first, then up to nine of A-Z 0-9 . -"
                )
            )
        elif not isinstance(entry, dict):
            problems.append(SettingsProblem(origin, key, f"{entry!r} is not a table"))
        elif inner := next(
            (inner for inner, value in entry.items() if isinstance(value, dict)), ""
        ):
            quoted = f'[symbols."{clean(name, 40)}.{clean(inner, 40)}"]'
            problems.append(
                SettingsProblem(
                    origin,
                    f"{key}.{clean(inner, 40)}",
                    f"write {quoted}: a symbol with a dot needs its quotes",
                )
            )
        else:
            problems += _check_table(entry, SymbolSettings, key, origin)
            missing = [
                need for need in ("company", "sector", "kind", "priority") if need not in entry
            ]
            problems += [SettingsProblem(origin, f"{key}.{need}", "missing") for need in missing]
    return problems


def _check_table(
    table: dict[str, Any], section: Any, prefix: str, origin: str
) -> list[SettingsProblem]:
    types = _types(section)
    problems = []
    for name, value in table.items():
        key = f"{prefix}.{clean(name, 60)}"
        if name not in types:
            problems.append(SettingsProblem(origin, key, f"unknown key{_nearest(name, types)}"))
            continue
        try:
            msgspec.convert(value, types[name])
        except msgspec.ValidationError as error:
            problems.append(
                SettingsProblem(
                    origin, key, f"{clean(repr(value), 60)}: {_said(error, types[name])}"
                )
            )
    return problems


def _said(error: Exception, kind: Any) -> str:
    """What is wrong with a value; a key of few words names them."""
    if names := choices_of(kind):
        return f"it is none of {', '.join(names)}"
    return _plain(str(error))


def choices_of(kind: Any) -> tuple[str, ...]:
    """Every value of a key that takes few words; empty for any other type."""
    if get_origin(kind) is Literal:
        return tuple(str(value) for value in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(kind)
    return ()


def _plain(text: str) -> str:
    """msgspec's sentence without its code marks and path; what a pattern asks for in words."""
    for pattern, words in PATTERN_WORDS.items():
        if pattern in text:
            return words
    return re.sub(r" - at `.*`$", "", text).replace("`", "")


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, tuple(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _cross_checks(settings: Settings, origin: str) -> Any:
    resources = settings.resources
    for name in ("cpu", "memory", "disk"):
        warn, crit = getattr(resources, f"{name}_warn"), getattr(resources, f"{name}_crit")
        if warn > crit:
            yield SettingsProblem(
                origin, f"resources.{name}_warn", f"{warn} is above {name}_crit = {crit}"
            )
    if settings.watch.live_min > settings.watch.live_window:
        yield SettingsProblem(
            origin,
            "watch.live_min",
            f"{settings.watch.live_min} is above live_window = {settings.watch.live_window}",
        )
    source = settings.market.source
    if not names_a_source(source):
        yield SettingsProblem(
            origin, "market.source", f"{clean(source, 60)!r} is not {SOURCE_CHOICES}"
        )
