"""What an operator is told of an expression before it is installed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.schedule.explain import clashes, explain
from engine.schedule.fields import ExpressionError
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS, STANDARD_JOBS

NEW_YORK, UTC_ZONE = ZoneInfo("America/New_York"), ZoneInfo("UTC")
NOW = datetime(2026, 1, 20, tzinfo=UTC)


def test_an_explanation_has_english_next_runs_and_the_plain_form() -> None:
    """The next five in the host's zone."""
    explanation = explain("0 4 * * sun", "weekly", NOW, NEW_YORK)
    assert (
        explanation.expression.text == "0 4 * * 0"
        and explanation.description == "At 04:00 on Sunday"
        and explanation.warnings == ()
    )
    assert [f"{slot:%m-%d %H:%M %Z}" for slot in explanation.next_runs] == [
        "01-25 04:00 EST",
        "02-01 04:00 EST",
        "02-08 04:00 EST",
        "02-15 04:00 EST",
        "02-22 04:00 EST",
    ]


@pytest.mark.parametrize(
    ("text", "job", "expected"),
    [
        (
            "0 4 1 * 0",
            "weekly",
            (
                "both day fields are set: it runs on a day of month 1 OR a day of week 0, not only"
                " where both meet"
            ),
        ),
        ("*/10 * * * *", "performance", "it runs 144 times on such a day"),
        ("0 4 1 3 *", "weekly", "it runs rarely: 2026-03-01 and then 2027-03-01"),
        ("0 2 * * 0", "weekly", "clock change on 2026-03-08: 02:00 does not exist"),
        ("0 1 * * 1-5", "performance", "none of its times falls into a trading session"),
        ("0 10 * * 0,6", "performance", "none of its times falls into a trading session"),
    ],
)
def test_warnings_name_what_an_operator_may_not_expect(text: str, job: str, expected: str) -> None:
    """The rule of the two day fields, too often, too rarely, clock changes, a check outside of
    every session."""
    assert any(
        warning.startswith(expected) for warning in explain(text, job, NOW, NEW_YORK).warnings
    )


def test_a_training_during_a_session_is_warned_about() -> None:
    """Where night falls into the session of New York, auto-train would refuse: the monthly in
    Taipei, no Sunday's weekly."""
    taipei = ZoneInfo("Asia/Taipei")
    warnings = explain(JOBS["monthly"].expression, "monthly", NOW, taipei).warnings
    assert warnings == (
        (
            "the exchange is open at 3 of its next 6 times, first on 2026-04-01 01:00 CST:"
            " auto-train refuses to start then"
        ),
    )
    assert explain(JOBS["weekly"].expression, "weekly", NOW, taipei).warnings == ()
    assert explain("0 1 * * *", "clean", NOW, taipei).warnings == ()


def test_the_defaults_raise_no_warning_in_utc() -> None:
    """No clock change, and 18:00 UTC is within the session."""
    for name in STANDARD_JOBS:
        assert explain(JOBS[name].expression, name, NOW, UTC_ZONE).warnings == ()


def test_reboot_is_for_serve() -> None:
    """It has words and no next run."""
    explanation = explain("@reboot", "serve", NOW, UTC_ZONE)
    assert (
        explanation.description == "When the machine starts"
        and explanation.next_runs == ()
        and explanation.warnings == ()
    )
    with pytest.raises(ExpressionError):
        explain("@reboot", "weekly", NOW, UTC_ZONE)


def test_heavy_jobs_that_meet_are_counted_with_their_first_date() -> None:
    """The defaults: weekly meets the clean every Sunday, the monthly on firsts that are Sundays;
    paused jobs meet nobody."""
    lines = [JobLine(name, JOBS[name].expression, "") for name in STANDARD_JOBS]
    counts = {
        clash.jobs: (f"{clash.first:%Y-%m-%d %H:%M}", clash.times)
        for clash in clashes(lines, NOW, UTC_ZONE)
    }
    assert counts == {
        ("weekly", "monthly"): ("2026-02-01 02:00", 3),
        ("weekly", "clean"): ("2026-01-25 02:00", 52),
    }
    paused = [
        JobLine(line.job, line.expression, "", enabled=line.job != "weekly") for line in lines
    ]
    assert clashes(paused, NOW, UTC_ZONE) == ()
    moved = [
        JobLine(line.job, "30 3 1 * *" if line.job == "monthly" else line.expression, "")
        for line in lines
    ]
    assert {clash.jobs for clash in clashes(moved, NOW, UTC_ZONE)} == {
        ("weekly", "clean"),
        ("monthly", "clean"),
    }
