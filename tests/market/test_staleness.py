"""How far bars lie behind the exchange."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.market.staleness import bars_behind, stale_note, stand_in_note

WEDNESDAY = datetime(2025, 8, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_bar", "behind"),
    [
        ("2025-08-19", 0),
        ("2025-08-20", 0),
        ("2052-05-01", 0),
        ("2025-08-18", 1),
        ("2025-08-16", 2),  # a Saturday
        ("2025-08-15", 2),
        ("2024-05-24", 308),
    ],
)
def test_complete_sessions_after_the_last_bar(last_bar: str, behind: int) -> None:
    """Sessions count, not days, up to the last complete one, whatever source the bars are of."""
    assert bars_behind(last_bar, WEDNESDAY, 30) == behind


def test_only_old_bars_have_a_note() -> None:
    """Nothing is said of bars that are up to date or know no age."""
    assert [stale_note(count) for count in (None, 0, 1, 309)] == [
        "",
        "",
        "bars end 1 session ago: stale forecast",
        "bars end 309 sessions ago: stale forecast",
    ]


def test_a_stored_copy_is_noted_while_its_file_or_folder_is_gone(tmp_path: Path) -> None:
    """A csv source whose file is there says nothing;
    without the file, and without the folder, the words name what is gone."""
    source = f"csv:{tmp_path / 'bars'}"
    assert stand_in_note(source, "NVDA", "2025-08-19").startswith(
        f"no folder {tmp_path / 'bars'}; its stored copy is used"
    )
    (tmp_path / "bars").mkdir()
    assert stand_in_note(source, "NVDA", "2025-08-19") == (
        f"no NVDA.csv in {tmp_path / 'bars'}; its stored copy is used, up to 2025-08-19"
    )
    (tmp_path / "bars" / "NVDA.csv").touch()
    assert stand_in_note(source, "NVDA", "2025-08-19") == ""
    assert [
        stand_in_note(each, "NVDA", "2025-08-19") for each in ("yahoo", "simulated", "nonsense")
    ] == [""] * 3
