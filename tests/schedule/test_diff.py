"""The difference as an operator reads it."""

from __future__ import annotations

from engine.schedule.diff import tab_diff, text_diff, visible


def test_no_difference_is_empty() -> None:
    """The same bytes have none."""
    assert tab_diff(b"a\n", b"a\n", b"a\n") == () and tab_diff(None, None, b"") == ()


def test_a_difference_ends_with_the_unchanged_lines() -> None:
    """One line of context, the count and the digest of the lines that are not ours."""
    assert tab_diff(b"a\nb\nc\n", b"a\nb\nc\nours\n", b"a\nb\nc\n") == (
        "--- crontab",
        "+++ crontab",
        "@@ -3 +3,2 @@",
        " c",
        "+ours",
        "3 other lines unchanged (sha256 880553fca8fc)",
    )
    assert tab_diff(None, b"ours\n", b"")[:2] == ("--- no crontab", "+++ crontab")


def test_a_newline_that_is_added_shows() -> None:
    """The last line without its newline is a line that changes."""
    lines = tab_diff(b"a", b"a\nours\n", b"a")
    assert (
        "-a (no newline at the end)" in lines
        and "+a" in lines
        and lines[-1].startswith("1 other line unchanged")
    )


def test_invisible_bytes_are_spelt_out() -> None:
    """Tabs, carriage returns, escapes, trailing blanks, bytes that are no UTF-8;
    nothing reaches the terminal raw."""
    assert visible(b"a\tb  \r") == "a\\tb  \\r"
    assert visible(b"x  ") == "x\\x20\\x20"
    assert visible(b"\x1b[31m\xe9\x00") == "\\x1b[31m\\xe9\\x00"
    assert visible("\u202eé\u00a0".encode()) == "\\u202eé\\xa0"


def test_files_are_compared_by_name() -> None:
    """New ones against nothing, removed ones against nothing."""
    lines = text_diff({"a": "1\n", "b": "2\n"}, {"a": "1\n", "c": "3\n"})
    assert lines == (
        "--- b",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-2",
        "--- /dev/null",
        "+++ c",
        "@@ -0,0 +1 @@",
        "+3",
    )
