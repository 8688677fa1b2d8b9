"""Bars on disk: the same numbers back, whole or not at all, never at a path that a symbol made
up."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import NoDataError, UsageError
from engine.core.paths import Home
from engine.market.bars import data_hash
from engine.market.last_bar import last_bar
from engine.market.store import BarStore, bars_path, csv_bytes
from tests.helpers import environment
from tests.market.samples import DAYS, some_bars

FETCHED = datetime(2024, 2, 27, 3, 0, tzinfo=UTC)


def test_bars_read_back_bit_by_bit(tmp_path: Path) -> None:
    """Every number, event and stamp that was written is read back equal, and nothing stands
    under another source."""
    store = BarStore(Home(tmp_path))
    bars = replace(
        some_bars(scale=1 / 3),
        splits=((DAYS[2], 10.0),),
        dividends=((DAYS[4], 0.04),),
        fetched_at=FETCHED,
    )
    store.write(bars, DAYS[0])
    back = store.read("yahoo", "MP")
    assert back is not None
    assert data_hash(back) == data_hash(bars)
    assert (back.splits, back.dividends, back.fetched_at) == (bars.splits, bars.dividends, FETCHED)
    assert store.facts("yahoo", "MP").since == DAYS[0]
    assert store.read("csv:/bars", "MP") is None
    assert store.read("yahoo", "NVDA") is None


@given(st.lists(st.floats(1e-4, 1e6), min_size=1, max_size=5), st.floats(0, 1e12))
def test_any_price_reads_back_exactly(prices: list[float], volume: float) -> None:
    """The text of a price reads back as the very same float."""
    bars = some_bars(DAYS[: len(prices)])
    bars = replace(bars, close=np.array(prices), volume=np.full(len(prices), volume))
    lines = csv_bytes(bars).decode().splitlines()[1:]
    assert [float(line.split(",")[4]) for line in lines] == prices
    assert {float(line.split(",")[5]) for line in lines} == {volume}


def test_an_unchanged_file_is_not_touched(tmp_path: Path) -> None:
    """Writing the same bars again leaves inode and time alone, so that readers can tell news by
    the file."""
    store, bars = BarStore(Home(tmp_path)), some_bars()
    store.write(bars)
    path = bars_path(Home(tmp_path), "yahoo", "MP")
    before = path.stat()
    store.write(bars)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    store.write(some_bars(scale=2.0))
    assert path.stat().st_ino != before.st_ino


@pytest.mark.parametrize(
    "symbol", ["../../etc/passwd", "nvda", "", "A/B", "A" * 11, ".TURN", "A\n"]
)
def test_only_a_symbol_makes_a_path(symbol: str, tmp_path: Path) -> None:
    """Paths come from checked symbols only: anything else is wrong usage."""
    with pytest.raises(UsageError):
        BarStore(Home(tmp_path)).read("yahoo", symbol)
    with pytest.raises(UsageError):
        last_bar(Home(tmp_path), "yahoo", symbol)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "MP.csv",
            "date,open,high,low,close,volume\n2024-02-12,1,2",
            r"MP\.csv.*no finished bar|no finished bar",
        ),
        ("MP.csv", "date,open,high,low,close,volume\n2024-02-12,1,2,x,1,1\n", r"MP\.csv line 2"),
        ("MP.json", "{", r"MP\.json"),
        ("MP.json", '{"symbol": 7}', r"MP\.json"),
        ("MP.json", '{"symbol": "MP", "source": "ya\udcbdoo"}', r"MP\.json: .*byte|MP\.json"),
        ("MP.json", '{"a":' * 10_000 + "1" + "}" * 10_000, r"MP\.json: .*nested deeper"),
        ("MP.json", '{"symbol": "MP", "source": "yahoo", "fetched_at": "noon"}', r"MP\.json"),
        ("MP.json", '{"v": 99, "symbol": "MP", "source": "yahoo"}', "newer"),
    ],
)
def test_damaged_files_are_refused_with_a_reason(
    name: str, text: str, words: str, tmp_path: Path
) -> None:
    """A stored file that was damaged is exit 4 naming it."""
    store = BarStore(Home(tmp_path))
    store.write(some_bars())
    bars_path(Home(tmp_path), "yahoo", "MP").with_name(name).write_text(
        text, errors="surrogateescape"
    )
    with pytest.raises(NoDataError, match=words):
        store.read("yahoo", "MP")


@pytest.mark.parametrize("step", ["begin", "written", "synced", "renamed", "done"])
def test_a_kill_leaves_the_old_or_the_new_bars(step: str, tmp_path: Path) -> None:
    """Killed at any step of writing, the store reads as the old series or the new one, never as
    a mixture."""
    store = BarStore(Home(tmp_path))
    old, new = some_bars(DAYS[:8]), some_bars(scale=2.0)
    store.write(old)
    code = (
        "import sys; from pathlib import Path; from engine.core.paths import Home; from"
        " engine.market.store import BarStore;from tests.market.samples import some_bars;"
        " BarStore(Home(Path(sys.argv[1]))).write(some_bars(scale=2.0))"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=environment(STOCKML_TEST="1", STOCKML_FAILPOINTS=f"bars.{step}=kill"),
        check=False,
    )
    assert child.returncode == -9
    back = store.read("yahoo", "MP")
    assert back is not None
    assert data_hash(back) == data_hash(new if step in ("renamed", "done") else old)


def test_a_full_disk_leaves_the_old_bars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a write fails the error is raised and the old file stands."""
    from engine.core import failpoints

    store = BarStore(Home(tmp_path))
    store.write(some_bars(DAYS[:8]))
    monkeypatch.setattr(failpoints, "_POINTS", {"bars.written": "enospc"})
    with pytest.raises(OSError, match="No space left"):
        store.write(some_bars())
    back = store.read("yahoo", "MP")
    assert back is not None
    assert len(back) == 8
    assert list(Home(tmp_path).market.glob("*/.tmp*")) == []


def test_last_bar_reads_the_tail(tmp_path: Path) -> None:
    """The last bar is the file's last line, with the facts beside it when they belong to it."""
    home = Home(tmp_path)
    assert last_bar(home, "yahoo", "MP") is None
    BarStore(home).write(replace(some_bars(), fetched_at=FETCHED))
    newest = last_bar(home, "yahoo", "MP")
    assert newest is not None
    assert (newest.date, newest.close, newest.rows) == (
        str(DAYS[-1]),
        some_bars().close[-1],
        len(DAYS),
    )
    assert newest.fetched_at == "2024-02-27T03:00:00.000Z"
    path = bars_path(home, "yahoo", "MP")
    path.with_suffix(".json").unlink()
    alone = last_bar(home, "yahoo", "MP")
    assert alone is not None
    assert (alone.rows, alone.fetched_at) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "date,open,high,low,close,volume\n",
        "date\n2024-02-12,1,1,1,\n",
        "\x00\xff",
        "2024-99-99,1,1,1,1,1",
    ],
)
def test_last_bar_of_a_damaged_file_is_none(text: str, tmp_path: Path) -> None:
    """A file without a readable last line has no last bar; the console shows it as missing."""
    path = bars_path(Home(tmp_path), "yahoo", "MP")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert last_bar(Home(tmp_path), "yahoo", "MP") is None


def test_data_hash_differs_for_different_bars() -> None:
    """Equal arrays have one hash whatever the source;
    a changed close, a shifted date or a lost row changes it."""
    bars = some_bars()
    assert data_hash(bars) == data_hash(some_bars(source="simulated", symbol="NVDA"))
    changed = bars.close.copy()
    changed[3] += 1e-9
    others = [
        replace(bars, close=changed),
        bars.tail(9),
        replace(bars, dates=bars.dates + np.timedelta64(1, "D")),
    ]
    assert len({data_hash(other) for other in (bars, *others)}) == 4
    assert date.fromisoformat(str(bars.dates[0])) == DAYS[0]
