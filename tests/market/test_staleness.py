"""How far bars lie behind the exchange."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.market.staleness import bars_behind, stale_note, stand_in_note

WEDNESDAY = datetime(2025, 8, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_bar", "source", "behind"),
    [
        ("2025-08-19", "yahoo", 0),
        ("2025-08-20", "yahoo", 0),
        ("2025-08-18", "yahoo", 1),
        ("2025-08-15", "yahoo", 2),
        ("2024-05-24", "yahoo", 308),
        ("2024-05-24", "csv:/srv/bars", None),
        ("2024-05-24", "simulated", None),
        ("2024-05-24", "", None),
    ],
)
def test_complete_sessions_after_the_last_bar(
    last_bar: str, source: str, behind: int | None
) -> None:
    """Sessions count, not days, up to the last complete one;
    csv and simulated bars are their own clock."""
    assert bars_behind(last_bar, source, WEDNESDAY, 30) == behind


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
