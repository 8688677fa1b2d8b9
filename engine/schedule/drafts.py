"""Records of a schedule change: its base, its draft and its audit entry."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import StrEnum

from engine.core.clock import is_ahead
from engine.schedule.job_lines import JobLine
from engine.schedule.records import Backend, ScheduleChange, ScheduleHistory


class EditPolicy(StrEnum):
    """How to treat a block edited by hand."""

    REFUSE = "refuse"
    ADOPT = "adopt"
    OVERWRITE = "overwrite"


@dataclass(frozen=True, slots=True)
class CurrentSchedule:
    """The installed schedule; `tab` None is no crontab, and always None for systemd."""

    backend: Backend
    tab: bytes | None
    _: KW_ONLY
    lines: tuple[JobLine, ...]
    edited: str = ""
    """A description of manual edits in our block."""

    def line(self, job: str) -> JobLine | None:
        """The line of a job, if it is installed."""
        return next((line for line in self.lines if line.job == job), None)


@dataclass(frozen=True, slots=True)
class Draft:
    """A change ready to write; without a difference it does nothing."""

    base: CurrentSchedule
    reason: str
    _: KW_ONLY
    lines: tuple[JobLine, ...]
    after: bytes | None
    diff: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.diff)


def draft_audit(draft: Draft) -> dict[str, object]:
    """The audit entry of a draft, such as `weekly 0 4 * * 0`, `clean 0 3 * * * off`."""
    old_lines = {line.job: line for line in draft.base.lines}
    new_lines = {line.job: line for line in draft.lines}
    changes = [
        f"{job} {line.expression}{'' if line.enabled else ' off'}"
        for job, line in new_lines.items()
        if old_lines.get(job) != line
    ]
    changes += [f"{job} removed" for job in old_lines if job not in new_lines]
    return {"reason": draft.reason, "in": str(draft.base.backend), "jobs": changes}


def changes_between(
    history: ScheduleHistory, draft: Draft, now: datetime
) -> tuple[ScheduleChange, ...]:
    """The changes to record: jobs whose time, switch or backend differs from the last record."""
    backend = str(draft.base.backend)
    changes = []
    for line in draft.lines:
        change = ScheduleChange(
            now, line.job, expression=line.expression, enabled=line.enabled, backend=backend
        )
        recorded = history.changes.get(line.job)
        ahead = recorded is not None and is_ahead(recorded.at, now)
        if recorded is None or ahead or not recorded.same_times(change):
            changes.append(change)
    kept = {line.job for line in draft.lines}
    changes += [
        ScheduleChange(now, job, expression=None, enabled=False, backend=backend)
        for job, recorded in history.changes.items()
        if recorded.expression is not None and job not in kept
    ]
    return tuple(changes)
