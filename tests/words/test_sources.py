"""Names of sources as text."""

import pytest

from engine.words.sources import short_source, source_name


@pytest.mark.parametrize(
    ("source", "name"),
    [("csv:/data/x", "csv"), ("simulated", "SIMULATED"), ("yahoo", "yahoo"), (None, "-")],
)
def test_a_source_goes_by_its_kind(source: str | None, name: str) -> None:
    """A folder is left out, a simulated market stands out; what is missing is a dash."""
    assert name == source_name(source)


def test_a_long_folder_is_shown_by_its_end() -> None:
    """At most 24 characters, of which the last tell most."""
    assert "yahoo" == short_source("yahoo")
    assert "csv:…/folder/of/bars/now" == short_source("csv:/a/very/long/folder/of/bars/now")
