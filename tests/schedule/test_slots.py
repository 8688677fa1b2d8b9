"""Slots equal Debian cron's, DST changes included."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from engine.schedule.expression import parse
from engine.schedule.slots import (
    clock_changes,
    dst_notes,
    host_zone,
    last_slot,
    next_slots,
    slots_between,
)
from tests.schedule.cron_model import fired, looks
from tests.schedule.expressions import generated

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# The moments at which the clocks change, in UTC.
CHANGES = {
    "new york, spring": (NEW_YORK, datetime(2026, 3, 8, 7, tzinfo=UTC)),
    "new york, fall": (NEW_YORK, datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "berlin, spring": (BERLIN, datetime(2026, 3, 29, 1, tzinfo=UTC)),
    "berlin, fall": (BERLIN, datetime(2026, 10, 25, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_next_runs_of_500_expressions_equal_a_minute_by_minute_model_of_debian_cron(
    change: str,
) -> None:
    """Two days around each change of the clocks, every run is the model's, forwards and
    backwards."""
    zone, moment = CHANGES[change]
    start, end = moment - timedelta(hours=26), moment + timedelta(hours=26)
    daemon = looks(zone, start, int((end - start).total_seconds() // 60))
    chance, touched = random.Random(5), 0
    for text in generated(500, seed=11):
        expression = parse(text)
        expected = fired(text, daemon)
        got = [slot.astimezone(UTC) for slot in slots_between(expression, start, end, zone)]
        assert got == expected, text
        touched += any(abs(at - moment) < timedelta(hours=1) for at in expected)
        for _ in range(3):
            until = start + timedelta(seconds=chance.uniform(0, (end - start).total_seconds()))
            before = [at for at in expected if at <= until]
            last = last_slot(expression, until, zone)
            assert last is not None
            if before:
                assert last.astimezone(UTC) == before[-1], (text, until)
            else:
                assert last.astimezone(UTC) <= start
    assert touched > 100


@pytest.mark.parametrize(
    ("text", "spring", "fall"),
    [
        # Seen of the real daemon under a faked clock.
        ("0 2 * * 0", ["03:00 EDT"], ["02:00 EST"]),
        ("0 3 * * *", ["03:00 EDT"], ["03:00 EST"]),
        ("30 2 * * *", ["03:00 EDT"], ["02:30 EST"]),
        ("*/30 2 * * *", [], ["02:00 EST", "02:30 EST"]),
        ("0 1 1 * *", [], ["01:00 EDT"]),
        ("30 1 * * *", ["01:30 EST"], ["01:30 EDT"]),
        (
            "*/30 1 * * *",
            ["01:00 EST", "01:30 EST"],
            ["01:00 EDT", "01:30 EDT", "01:00 EST", "01:30 EST"],
        ),
    ],
)
def test_slots_equal_the_recorded_runs_of_the_real_daemon(
    text: str, spring: list[str], fall: list[str]
) -> None:
    """The jobs that were run under the real cron in both nights run here at the same times."""
    for day, expected in (
        (datetime(2026, 3, 8, tzinfo=NEW_YORK), spring),
        (datetime(2026, 11, 1, tzinfo=NEW_YORK), fall),
    ):
        slots = slots_between(
            parse(text), day - timedelta(minutes=1), day.replace(hour=4), NEW_YORK
        )
        assert [f"{slot:%H:%M %Z}" for slot in slots] == expected


def test_next_slots_are_aware_strictly_later_and_as_many_as_asked() -> None:
    """A slot at the very moment asked from is not the next one; @reboot has none."""
    at = datetime(2026, 3, 1, 7, tzinfo=UTC)
    slots = next_slots(parse("0 2 * * *"), at, NEW_YORK, 3)
    assert [slot.isoformat() for slot in slots] == [
        "2026-03-02T02:00:00-05:00",
        "2026-03-03T02:00:00-05:00",
        "2026-03-04T02:00:00-05:00",
    ]
    assert next_slots(parse("@reboot", reboot=True), at, NEW_YORK, 3) == ()
    assert last_slot(parse("@reboot", reboot=True), at, NEW_YORK) is None


def test_the_next_slot_is_never_past_in_the_repeated_hour() -> None:
    """At 01:10 of the second hour the job of 01:30 ran in the first one: its next run is
    tomorrow's."""
    second_hour = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
    (slot,) = next_slots(parse("30 1 * * *"), second_hour, NEW_YORK, 1)
    assert slot.astimezone(UTC) == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_last_slot_counts_the_moment_itself_and_knows_the_repeated_hour() -> None:
    """At 01:15 of the second hour, the job of 01:30 has run in the first one."""
    two = datetime(2026, 3, 1, 7, tzinfo=UTC)
    second_hour = datetime(2026, 11, 1, 6, 15, tzinfo=UTC)
    for text, until, expected in (
        ("0 2 * * *", two, two),
        ("30 1 * * *", second_hour, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ):
        slot = last_slot(parse(text), until, NEW_YORK)
        assert slot is not None and slot.astimezone(UTC) == expected


def test_clock_changes_are_exact_to_the_minute() -> None:
    """A year of New York has two, Kathmandu none; Lord Howe's half hour is one too."""
    spring, fall = clock_changes(NEW_YORK, NOW)
    assert (spring.at, spring.gap) == (datetime(2026, 3, 8, 7, tzinfo=UTC), True)
    assert (fall.at, fall.gap) == (datetime(2026, 11, 1, 6, tzinfo=UTC), False)
    assert clock_changes(ZoneInfo("Asia/Kathmandu"), NOW) == ()
    assert [
        abs(change.after - change.before)
        for change in clock_changes(ZoneInfo("Australia/Lord_Howe"), NOW)
    ] == [timedelta(minutes=30)] * 2


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (
            "0 2 * * 0",
            [
                "2026-03-08: 02:00 does not exist (the clock goes from 02:00 to 03:00); runs at"
                " 03:00 EDT instead"
            ],
        ),
        (
            "*/30 2 * * *",
            [
                "2026-03-08: 02:00, 02:30 does not exist (the clock goes from 02:00 to 03:00); does"
                " not run in that hour"
            ],
        ),
        (
            "0 1 1 * *",
            [
                "2026-11-01: 01:00 comes twice (the clock goes from 02:00 back to 01:00); runs"
                " once, at 01:00 EDT"
            ],
        ),
        (
            "*/30 1 * 11 *",
            [
                "2026-11-01: 01:00, 01:30 comes twice (the clock goes from 02:00 back to 01:00);"
                " runs both times, at 01:00 EDT, 01:30 EDT, 01:00 EST, 01:30 EST"
            ],
        ),
        ("0 4 * * *", []),
        ("0 2 * * 1", []),
    ],
)
def test_a_clock_change_within_a_year_has_its_date_and_outcome(text: str, notes: list[str]) -> None:
    """What cron makes of a time that is left out or repeated stands in words."""
    assert [str(note) for note in dst_notes(parse(text), NOW, NEW_YORK)] == notes


def test_the_hosts_zone_is_read_from_its_localtime(tmp_path: Path) -> None:
    """By the link's name, by the file's content without one, UTC when there is nothing."""
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert host_zone(link).key == "Europe/Berlin"
    assert host_zone(tmp_path / "absent").key == "UTC"
    tree = next(
        (Path(folder) for folder in TZPATH if (Path(folder) / "Europe/Berlin").exists()), None
    )
    if tree is None:
        pytest.skip("this machine has no tree of time zones")
    copy = tmp_path / "copy"
    copy.write_bytes((tree / "Europe/Berlin").read_bytes())
    assert datetime(2026, 7, 1, 12, tzinfo=host_zone(copy)).utcoffset() == timedelta(hours=2)
