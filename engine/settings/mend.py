"""Settings that cannot be used, mended line by line: where each fault is, and a line replaced.

who asks                      function                     does
doctor, the Settings screen   faults_of(texts, environ)    every fault with its line
the Settings screen           still_wrong(texts, edit)     why a new line mends nothing
the Settings screen           mend(home, edit)             writes it, the file before kept
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from engine.core.audit import acting
from engine.core.clock import SystemClock
from engine.core.errors import ConfigError, RefusedError
from engine.core.paths import Home
from engine.core.text import clean
from engine.settings.check import SettingsProblem
from engine.settings.document import line_of, split_key
from engine.settings.load import SettingsSource, parse
from engine.settings.texts import SettingsTexts, read_texts
from engine.settings.write import locked, write_texts

_SYNTAX_LINE = re.compile(r"\(at line (\d+)")
_CSV_LINE = re.compile(r"(.*) line (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFault:
    """One fault and the line to mend; line 0 where no line of a file is to blame."""

    file: str
    """The path of stockml.toml or symbols.csv, or where else it comes from."""
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file.rpartition('/')[2]} line {self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEdit:
    """A line of a file, and what is to stand there; `fault` is what it mends."""

    fault: SettingsFault
    line: int
    before: str
    after: str


def faults_of(texts: SettingsTexts, environ: Mapping[str, str]) -> tuple[SettingsFault, ...]:
    """Everything wrong with both files and the environment; empty when the settings are usable."""
    source = texts.source
    _, problems = parse(source.toml, source.origin, environ, source.listed)
    return tuple(_placed(problem, source) for problem in problems)


def lines_of(texts: SettingsTexts, file: str) -> list[str]:
    """The lines of one of the files, without their ends; [""] for an empty one."""
    source = texts.source
    return (source.symbols if file == source.symbols_origin else source.toml).split("\n")


def _placed(problem: SettingsProblem, source: SettingsSource) -> SettingsFault:
    """The problem with its line: its own, else that of the table it is missing in."""
    listed = _CSV_LINE.fullmatch(problem.origin)
    file, line = (listed[1], int(listed[2])) if listed else (problem.origin, 0)
    if file == source.origin and not line:
        line = next(_candidate_lines(problem, source.toml), 0)
    text = clean(problem.text, 300)
    return SettingsFault(file=clean(file, 300), line=line, key=clean(problem.key, 80), text=text)


def _candidate_lines(problem: SettingsProblem, toml: str) -> Iterator[int]:
    if not problem.key:
        place = _SYNTAX_LINE.search(problem.text)
        end = 1 if toml.startswith("\ufeff") else toml.count("\n") + 1
        yield int(place[1]) if place else end
        return
    try:
        path = split_key(problem.key)
    except ConfigError:
        path = (problem.key,)
    for length in range(len(path), 0, -1):
        if line := line_of(toml, path[:length]):
            yield line


def _edited(texts: SettingsTexts, edit: LineEdit) -> SettingsTexts:
    """The texts with the new line; RefusedError when another stands there now."""
    lines = lines_of(texts, edit.fault.file)
    if lines[edit.line - 1 : edit.line] != [edit.before]:
        raise RefusedError(f"line {edit.line} was changed meanwhile", "look at it again")
    ending = "\r" if edit.before.endswith("\r") else ""
    lines[edit.line - 1] = edit.after + ending
    name = "symbols" if edit.fault.file == texts.source.symbols_origin else "toml"
    return SettingsTexts(replace(texts.source, **{name: "\n".join(lines)}))


def still_wrong(texts: SettingsTexts, edit: LineEdit) -> str:
    """Why the new line does not mend the fault; empty when it does, whatever else is wrong."""
    left = faults_of(_edited(texts, edit), {})
    same = (str(fault) for fault in left if fault == edit.fault or fault.line == edit.line)
    return next(same, "")


def mend(home: Home, edit: LineEdit) -> None:
    """Write the line; ConfigError, and nothing written, when the fault is still there."""
    place = f"line {edit.line} of {edit.fault.file.rpartition('/')[2]}"
    with acting(home, SystemClock(), "config set", key=place) as act:
        act.message = "nothing was written"
        with locked(home):
            texts = read_texts(home)
            if problem := still_wrong(texts, edit):
                raise ConfigError(f"nothing was written: {problem}", "type the line again")
            write_texts(home, texts, _edited(texts, edit))
        act.message = ""
