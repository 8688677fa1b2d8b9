"""Variables above our block, and the harm they do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.schedule.crontab import CronKind
from engine.schedule.variables import harmful, variables_above


def test_variables_are_read_as_cron_reads_them() -> None:
    """Blanks and quotes go, the last value counts, jobs and comments are none."""
    tab = b"A = b\n \"Q\"='x y' \n# C=1\n5 4 * * * D=1 true\nA=c\nSHELL=\n"
    assert [(each.name, each.value) for each in variables_above(tab)] == [
        ("A", "c"),
        ("Q", "x y"),
        ("SHELL", ""),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("PYTHONPATH=/home/op/lib", "which modules Python loads"),
        ("LD_PRELOAD=/x.so", "which libraries every program loads"),
        ("SHELL=/no/such", "names no program"),
        ("SHELL=/bin/false", "is no shell"),
        ("BASH_ENV=/x", "names a file that the shell may run"),
        ("RANDOM_DELAY=30", "some minutes late"),
        ("HOME=/nonexistent", "names no folder"),
        ("KERAS_BACKEND=torch", "changes a library"),
    ],
)
def test_what_can_keep_a_job_from_starting_is_named(line: str, says: str) -> None:
    """With the variable and its value."""
    (text,) = harmful(variables_above(line.encode()), CronKind.CRONIE, isolated=False)
    assert text.startswith(line) and says in text


def test_harmless_ones_and_those_we_are_immune_to_are_not_told() -> None:
    """-E ignores PYTHON*; a mail address, a zone, a shell that there is do no harm."""
    lines = b"MAILTO=me\nTZ=Asia/Tokyo\nPATH=/nonexistent\nSHELL=/bin/sh\nPYTHONPATH=/x\n"
    assert harmful(variables_above(lines), CronKind.DEBIAN, isolated=True) == ()


@given(st.binary(max_size=300))
def test_any_bytes_are_read(tab: bytes) -> None:
    """No tab breaks it."""
    harmful(variables_above(tab), CronKind.OTHER, isolated=False)
    assert Path("/")
