"""Settings: stockml.toml read strictly, overridden by the guide's environment variables.

who asks                    function            reads
console, commands, worker   load(home)          stockml.toml, then the environment
`config check`              load(home)          the same; ConfigError.problems names every mistake
`config set`                engine.settings.write
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from engine.core.closings import use_closings
from engine.core.errors import ConfigError, FileError
from engine.core.paths import Home
from engine.core.reading import read_text, toml_tree, unreachable
from engine.core.text import clean
from engine.settings.check import SettingsProblem, check_tree, cross_checks
from engine.settings.keys import default_tree, key_types, plain_error, section_types
from engine.settings.schema import ENVIRONMENT, Settings

BOM = (
    "it begins with a UTF-8 byte order mark (BOM), which TOML does not allow: save it as UTF-8"
    " without BOM"
)

_RESTORE = "save it as UTF-8 text, or restore it: a copy of each day is in persistent_data/daily"


def load(home: Home, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `home`; ConfigError with every problem of the file and the environment."""
    text = settings_text(home)
    environment = os.environ if environ is None else environ
    overrides = tuple(
        (variable, environment[variable]) for variable in ENVIRONMENT if variable in environment
    )
    settings, problems = _parse_cached(text, str(home.settings), overrides)
    if settings is None:
        lines = tuple(str(problem) for problem in problems)
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise ConfigError(lines[0] + more, "`stockml config check` lists all of them", lines)
    use_closings(settings.market.extra_closings)
    return settings


def with_reports(settings: Settings, folder: str) -> Settings:
    """The settings with another folder of report dates; unchanged for an empty one."""
    if not folder:
        return settings
    market = msgspec.structs.replace(settings.market, reports=folder)
    return msgspec.structs.replace(settings, market=market)


def settings_text(home: Home) -> str:
    """The text of stockml.toml, which may be a link; ConfigError where it cannot be read."""
    try:
        return read_text(home.settings, links=True)
    except FileNotFoundError as error:
        raise ConfigError(unreachable(home.settings, error).message, _RESTORE) from error
    except FileError as error:
        raise ConfigError(error.message, error.hint or _RESTORE) from error


# A worker reads the settings before every symbol and there is a table a symbol: without a cache
# the time grows with the square (20 ms at 200).
@lru_cache(maxsize=4)
def _parse_cached(
    text: str, origin: str, overrides: tuple[tuple[str, str], ...]
) -> tuple[Settings | None, tuple[SettingsProblem, ...]]:
    settings, problems = parse(text, origin, dict(overrides))
    return settings, tuple(problems)


def parse(
    text: str, origin: str, environ: Mapping[str, str]
) -> tuple[Settings | None, list[SettingsProblem]]:
    """The settings of a text and the environment, or None with every problem."""
    if text.startswith("\ufeff"):
        return None, [SettingsProblem(origin, "", BOM), *with_environment({}, environ)[1]]
    try:
        tree = toml_tree(text)
    except ValueError as error:
        broken = SettingsProblem(origin, "", clean(f"not valid TOML: {error}"))
        return None, [broken, *with_environment({}, environ)[1]]
    return parse_tree(tree, origin, environ)


def parse_tree(
    tree: dict[str, Any], origin: str, environ: Mapping[str, str]
) -> tuple[Settings | None, list[SettingsProblem]]:
    """As `parse`, for a file that is a tree already: shows what a change would do."""
    tree, problems = with_environment(tree, environ)
    problems = check_tree(tree, origin) + problems
    # A section with a wrong key is not compared across keys; the others are, so that one run
    # reports everything.
    wrong = {problem.key.partition(".")[0] for problem in problems}
    right = {name: table for name, table in tree.items() if name not in wrong}
    settings = msgspec.convert(_with_defaults(right), Settings)
    problems += [
        problem
        for problem in cross_checks(settings, origin)
        if problem.key.partition(".")[0] not in wrong
    ]
    return (None, problems) if problems else (settings, [])


def with_environment(
    tree: dict[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], list[SettingsProblem]]:
    """The tree with the guide's variables laid over it, and those that do not parse."""
    tree = {name: dict(table) if isinstance(table, dict) else table for name, table in tree.items()}
    problems = []
    for variable, key in ENVIRONMENT.items():
        raw = environ.get(variable)
        if raw is None:
            continue
        section, _, name = key.partition(".")
        try:
            value = msgspec.convert(raw, key_types(section_types()[section])[name], strict=False)
        except msgspec.ValidationError as error:
            text = f"{clean(raw, 40)!r}: {plain_error(error)}"
            problems.append(SettingsProblem(f"environment {variable}", key, text))
            continue
        table = tree.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
    return tree, problems


def _with_defaults(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree with the packaged value of every key it leaves out; symbols are all or none."""
    filled = {name: {**table, **tree.get(name, {})} for name, table in default_tree().items()}
    return {**filled, "symbols": tree.get("symbols", default_tree()["symbols"])}
