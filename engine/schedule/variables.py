"""Variables that stand above our block in the crontab, and what they do to our jobs."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.core.text import clean, clean_bytes
from engine.schedule.crontab import CronKind

CRON_TZ = "CRON_TZ"
_ASSIGNMENT = re.compile(
    rb"[ \t]*(?P<q>[\"']?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P=q)[ \t]*=[ \t]*(?P<value>.*?)[ \t]*"
)
_NO_SHELLS = ("false", "true", "nologin")
# What the dynamic loader, the C library and Python's libraries obey at their start.
_LOADER = re.compile(r"LD_[A-Z_]+|GCONV_PATH|LOCPATH|GLIBC_TUNABLES")
_LIBRARIES = ("KERAS_BACKEND", "OPENSSL_CONF", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class TabVariable:
    """One variable that cron sets for our lines."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}={clean(self.value, 60)}"


def variables_above(above: bytes) -> tuple[TabVariable, ...]:
    """The variables set by these lines, each with its last value."""
    values: dict[str, str] = {}
    for raw in above.split(b"\n"):
        if match := _ASSIGNMENT.fullmatch(raw):
            value = match["value"]
            if len(value) > 1 and value[:1] in b"\"'" and value[:1] == value[-1:]:
                value = value[1:-1]
            values[match["name"].decode()] = clean_bytes(value, 300)
    return tuple(TabVariable(name, value) for name, value in values.items())


def harmful(variables: Iterable[TabVariable], kind: CronKind, *, isolated: bool) -> tuple[str, ...]:
    """What in the crontab can keep our jobs from starting, a sentence each.

    `isolated`: whether our lines start Python with -I, which ignores PYTHON* variables.
    """
    effects = ((variable, _effect(variable, kind, isolated=isolated)) for variable in variables)
    return tuple(f"{variable} above our block {effect}" for variable, effect in effects if effect)


def _effect(variable: TabVariable, kind: CronKind, *, isolated: bool) -> str:
    """What a variable does to our lines; empty for one that does them no harm."""
    name, value = variable.name, variable.value
    if name.startswith("PYTHON") and not isolated:
        return "changes which modules Python loads: our jobs may die at their start"
    if _LOADER.fullmatch(name):
        return "changes which libraries every program loads: our jobs may die at their start"
    if name in _LIBRARIES:
        return "changes a library that our jobs use"
    if name == "SHELL":
        return _shell_effect(value)
    if name in ("BASH_ENV", "ENV", "ZDOTDIR"):
        return "names a file that the shell may run before each of our jobs"
    if name == "RANDOM_DELAY" and kind is not CronKind.DEBIAN:
        return "makes cronie start each job some minutes late"
    if name == "HOME" and kind is CronKind.CRONIE and not Path(value).is_dir():
        return "names no folder: cronie starts no job from there"
    return ""


def _shell_effect(value: str) -> str:
    words = shlex.split(value) if value.count('"') % 2 == 0 and "'" not in value else [value]
    shell = Path(words[0] if words else "")
    if not (shell.is_file() and os.access(shell, os.X_OK)):
        return "names no program: cron starts none of the jobs below it"
    if shell.name in _NO_SHELLS:
        return "is no shell: the jobs below it end at once and do nothing"
    return ""
