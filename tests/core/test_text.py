"""Text from outside, made safe for a terminal."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.core.text import clean, clean_bytes, complete_lines

# Text rich in introducers, parameters and ends, so that sequences nest, tear and overlap.
WILD = st.text(
    st.one_of(
        st.sampled_from(
            "\x1b\x9b\x90\x9d\x9c\x07[]P^_\\;?0123mJHlh\r\n\t\x00\x7f\u202e\u2066\u2028\ufeff a"
        ),
        st.characters(),
    )
)


def is_safe(char: str) -> bool:
    """Whether a terminal shows `char` and does nothing else: no control, no line separator, no
    bidi mark, no half of a pair."""
    bidi = unicodedata.bidirectional(char) in (
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    )
    return (
        unicodedata.category(char) not in ("Cc", "Zl", "Zp", "Cs")
        and not bidi
        and char not in "\u200e\u200f\ufeff"
    )


@given(WILD, st.integers(1, 60))
@example("\x1b\x1b[2J[31m", 60)
@example("\x1b]0;a\x1b[31mtitle\x07", 60)
@example("\x9d52;c;AAAA\x9c", 60)
@example("\x1b[\x1b[31m31m", 60)
@example("a" * 59 + "\x1b[31m", 60)
def test_no_control_character_remains(text: str, limit: int) -> None:
    """Whatever comes in, one line of safe characters comes out, no longer than the limit."""
    cleaned = clean(text, limit)

    assert len(cleaned) <= limit
    assert all(is_safe(char) for char in cleaned)


@given(st.binary(max_size=200))
def test_invalid_bytes_become_text(raw: bytes) -> None:
    """Bytes that are not UTF-8 never raise and are as safe."""
    assert all(is_safe(char) for char in clean_bytes(raw))


@given(WILD)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """What was cleaned is clean."""
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=50))
def test_plain_text_is_left_alone(text: str) -> None:
    """Letters, figures, signs and spaces of any script stay as they are."""
    assert text == clean(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[0;34m[INFO]\x1b[0m done", "[INFO] done"),
        ("\x1b]52;c;cm0gLXJm\x07ok", "ok"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\ok", "ok"),
        ("\x9b2Jok", "ok"),
        ("10%\r55%\r99%", "99%"),
        ("done\r\n", "done"),
        ("a\tb", "a    b"),
        ("NVDA\u202eADVN", "NVDAADVN"),
        ("x\ud800y", "xy"),
        ("abcdef", "abcdef"),
    ],
)
def test_escape_sequences_are_removed(text: str, expected: str) -> None:
    """Colours, titles, links, clipboard writes, C1 forms and carriage returns leave the words
    alone."""
    assert expected == clean(text)


def test_a_cut_text_ends_in_an_ellipsis() -> None:
    """A text beyond the limit ends with an ellipsis."""
    assert "abc…" == clean("abcdef", 4)


@pytest.mark.parametrize(
    ("window", "cut", "rows"),
    [
        (b"one\ntwo\n", False, [b"one", b"two"]),
        (b"ne\ntwo\n", True, [b"two"]),
        (b"\n\ntwo", True, [b"two"]),
        (b"abcdef\n", True, ["…".encode() + b"def"]),
        (b"abcdef", False, [b"abcdef"]),
        (b" \n", True, []),
        (b"", False, []),
    ],
)
def test_complete_lines_of_the_end_of_a_file(window: bytes, cut: bool, rows: list[bytes]) -> None:
    """A line without its beginning is left out, unless it is all there is."""
    assert complete_lines(window, cut, limit=3) == rows
