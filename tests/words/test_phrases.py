"""Counts with their nouns, lists and sentences for one line."""

from engine.words.phrases import listed, plural, without_folders


def test_a_count_agrees_with_its_noun() -> None:
    """One has no s, all others have, and thousands stand apart."""
    assert ["0 runs", "1 run", "2 runs", "1,200 runs"] == [
        plural(number, "run") for number in (0, 1, 2, 1200)
    ]


def test_a_list_counts_what_it_leaves_out() -> None:
    """Beyond six names the rest is counted."""
    assert "a b c" == listed(list("abc"))
    assert "a b c d e f and 2 more" == listed(list("abcdefgh"))


def test_a_file_goes_by_its_name_where_a_line_is_all_there_is() -> None:
    """Folders of absolute paths are left out; a source and a fraction stay."""
    text = without_folders("/srv/stockml/models/a.h5 is broken (see /etc/b)")
    assert "a.h5 is broken (see b)" == text
    assert "bars of csv:/srv/bars, 3/4 read" == without_folders("bars of csv:/srv/bars, 3/4 read")
