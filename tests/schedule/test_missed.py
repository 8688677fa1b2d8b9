"""Why nothing ran at a slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.schedule.daemon import MANAGER
from engine.schedule.missed import Circumstances, missed_reason
from engine.schedule.records import Daemon

NEW_YORK = ZoneInfo("America/New_York")
SLOT = datetime(2026, 2, 8, 7, tzinfo=UTC)  # 02:00 in New York
BOOT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def circumstances(**more: object) -> Circumstances:
    parts = {
        "daemon": Daemon(True, 7, since=BOOT),
        "line_recorded": True,
        "program_runs": True,
        "program": Path("/opt/stockml"),
        "boot": BOOT,
        "lock_holder": None,
    }
    return Circumstances(**{**parts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        (
            "no cron daemon runs (no process)",
            circumstances(daemon=Daemon(False, detail="no process"), line_recorded=False),
        ),
        (
            "its line is gone, or was edited by hand",
            circumstances(line_recorded=False, program_runs=False),
        ),
        ("/opt/stockml is gone", circumstances(program_runs=False, boot=SLOT + HOUR)),
        ("the machine was off (it started 2026-02-08 03:00 EST)", circumstances(boot=SLOT + HOUR)),
        (
            "the cron daemon was down (it started 2026-02-08 04:00 EST)",
            circumstances(daemon=Daemon(True, 7, since=SLOT + 2 * HOUR)),
        ),
        ("its lock is held by weekly (process 9)", circumstances(lock_holder="weekly (process 9)")),
        ("the machine slept", circumstances()),
        (
            "no systemd user manager runs (no socket)",
            circumstances(daemon=Daemon(False, detail="no socket", name=MANAGER)),
        ),
    ],
)
def test_a_miss_is_explained_by_its_surest_cause(reason: str, facts: Circumstances) -> None:
    """In words, with what to do."""
    assert reason in missed_reason(SLOT.astimezone(NEW_YORK), facts)
