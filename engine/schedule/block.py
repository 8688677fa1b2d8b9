"""Our block of a crontab: found, built and spliced as bytes.

What stands outside of it is never rendered again.

    # BEGIN stockml /home/op/stocks v1 3f2a9c10b7de - managed by `stockml schedule`; edit there
    0 2 * * 0 /home/op/.venv/bin/stockml cron-run weekly --home /home/op/stocks
    # 0 3 * * * /home/op/.venv/bin/stockml cron-run clean --home /home/op/stocks
    # END stockml /home/op/stocks

One block per home. The twelve digits are the SHA-256 of the lines between, so that an edit by
hand is noticed; ` new` after them says that there was no crontab before. A paused job is a
comment, as python-crontab writes it: that package never reads anything outside the markers.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import RefusedError, UsageError
from engine.core.paths import Home
from engine.core.text import clean, clean_bytes
from engine.schedule.job_lines import JobLine, parse_lines, render_lines
from engine.schedule.probe_line import ProbeLine

FORMAT = 1
_BEGIN = re.compile(
    rb"# BEGIN stockml (?P<home>/.*) v(?P<format>[0-9]{1,3}) (?P<digest>[0-9a-f]{12})(?P<new> new)?"
    rb" - managed by `stockml schedule`; edit there"
)
_END = re.compile(rb"# END stockml (?P<home>/.*)")
_DAMAGED = re.compile(rb"\s*#\s*(BEGIN|END)\s+stockml\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One home's block: bytes `start` to `end` of the tab, markers and last newline included."""

    home: Path
    lines: tuple[JobLine, ...]
    start: int
    end: int
    line_number: int
    """The line of the begin marker, from 1."""
    created_tab: bool = False
    """Whether there was no crontab before this block."""
    edited: bool = False
    """Whether the lines differ from those written."""
    foreign_lines: tuple[str, ...] = ()
    """Lines in the block that are not jobs of ours."""
    probes: tuple[ProbeLine, ...] = ()
    """Lines of a check, which the digest leaves out: they come and go by themselves."""

    @property
    def holds_jobs(self) -> bool:
        """Whether more than the line of a check stands in it."""
        return bool(self.lines or self.foreign_lines or not self.probes)

    @property
    def hand_edit(self) -> str:
        """What was edited by hand, in words; empty when nothing was."""
        if not self.edited and not self.foreign_lines:
            return ""
        foreign = f"; not ours: {'; '.join(self.foreign_lines)}" if self.foreign_lines else ""
        line = f"line {self.line_number} of the crontab"
        return f"the stockml block ({line}) was edited by hand{foreign}"


@dataclass(frozen=True, slots=True)
class MarkerFault:
    """A marker that cannot be trusted; `home` None when it names none."""

    home: Path | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marker:
    line_number: int
    start: int
    end: int
    home: bytes
    begin: re.Match[bytes] | None
    """The match of a begin marker, None for an end marker."""

    def fault(self, problem: str) -> MarkerFault:
        shown_home = clean_bytes(self.home, 120)
        text = f"line {self.line_number}: {problem} ({shown_home})"
        return MarkerFault(Path(os.fsdecode(self.home)), text)


def find_blocks(tab: bytes | None) -> tuple[tuple[Block, ...], tuple[MarkerFault, ...]]:
    """Every whole block of the tab, and the faults of all other markers."""
    text = tab or b""
    markers, faults = _find_markers(text)
    blocks: list[Block] = []
    while markers:
        first = markers.pop(0)
        second = markers[0] if markers else None
        if first.begin is None:
            faults.append(first.fault("an end marker without its begin"))
            continue
        if second is None or second.begin is not None or second.home != first.home:
            faults.append(first.fault("a begin marker without its end"))
            continue
        markers.pop(0)
        if int(first.begin["format"]) > FORMAT:
            newer = first.begin["format"].decode()
            faults.append(first.fault(f"a block of a newer stockml, format {newer}"))
        elif any(os.fsencode(block.home) == first.home for block in blocks):
            faults.append(first.fault("a second block of the same home"))
        else:
            blocks.append(_read_block(text, first, second, first.begin))
    return tuple(blocks), tuple(faults)


def find_block(tab: bytes | None, home: Home) -> Block | None:
    """The block of `home`, or None; RefusedError naming the lines when its markers are damaged."""
    blocks, faults = find_blocks(tab)
    our_faults = [fault.text for fault in faults if fault.home in (None, home.root)]
    if our_faults:
        raise RefusedError(
            f"the crontab's stockml markers are damaged: {'; '.join(our_faults)}",
            "repair or delete those lines with `crontab -e`; nothing was changed",
        )
    return next((block for block in blocks if block.home == home.root), None)


def other_name_of(tab: bytes | None, home: Home) -> Path | None:
    """Another path to this very home, by a symbolic link, that has a block in `tab`."""
    real_root = os.path.realpath(home.root)
    for block in find_blocks(tab)[0]:
        if block.home != home.root and os.path.realpath(block.home) == real_root:
            return block.home
    return None


def render_block(home: Home, lines: Iterable[JobLine], *, created_tab: bool = False) -> bytes:
    """The whole block; UsageError if a line is not valid in a crontab."""
    root = os.fsencode(home.root)
    if any(byte < 32 or byte == 127 for byte in root):
        raise UsageError(
            f"the home {clean(str(home.root), 120)!r} holds a control character, which cron"
            " changes",
            "use another folder",
        )
    body = render_lines(lines)
    begin = b"# BEGIN stockml %b v%d %b%b - managed by `stockml schedule`; edit there\n" % (
        root,
        FORMAT,
        _digest(body),
        b" new" if created_tab else b"",
    )
    return begin + body + b"# END stockml " + root + b"\n"


def splice(tab: bytes | None, home: Home, lines: tuple[JobLine, ...]) -> bytes | None:
    """The tab with `lines` as the block of `home`, in place or appended; no lines remove it.

    Adds a missing last newline, as cron requires, and keeps every other byte outside the block.
    None means no crontab: we created it and nothing else is left.
    """
    block = find_block(tab, home)
    if not lines:
        return cut_block(tab, block)
    created_tab = block.created_tab if block else tab is None
    return put_block(tab, block, render_block(home, lines, created_tab=created_tab))


def with_probes(tab: bytes | None, home: Home, probes: Iterable[ProbeLine]) -> bytes | None:
    """The tab with these lines of a check instead of any others, every other byte as it was."""
    block = find_block(tab, home)
    added = b"".join(probe.raw + b"\n" for probe in probes)
    if tab is None or block is None:
        rendered = render_block(home, (), created_tab=tab is None)
        return put_block(tab, None, _with_end(rendered, added)) if added else tab
    if not added and not (block.lines or block.foreign_lines):
        return cut_block(tab, block)
    text = _without(tab[block.start : block.end], block.probes)
    return put_block(tab, block, _with_end(text, added))


def _with_end(block: bytes, added: bytes) -> bytes:
    """The block with lines before its end marker."""
    end = block.rindex(b"# END stockml ")
    return block[:end] + added + block[end:]


def _without(text: bytes, probes: Iterable[ProbeLine]) -> bytes:
    for probe in probes:
        text = text.replace(probe.raw + b"\n", b"")
    return text


def put_block(tab: bytes | None, block: Block | None, rendered: bytes) -> bytes:
    """The tab with the rendered block in place of `block`, or at its end."""
    text = tab or b""
    if block:
        return text[: block.start] + rendered + text[block.end :]
    return _ended(text) + rendered


def cut_block(tab: bytes | None, block: Block | None) -> bytes | None:
    """The tab without the block; None when the block made the tab and nothing else is left."""
    if tab is None or block is None:
        return tab
    rest = tab[: block.start] + tab[block.end :]
    return None if not rest and block.created_tab else rest


def foreign_bytes(tab: bytes | None, home: Home) -> bytes:
    """Every byte outside our blocks, which no write may change."""
    block = find_block(tab, home)
    text = tab or b""
    return text[: block.start] + text[block.end :] if block else text


def keeps_foreign_bytes(old: bytes | None, new: bytes | None, home: Home) -> bool:
    """Whether a write keeps all foreign bytes, but for the newline cron wants at the end."""
    before = foreign_bytes(old, home)
    return foreign_bytes(new, home) in (before, _ended(before))


def _ended(text: bytes) -> bytes:
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _find_markers(tab: bytes) -> tuple[list[_Marker], list[MarkerFault]]:
    markers = []
    faults = []
    start = 0
    for number, raw in enumerate(tab.split(b"\n"), 1):
        end = min(start + len(raw) + 1, len(tab))
        begin = _BEGIN.fullmatch(raw)
        match = begin or _END.fullmatch(raw)
        if match:
            markers.append(
                _Marker(line_number=number, start=start, end=end, home=match["home"], begin=begin)
            )
        elif _DAMAGED.match(raw):
            text = f"line {number}: a damaged marker: {clean_bytes(raw, 120)!r}"
            faults.append(MarkerFault(None, text))
        start = end
    return markers, faults


def _read_block(tab: bytes, first: _Marker, second: _Marker, begin: re.Match[bytes]) -> Block:
    body = tab[first.end : second.start]
    lines, probes, foreign_lines = parse_lines(body)
    body = _without(body, probes)
    return Block(
        home=Path(os.fsdecode(first.home)),
        lines=lines,
        start=first.start,
        end=second.end,
        line_number=first.line_number,
        created_tab=begin["new"] is not None,
        edited=_digest(body) != begin["digest"],
        foreign_lines=foreign_lines,
        probes=probes,
    )


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:12].encode()
