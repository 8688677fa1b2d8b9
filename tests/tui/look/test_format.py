"""Numbers, times and bars as text."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli import render
from engine.core.records import Alert, AlertState
from tests.tui.scenes import NOW, row, snapshot
from tui.alerts.text import alert_row
from tui.dashboard.panes.log import log_lines
from tui.look import format as fmt
from tui.widgets.lines import plain


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_missing_numbers_are_a_dash(value: float | None) -> None:
    """What is not a finite number shows as missing, in every form."""
    assert [fmt.MISSING] * 5 == [
        fmt.number(value, 2),
        fmt.signed(value),
        fmt.age(value),
        fmt.duration(value),
        fmt.loss(value),
    ]


@pytest.mark.parametrize(
    ("value", "digits", "width", "text"),
    [
        (52.34, 1, 4, "52.3"),
        (100.0, 1, 4, "100"),
        (12345.678, 2, 8, "12345.68"),
        (1234567.8, 2, 8, "1234568"),
        (-0.5, 2, 0, "-0.50"),
    ],
)
def test_number_gives_up_decimals_for_width(
    value: float, digits: int, width: int, text: str
) -> None:
    """Decimals go before the column overflows."""
    assert text == fmt.number(value, digits, width)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.234, "+1.23"),
        (-1.234, "-1.23"),
        (0.0, "0.00"),
        (0.001, "0.00"),
        (-0.004, "0.00"),
        (123.456, "+123.5"),
    ],
)
def test_signed_shows_the_sign_of_what_is_shown(value: float, text: str) -> None:
    """A change that rounds to zero has no sign."""
    assert text == fmt.signed(value, 2, 6)


@given(st.floats(min_value=0, max_value=9000))
def test_age_fits_its_column(days: float) -> None:
    """An age never takes more than four characters up to 9,999 days."""
    assert 2 <= len(fmt.age(days)) <= 5 if days >= 1000 else len(fmt.age(days)) <= 4


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (None, "-"),
        (0.0, "0m"),
        (0.02, "28m"),
        (0.5, "12h"),
        (1.9, "45h"),
        (2.0, "2d"),
        (45.9, "45d"),
    ],
)
def test_age_in_words(days: float | None, text: str) -> None:
    """Minutes within the hour, hours within two days, then days; the commands write the same."""
    assert text == fmt.age(days) == render.age(days)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (187, "3m07s"),
        (754, "12m"),
        (3725, "1h02"),
        (-1, "-"),
    ],
)
def test_duration_in_words(seconds: float, text: str) -> None:
    """Two units while the first is small."""
    assert text == fmt.duration(seconds)


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (12, "12 B"), (1500, "1.5 kB"), (412_345, "412 kB"), (3_200_000, "3.2 MB")],
)
def test_size_in_words(count: int | None, text: str) -> None:
    """Bytes in decimal units."""
    assert text == fmt.size(count)


def test_moment_is_the_time_today_and_the_date_before() -> None:
    """Within a day the time tells, then the day, then the month."""
    assert fmt.moment(None, NOW) == "-"
    assert ":" in fmt.moment(NOW - timedelta(hours=3), NOW)
    assert fmt.moment(NOW - timedelta(days=10), NOW) == "10-11"
    assert fmt.moment(NOW - timedelta(days=400), NOW) == "2025-09"


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(0, 40))
def test_bar_keeps_its_width_and_is_full_only_at_the_end(fraction: float, width: int) -> None:
    """Whatever the fraction, the bar has its width, and it is full only when the work is done."""
    text = fmt.bar(fraction, width, fmt.ASCII)

    assert len(text) == (width + 2 if width else 0)
    assert (text == f"[{'#' * width}]") == (
        bool(width) and math.isfinite(fraction) and fraction >= 1
    ) or not width


@given(st.floats(min_value=1e-90, max_value=1e90))
def test_loss_fits_its_column(value: float) -> None:
    """A loss takes seven characters at most."""
    assert len(fmt.loss(value)) <= 7


def test_lists_count_what_they_leave_out() -> None:
    """Beyond six names the rest is counted."""
    assert fmt.listed(list("abc")) == "a b c"
    assert fmt.listed(list("abcdefgh")) == "a b c d e f and 2 more"


def test_only_certainty_reads_100_percent() -> None:
    """A chance keeps its decimal in four characters, and nothing below 100 is rounded up to it."""
    assert [fmt.chance(value) for value in (99.8, 99.97, 100.0, 7.04, None)] == [
        "99.8",
        ">99",
        "100",
        "7.0",
        "-",
    ]


def test_alerts_and_problems_name_a_file_where_it_can_be_read() -> None:
    """A row and a line have no room for folders."""
    found = Alert(
        "corrupt", "TSLA", AlertState.FIRING, NOW, "/srv/stockml/models/a.h5 is not readable"
    )
    assert "a.h5 is not readable" in [text for text, _ in alert_row(found, NOW)]
    told = log_lines(
        snapshot((row("TSLA"),), problems=("/srv/stockml/stockml.toml: training.epochs",)), 5, False
    )
    assert plain(told[0]) == "! stockml.toml: training.epochs"


def test_a_file_goes_by_its_name_where_a_line_is_all_there_is() -> None:
    """Folders of absolute paths are left out; a source and a fraction stay."""
    assert (
        fmt.file_names("/srv/stockml/models/a.h5 is broken (see /etc/b)")
        == "a.h5 is broken (see b)"
    )
    assert fmt.file_names("bars of csv:/srv/bars, 3/4 read") == "bars of csv:/srv/bars, 3/4 read"
