"""`config show|check|set`: show the settings and their origins, check them, change one."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from typing import Any

from engine.cli.build import load_target
from engine.cli.session import Session
from engine.core.errors import ExitCode
from engine.core.text import clean
from engine.settings.document import toml_text
from engine.settings.schema import IGNORED_VARIABLES, VARIABLES, Settings
from engine.words.tables import columns, text_table


def show(session: Session) -> int:
    """Every effective value and where it comes from: file, default or environment."""
    settings = session.engine.settings.current
    texts = session.engine.settings.texts
    rows = list(origins(settings, texts.tree, os.environ, texts.source.listed.lines))
    if session.json:
        values = {key: {"value": _plain(value), "origin": origin} for key, value, origin in rows}
        session.document({"file": str(session.home.settings), "settings": values})
    else:
        session.facts(
            text_table(
                columns(("KEY", "VALUE", "FROM")),
                [(key, _shown(value), origin) for key, value, origin in rows],
            )
        )
    return ExitCode.DONE


def origins(
    settings: Settings,
    tree: Mapping[str, Any],
    environ: Mapping[str, str],
    in_csv: Container[str] = (),
) -> Iterator[tuple[str, Any, str]]:
    """(key, effective value, origin) of every setting; `in_csv` are the symbols of symbols.csv."""
    import msgspec

    for section, table in msgspec.structs.asdict(settings).items():
        if section == "symbols":
            for symbol, entry in table.items():
                fields = msgspec.structs.asdict(entry).items()
                given = "file" if "symbols" in tree else "default"
                given = "symbols.csv" if symbol in in_csv else given
                yield from (
                    (f"symbols.{symbol}.{name}", value, given)
                    for name, value in fields
                    if value is not None
                )
            continue
        for name, value in msgspec.structs.asdict(table).items():
            key = f"{section}.{name}"
            if isinstance(value, dict):
                yield from ((f"{key}.{inner}", item, "file") for inner, item in value.items())
                continue
            variable = VARIABLES.get(key)
            if variable is not None and variable in environ:
                yield key, value, f"environment {variable}"
            else:
                yield key, value, "file" if name in tree.get(section, {}) else "default"


def _shown(value: Any) -> str:
    return toml_text(list(value) if isinstance(value, tuple) else value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def check(session: Session) -> int:
    """Report every mistake in stockml.toml and the environment; exit 3 if there is one."""
    problems = problems_of(session)
    if session.json:
        session.document(
            {"file": str(session.home.settings), "ok": not problems, "problems": list(problems)}
        )
    elif problems:
        session.facts(problems)
    else:
        session.facts([f"{session.home.settings}: no problem found"])
    for variable, reason in IGNORED_VARIABLES.items():
        if variable in os.environ:
            session.note(f"{variable} in the environment is ignored: {reason}")
    return ExitCode.CONFIG if problems else ExitCode.DONE


def problems_of(session: Session) -> tuple[str, ...]:
    """All problems of the settings, one line each."""
    return session.unchecked_engine.settings.problems(key_problems)


def key_problems(settings: Settings) -> tuple[str, ...]:
    """Problems in `[console.keys]`, checked by the console, which alone knows its actions."""
    problems: tuple[str, ...] = (
        load_target("tui.keys.keymap:problems_of")(settings) if settings.console.keys else ()
    )
    return problems


# A value may begin with a minus sign.
def set_value(session: Session, key: str, value: str) -> int:
    """Set KEY to VALUE in stockml.toml, changing only that line and keeping a copy of the file."""
    settings = session.unchecked_engine.settings
    change = settings.set_text(key, value, key_problems)
    try:
        settings.publish()
    except OSError as error:
        session.note(f"{session.home.ml_config} could not be written: {error.strerror}")
    before = None if change.before is None else _shown(change.before)
    if session.json:
        session.document({"key": change.key, "before": before, "after": _shown(change.after)})
    else:
        session.facts(
            [
                f"{change.key} = {_shown(change.after)} (was"
                f" {before if before is not None else 'not in the file'})"
            ]
        )
    variable = VARIABLES.get(change.key)
    if variable is not None and variable in os.environ:
        session.note(
            f"{variable} in the environment overrides it here: {clean(os.environ[variable], 40)}"
        )
    return ExitCode.DONE
