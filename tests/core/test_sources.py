"""Names of sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.core.sources import SOURCES, is_simulated, parse_source


def test_each_kind_of_source_has_its_name_and_folder() -> None:
    """Every kind has its full name and a folder of its own in the store."""
    assert (parse_source("yahoo").kind, parse_source("yahoo").key) == ("yahoo", "yahoo")
    assert is_simulated(parse_source("simulated").name)
    csv = parse_source("csv:/srv/bars")
    assert (csv.kind, csv.name, csv.folder) == ("csv", "csv:/srv/bars", "/srv/bars")
    assert csv.key.startswith("csv-")
    assert len(csv.key) == 12
    assert set(SOURCES) == {"yahoo", "csv", "simulated"}


def test_csv_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder has one key, however it is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    names = [
        parse_source(f"csv:{text}")
        for text in ("bars", "./bars/", "x/../bars", "~/bars", str(tmp_path / "bars"))
    ]
    assert {name.key for name in names} == {names[0].key}
    assert names[0].name == f"csv:{tmp_path}/bars"
    assert parse_source("csv:other").key != names[0].key


@pytest.mark.parametrize(
    "text", ["", "csv", "csv:", "yahoo:x", "Yahoo", "google", "simulated:1", "\x1b[31m"]
)
def test_other_source_names_are_refused(text: str) -> None:
    """Any other name is exit 2 with the three that exist and without its escape codes."""
    with pytest.raises(UsageError, match="csv:DIR") as caught:
        parse_source(text)
    assert "\x1b" not in str(caught.value)


def test_a_relative_folder_of_the_settings_is_relative_to_the_home(tmp_path: Path) -> None:
    """The same setting names the same bars whatever the working directory;
    an absolute folder stays what it is."""
    assert parse_source("csv:bars", tmp_path).name == f"csv:{tmp_path / 'bars'}"
    assert parse_source("csv:/srv/bars", tmp_path).name == "csv:/srv/bars"
    assert parse_source("yahoo", tmp_path).name == "yahoo"
