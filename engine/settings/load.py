"""Settings: stockml.toml and symbols.csv read strictly, overridden by the guide's environment.

who asks                    function            reads
console, commands, worker   load(home)          stockml.toml, symbols.csv, then the environment
`config check`              load(home)          the same; ConfigError.problems names every mistake
`config set`                engine.settings.write
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
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
from engine.settings.symbol_file import MAX_BYTES, NONE_LISTED, ListedSymbols, listed_symbols

BOM = (
    "it begins with a UTF-8 byte order mark (BOM), which TOML does not allow: save it as UTF-8"
    " without BOM"
)

_RESTORE = "save it as UTF-8 text, or restore it: a copy of each day is in persistent_data/daily"


@dataclass(frozen=True)
class SettingsSource:
    """The texts of both files, and where they are."""

    toml: str
    symbols: str
    origin: str
    symbols_origin: str

    @cached_property
    def listed(self) -> ListedSymbols:
        """What symbols.csv holds."""
        return listed_symbols(self.symbols, self.symbols_origin) if self.symbols else NONE_LISTED


def load(home: Home, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `home`; ConfigError with every problem of the files and the environment."""
    source = read_source(home)
    environment = os.environ if environ is None else environ
    overrides = tuple(
        (variable, environment[variable]) for variable in ENVIRONMENT if variable in environment
    )
    settings, problems = _parse_cached(source, overrides)
    if settings is None:
        lines = tuple(str(problem) for problem in problems)
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise ConfigError(lines[0] + more, "`stockml config check` lists all of them", lines)
    use_closings(settings.market.extra_closings)
    return settings


def packaged_settings() -> Settings:
    """The settings of a file that names no key."""
    return msgspec.convert(_with_defaults({}), Settings)


def read_source(home: Home) -> SettingsSource:
    """The texts of stockml.toml and symbols.csv; ConfigError where one cannot be read."""
    toml = settings_text(home)
    try:
        symbols = read_text(home.symbols, MAX_BYTES, links=True)
    except FileNotFoundError:
        symbols = ""
    except FileError as error:
        raise ConfigError(error.message, error.hint or _RESTORE) from error
    return SettingsSource(toml, symbols, str(home.settings), str(home.symbols))


def settings_version(home: Home) -> tuple[tuple[int, ...], ...] | None:
    """What changes when either file does; None while stockml.toml cannot be looked at."""
    try:
        return _version(home.settings), _version(home.symbols)
    except OSError:
        return None


def _version(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.name.endswith(".csv"):
            return ()
        raise
    return status.st_ino, status.st_size, status.st_mtime_ns


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
    source: SettingsSource, overrides: tuple[tuple[str, str], ...]
) -> tuple[Settings | None, tuple[SettingsProblem, ...]]:
    settings, problems = parse(source.toml, source.origin, dict(overrides), source.listed)
    return settings, tuple(problems)


def parse(
    text: str, origin: str, environ: Mapping[str, str], listed: ListedSymbols = NONE_LISTED
) -> tuple[Settings | None, list[SettingsProblem]]:
    """The settings of a text, the listed symbols and the environment, or None with each problem."""
    if text.startswith("\ufeff"):
        return None, [SettingsProblem(origin, "", BOM), *with_environment({}, environ)[1]]
    try:
        tree = toml_tree(text)
    except ValueError as error:
        broken = SettingsProblem(origin, "", clean(f"not valid TOML: {error}"))
        return None, [broken, *with_environment({}, environ)[1]]
    in_toml = tree.get("symbols")
    doubles: tuple[str, ...] = ()
    if listed.tables and isinstance(in_toml, dict):
        doubles = tuple(name for name in listed.tables if name in in_toml)
        if not in_toml:
            del tree["symbols"]
    return parse_tree(tree, origin, environ, listed, tuple(_doubles(text, origin, listed, doubles)))


def _doubles(
    text: str, origin: str, listed: ListedSymbols, names: tuple[str, ...]
) -> Iterator[SettingsProblem]:
    """A problem for each symbol that both files have, with both lines."""
    from engine.settings.document import line_of

    for name in names:
        line = line_of(text, ("symbols", name)) or line_of(text, ("symbols", name, "company"))
        other = f"{origin} line {line}" if line else origin
        words = f"{other} has it too: remove one of them"
        yield SettingsProblem(
            f"{listed.origin} line {listed.lines[name]}", f"symbols.{name}", words
        )


def parse_tree(
    tree: dict[str, Any],
    origin: str,
    environ: Mapping[str, str],
    listed: ListedSymbols = NONE_LISTED,
    doubles: tuple[SettingsProblem, ...] = (),
) -> tuple[Settings | None, list[SettingsProblem]]:
    """As `parse`, for a file that is a tree already: shows what a change would do."""
    tree, problems = with_environment(tree, environ)
    problems = [*check_tree(tree, origin), *listed.problems, *doubles, *problems]
    if listed.tables and isinstance(tree.get("symbols", {}), dict):
        tree["symbols"] = {**tree.get("symbols", {}), **listed.tables}
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
