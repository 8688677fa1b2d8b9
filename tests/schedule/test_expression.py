"""The grammar: what it accepts fires, means the same to Debian cron, and what it refuses names
the field."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.schedule.expression import describe, parse
from engine.schedule.fields import FIELDS, ExpressionError
from engine.schedule.slots import next_slots
from tests.schedule.cron_model import fields
from tests.schedule.expressions import generated

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        # Accepted by Debian, and never fired.
        ("0 22-2 * * *", "hour"),
        ("0 4 * * fri-mon", "day of week"),
        ("0 4 * * sat-sun", "day of week"),
        ("0 4 * * 6-1", "day of week"),
        ("0 0 31 2 *", "day of month"),
        ("0 0 30 feb *", "day of month"),
        ("0 0 31 4,6,9,11 *", "day of month"),
        # Accepted, and misread.
        ("0 9 * * 1#2", "day of week"),
        ("0~30 * * * *", "minute"),
        ("*/70 * * * *", "minute"),
        ("1-5-7 * * * *", "minute"),
        ("5-5/3 * * * *", "minute"),
        ("*,1 * * * *", "minute"),
        ("0 0 1,* * 1", "day of month"),
        ("0 0 1-31 * 1", "day of month"),
        ("0 0 * * 0-7", "day of week"),
        # Refused by cron as well.
        ("5/15 * * * *", "minute"),
        ("0 0 L * *", "day of month"),
        ("0 0 15W * *", "day of month"),
        ("0 0 ? * *", "day of month"),
        ("0 0 * * 5L", "day of week"),
        ("0 0 * * monday", "day of week"),
        ("60 * * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 0 0 * *", "day of month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * 8", "day of week"),
        ("-1 * * * *", "minute"),
        ("100 * * * *", "minute"),
        ("0 0 1, * *", "day of month"),
        ("jan * * * *", "minute"),
        ("0 0 * mon *", "month"),
        ("*/0 * * * *", "minute"),
        ("0 * * *", "expression"),
        ("0 0 * * * *", "expression"),
        ("", "expression"),
        ("@daily", "expression"),
        ("@reboot", "expression"),
        ("\ufeff0 0 * * *", "minute"),
        ("٣ * * * *", "minute"),
        (f"{'1,' * 200}1 * * * *", "expression"),
    ],
)
def test_an_expression_cron_misreads_is_refused_with_its_field(text: str, field: str) -> None:
    """The message begins with the place that is wrong."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.field == field and caught.value.message.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("text", "count"), [("61", "has 1 field"), ("0 2", "has 2 fields"), ("", "has 0 fields")]
)
def test_a_wrong_number_of_fields_is_counted_in_the_error(text: str, count: str) -> None:
    """One field is one field, and the hint names the five."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.message == f"expression: {text!r} {count}"
    assert caught.value.hint == "give five: minute hour day month weekday"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0 2 * * 0", "0 2 * * 0"),
        ("  05\t2  *  jan,MAR  Sun ", "5 2 * 1,3 0"),
        ("0 2 * * 7", "0 2 * * 0"),
        ("0 2 * * 5-7", "0 2 * * 0,5,6"),
        ("0 2 * * 4-7/2", "0 2 * * 4,6"),
        ("0 2 * * mon-fri", "0 2 * * 1-5"),
        ("30,10 2 * * *", "10,30 2 * * *"),
        ("*/1 2 * * *", "* 2 * * *"),
        ("1-3,2 2 * * *", "1-3,2 2 * * *"),
        ("@reboot", "@reboot"),
    ],
)
def test_an_expression_is_kept_in_its_plain_form(text: str, plain: str) -> None:
    """Names become numbers, lists stand in order, Sunday is 0;
    parsing the plain form changes nothing."""
    expression = parse(text, reboot=True)
    assert expression.text == plain and parse(plain, reboot=True) == expression


@given(
    st.one_of(
        st.text(max_size=40),
        st.from_regex(r"[0-9*/,a-z-]{1,8}( [0-9*/,a-z#L?-]{1,8}){4}", fullmatch=True),
    )
)
@example("0 0 29 2 0-6/6")
@example("0 0 * * 7-7")
def test_any_text_is_accepted_or_an_expression_error(text: str) -> None:
    """No text breaks the parser, and whatever it accepts has a next run."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert error.hint or error.message
    else:
        assert len(next_slots(expression, NOW, ZoneInfo("UTC"), 1)) == 1
        assert describe(expression)


def test_generated_expressions_have_the_values_that_debian_reads() -> None:
    """The bit sets of Debian's parser are ours, from the text given and from the plain form, and
    so are the star flags."""
    for text in generated(2000, seed=3):
        expression = parse(text)
        for form in (text, expression.text):
            entry = fields(form)
            assert entry.minute == expression.minutes and entry.hour == expression.hours, text
            assert entry.dom == expression.days and entry.month == expression.months, text
            assert {day % 7 for day in entry.dow} == expression.weekdays, text
            assert (entry.min_star or entry.hr_star) == expression.wildcard
            assert (entry.dom_star or entry.dow_star) != expression.either_day


@pytest.mark.skipif(shutil.which("crontab") is None, reason="no crontab program on this machine")
def test_the_real_crontab_accepts_what_the_grammar_accepts(tmp_path: Path) -> None:
    """A thousand generated expressions and the edges of every field pass the dry run of Debian's
    crontab."""
    usage = subprocess.run(["crontab", "-h"], capture_output=True, text=True, check=False)
    if "dry run" not in usage.stdout + usage.stderr:
        pytest.skip("this crontab has no dry run")
    edges = []
    for place, field in enumerate(FIELDS):
        for part in (
            str(field.low),
            str(field.high),
            f"{field.low}-{field.high - 2}",
            f"*/{field.high - field.low - 1}",
            *field.names,
        ):
            words_of = ["0", "0", "*", "*", "*"]
            words_of[place] = part
            edges.append(" ".join(words_of))
    texts = (
        [parse(text).text for text in edges]
        + [parse(text).text for text in generated(1000, seed=7)]
        + edges
    )
    file = tmp_path / "tab"
    file.write_text("".join(f"{text} true\n" for text in texts))
    done = subprocess.run(["crontab", "-n", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("0 2 * * 0", "At 02:00 on Sunday"),
        ("0 6,12,18 * * 1-5", "At 06:00, 12:00, and 18:00 on Monday through Friday"),
        ("0 1 1 * *", "At 01:00 on the first day of every month"),
        ("0 3 * * *", "At 03:00 every day"),
        (
            "30 4 1,15 * 5",
            "At 04:30 on the first and the 15th day of month or on Friday, whichever comes",
        ),
        (
            "30 4 1 2 mon",
            (
                "At 04:30 on the first day of month in February or on Monday in February, whichever"
                " comes"
            ),
        ),
        ("0 4 */2 * 1", "At 04:00 on every second day of month if it's on Monday"),
        ("@reboot", "When the machine starts"),
    ],
)
def test_a_description_spells_out_the_or_rule(text: str, meaning: str) -> None:
    """Two set day fields read as `or`, a star in one of them as `if`."""
    assert describe(parse(text, reboot=True)) == meaning


def test_the_day_rule_is_debians() -> None:
    """Both day fields set: either; one begins with a star: both."""
    either, both = parse("0 0 13 * 5"), parse("0 0 */2 * 5")
    friday, thirteenth = datetime(2026, 1, 2), datetime(2026, 1, 13)
    assert either.on_day(friday.date()) and either.on_day(thirteenth.date())
    assert not both.on_day(friday.date()) and both.on_day(datetime(2026, 1, 9).date())
