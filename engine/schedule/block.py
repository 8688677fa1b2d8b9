"""Our block of a crontab: found, built and spliced as bytes.

What stands outside of it is never rendered again.

    # BEGIN stockml /home/op/stocks v1 3f2a9c10b7de - managed by `stockml schedule`; edit there
    0 2 * * 0 /home/op/.venv/bin/stockml cron-run weekly --home /home/op/stocks
    # 0 3 * * * /home/op/.venv/bin/stockml cron-run clean --home /home/op/stocks
    # END stockml /home/op/stocks

One block per home. The twelve digits are the SHA-256 of the lines between, so that an edit by
hand is seen; ` new` after them says that there was no crontab before. A paused job is a comment,
as python-crontab writes it: that package parses, checks and builds the lines between the
markers, and never sees anything else.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.core.errors import RefusedError, UsageError
from engine.core.paths import Home
from engine.core.text import clean, clean_bytes
from engine.schedule.expression import ExpressionError, parse
from engine.schedule.jobs import JOBS, parse_command

FORMAT = 1
_BEGIN = re.compile(
    rb"# BEGIN stockml (?P<home>/.*) v(?P<format>[0-9]{1,3}) (?P<digest>[0-9a-f]{12})(?P<new> new)?"
    rb" - managed by `stockml schedule`; edit there"
)
_END = re.compile(rb"# END stockml (?P<home>/.*)")
_LIKE = re.compile(rb"\s*#\s*(BEGIN|END)\s+stockml\b")


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job of ours; `command` without cron's percent escapes."""

    job: str
    expression: str
    command: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """One home's block where it stands in a tab: bytes `start` to `end`, markers and last
    newline included."""

    home: Path
    lines: tuple[JobLine, ...]
    start: int
    end: int
    first_line: int
    """The line number of the begin marker, from 1."""
    made_tab: bool = False
    """There was no crontab before this block."""
    edited: bool = False
    """The lines are not the ones that were written."""
    strange: tuple[str, ...] = ()
    """Lines in the block that are no job of ours."""


@dataclass(frozen=True, slots=True)
class MarkerFault:
    """A marker that cannot be trusted; `home` None when it cannot be told whose it is."""

    home: Path | None
    text: str


@dataclass(frozen=True, slots=True)
class _Marker:
    number: int
    start: int
    end: int
    home: bytes
    begin: re.Match[bytes] | None


def find_blocks(tab: bytes | None) -> tuple[tuple[Block, ...], tuple[MarkerFault, ...]]:
    """Every whole block of the tab, and what is wrong with the markers that pair up with none."""
    text = tab or b""
    markers, faults = _markers(text)
    blocks: list[Block] = []
    while markers:
        first, second = markers.pop(0), markers[0] if markers else None
        if first.begin is None:
            faults.append(_fault(first, "an end marker without its begin"))
        elif second is None or second.begin is not None or second.home != first.home:
            faults.append(_fault(first, "a begin marker without its end"))
        elif int(first.begin["format"]) > FORMAT:
            faults.append(
                _fault(
                    first, f"a block of a newer stockml, format {first.begin['format'].decode()}"
                )
            )
            markers.pop(0)
        elif any(os.fsencode(block.home) == first.home for block in blocks):
            faults.append(_fault(first, "a second block of the same home"))
            markers.pop(0)
        else:
            blocks.append(_block(text, first, second))
            markers.pop(0)
    return tuple(blocks), tuple(faults)


def find_block(tab: bytes | None, home: Home) -> Block | None:
    """The block of `home`, or None; RefusedError naming the lines when its markers are damaged."""
    blocks, faults = find_blocks(tab)
    ours = [fault.text for fault in faults if fault.home in (None, home.root)]
    if ours:
        raise RefusedError(
            f"the crontab's stockml markers are damaged: {'; '.join(ours)}",
            "repair or delete those lines with `crontab -e`; nothing was changed",
        )
    return next((block for block in blocks if block.home == home.root), None)


def other_name_of(tab: bytes | None, home: Home) -> Path | None:
    """Another name of this very home that has a block in `tab`: one of the two leads there
    through a symbolic link."""
    others = (block.home for block in find_blocks(tab)[0] if block.home != home.root)
    return next(
        (other for other in others if os.path.realpath(other) == os.path.realpath(home.root)), None
    )


def render_block(home: Home, lines: Iterable[JobLine], made_tab: bool = False) -> bytes:
    """The whole block;
    UsageError for a home, an expression or a path that a crontab line cannot carry."""
    root = os.fsencode(home.root)
    if any(byte < 32 or byte == 127 for byte in root):
        raise UsageError(
            f"the home {clean(str(home.root), 120)!r} holds a control character, which cron"
            " changes",
            "use another folder",
        )
    body = _body(tuple(lines))
    digest = hashlib.sha256(body).hexdigest()[:12].encode()
    new = b" new" if made_tab else b""
    head = (
        b"# BEGIN stockml "
        + root
        + b" v%d " % FORMAT
        + digest
        + new
        + b" - managed by `stockml schedule`; edit there\n"
    )
    return head + body + b"# END stockml " + root + b"\n"


def splice(tab: bytes | None, home: Home, lines: tuple[JobLine, ...]) -> bytes | None:
    """The tab with the block of `home` holding `lines`: replaced where it stands, else appended.

    Without lines, gone.

    None means no crontab at all: where we made it and nothing else is left. A missing last
    newline is added, as cron asks for it; every other byte outside of the block stays.
    """
    found = find_block(tab, home)
    if not lines:
        return cut_block(tab, found)
    made_tab = found.made_tab if found else tab is None
    return put_block(tab, found, render_block(home, lines, made_tab))


def put_block(tab: bytes | None, found: Block | None, block: bytes) -> bytes:
    """The tab with `block` instead of the one found, or at its end."""
    text = tab or b""
    if found:
        return text[: found.start] + block + text[found.end :]
    return _ended(text) + block


def cut_block(tab: bytes | None, found: Block | None) -> bytes | None:
    """The tab without the block found."""
    if tab is None or found is None:
        return tab
    rest = tab[: found.start] + tab[found.end :]
    return None if not rest and found.made_tab else rest


def foreign_bytes(tab: bytes | None, home: Home) -> bytes:
    """Every byte that is not ours: what no write may change."""
    found = find_block(tab, home)
    text = tab or b""
    return text[: found.start] + text[found.end :] if found else text


def keeps_foreign_bytes(old: bytes | None, new: bytes | None, home: Home) -> bool:
    """Whether a write leaves all foreign bytes as they are, the newline that cron asks for at
    the end apart."""
    before, after = foreign_bytes(old, home), foreign_bytes(new, home)
    return after in (before, _ended(before))


def with_line(lines: tuple[JobLine, ...], line: JobLine) -> tuple[JobLine, ...]:
    """The lines with this job's line replaced or added, in the order of the table of jobs."""
    kept = [old for old in lines if old.job != line.job]
    order = list(JOBS)
    return tuple(sorted([*kept, line], key=lambda one: order.index(one.job)))


def _ended(text: bytes) -> bytes:
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _fault(marker: _Marker, text: str) -> MarkerFault:
    return MarkerFault(
        Path(os.fsdecode(marker.home)),
        f"line {marker.number}: {text} ({clean_bytes(marker.home, 120)})",
    )


def _markers(tab: bytes) -> tuple[list[_Marker], list[MarkerFault]]:
    markers, faults, start = [], [], 0
    for number, raw in enumerate(tab.split(b"\n"), 1):
        end = start + len(raw) + 1
        if begin := _BEGIN.fullmatch(raw):
            markers.append(_Marker(number, start, end, begin["home"], begin))
        elif closing := _END.fullmatch(raw):
            markers.append(_Marker(number, start, min(end, len(tab)), closing["home"], None))
        elif _LIKE.match(raw):
            faults.append(
                MarkerFault(None, f"line {number}: a damaged marker: {clean_bytes(raw, 120)!r}")
            )
        start = end
    return markers, faults


def _block(tab: bytes, first: _Marker, second: _Marker) -> Block:
    assert first.begin is not None
    body = tab[first.end : second.start]
    lines, strange = _parse_body(body)
    return Block(
        home=Path(os.fsdecode(first.home)),
        lines=lines,
        start=first.start,
        end=second.end,
        first_line=first.number,
        made_tab=first.begin["new"] is not None,
        edited=hashlib.sha256(body).hexdigest()[:12].encode() != first.begin["digest"],
        strange=strange,
    )


def _body(lines: tuple[JobLine, ...]) -> bytes:
    """The lines as python-crontab builds them; what it would change in meaning is refused."""
    body = b""
    for line in lines:
        item = _package().CronTab(tab="").new(command=line.command)
        item.setall(parse(line.expression, reboot=True).text)
        item.enable(line.enabled)
        raw = os.fsencode(item.render()) if item.is_valid() else b""
        read = _parse_line(raw)
        if read is None or (read.job, read.command) != (line.job, line.command):
            raise UsageError(
                f"{line.job}: {clean(line.command, 200)!r} cannot stand in a crontab line",
                "use a path without '#'",
            )
        if _meaning(read) != _meaning(line):
            raise UsageError(
                f"{line.job}: {line.expression!r} would become {read.expression!r}",
                "write it in another way",
            )
        body += raw + b"\n"
    return body


def _meaning(line: JobLine) -> tuple[Any, ...]:
    expression = parse(line.expression, reboot=True)
    return line.enabled, expression.wildcard, expression.either_day, replace(expression, text="")


def _parse_body(body: bytes) -> tuple[tuple[JobLine, ...], tuple[str, ...]]:
    """The jobs of ours between the markers, and the lines that are none."""
    lines, strange = [], []
    for raw in body.split(b"\n"):
        if not raw.strip():
            continue
        line = _parse_line(raw)
        if line is None:
            strange.append(clean_bytes(raw, 200))
        else:
            lines.append(line)
    return tuple(lines), tuple(strange)


def _parse_line(raw: bytes) -> JobLine | None:
    try:
        items = list(_package().CronTab(tab=os.fsdecode(raw)))
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return None
    if len(items) != 1 or items[0].comment or items[0].stdin:
        return None
    found = parse_command(items[0].command)
    if found is None or found[0] not in JOBS:
        return None
    return JobLine(
        found[0],
        _plain(str(items[0].slices.render())),
        str(items[0].command),
        bool(items[0].is_enabled()),
    )


def _plain(text: str) -> str:
    """The expression in the form that our own code compares;
    python-crontab orders lists in another way."""
    try:
        return parse(text, reboot=True).text
    except ExpressionError:
        return text  # edited by hand into something that our grammar refuses: shown as it stands


def _package() -> Any:
    """python-crontab, told to leave `0 0 * * 0` as it is and to keep its complaints to itself."""
    import crontab

    crontab.SPECIALS_CONVERSION = None
    logging.getLogger("crontab").propagate = False
    logging.getLogger("crontab").addHandler(logging.NullHandler())
    return crontab
