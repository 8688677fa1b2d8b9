"""Specs, ids and folders of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.runs.spec import RUN_ID, Limits, RunSpec, new_run_id, read_spec, run_folder, write_spec

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)), st.integers(1, 10**8))
def test_ids_sort_by_time_in_every_zone(moment: datetime, later: int) -> None:
    """A later second has a greater id, whatever zone the clock speaks of."""
    first = moment.replace(tzinfo=UTC)
    second = (first + timedelta(seconds=later)).astimezone(timezone(timedelta(hours=-7)))
    assert RUN_ID.fullmatch(new_run_id(first))
    assert new_run_id(first) < new_run_id(second)


def test_ids_of_one_second_differ() -> None:
    """Two runs may begin in the same second."""
    assert len({new_run_id(NOW) for _ in range(50)}) == 50


def test_a_spec_reads_back(tmp_path: Path) -> None:
    """Every field survives the file."""
    folder = run_folder(Home(tmp_path), new_run_id(NOW))
    folder.path.mkdir(parents=True)
    spec = RunSpec(
        id=folder.id,
        reason="weekly",
        source="csv:/bars",
        created_at=NOW,
        starter="cron",
        symbols=("NVDA", "BRK.B"),
        busy=(("TSLA", "run x"),),
        epochs=3,
        members=("naive",),
        accept_worse=True,
        replace_source=True,
        limits=Limits(workers=3, wall_s=1.5),
    )
    write_spec(folder, spec)
    assert read_spec(folder) == spec
    assert folder.home == Home(tmp_path)


def test_fields_that_a_later_version_adds_are_ignored(tmp_path: Path) -> None:
    """The same format number with more fields is read; a greater number is refused in words."""
    folder = run_folder(Home(tmp_path), new_run_id(NOW))
    folder.path.mkdir(parents=True)
    folder.spec.write_text(
        f'{{"v":1,"id":"{folder.id}","created_at":"2026-01-05T12:00:00Z","symbols":["NVDA"],"mood":"good"}}'
    )
    assert read_spec(folder).symbols == ("NVDA",)
    folder.spec.write_text('{"v":2}')
    with pytest.raises(StockmlError, match="has format 2; this stockml reads up to 1"):
        read_spec(folder)


@pytest.mark.parametrize(
    "text",
    [
        "..",
        "../x",
        "20260105-120000-abcdef/..",
        "20260105-120000-ABCDEF",
        "20260105-120000-abcdef\n",
    ],
)
def test_a_text_that_is_no_id_never_becomes_a_path(text: str) -> None:
    """The id is checked where the path is made."""
    with pytest.raises(ValueError, match="not a run id"):
        run_folder(Home(Path("/nowhere")), text)
