"""Changes of the schedule that are not written yet."""

from __future__ import annotations

from dataclasses import dataclass

from engine.schedule.drafts import CurrentSchedule
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS


@dataclass(frozen=True, slots=True)
class ScheduleEdit:
    """The schedule it starts from, the lines that would be written, and the steps back."""

    base: CurrentSchedule
    lines: tuple[JobLine, ...]
    before: tuple[tuple[JobLine, ...], ...] = ()

    def to(self, lines: tuple[JobLine, ...]) -> ScheduleEdit:
        """The edit with one more change."""
        if lines == self.lines:
            return self
        return ScheduleEdit(self.base, lines, (*self.before, self.lines))

    def without(self, job: str) -> ScheduleEdit:
        """The edit without the job's line."""
        return self.to(tuple(line for line in self.lines if line.job != job))

    def back(self) -> ScheduleEdit:
        """The edit before its last change."""
        if not self.before:
            return self
        return ScheduleEdit(self.base, self.before[-1], self.before[:-1])

    @property
    def changed(self) -> tuple[str, ...]:
        """The jobs that differ from the schedule it starts from."""
        old = {line.job: line for line in self.base.lines}
        new = {line.job: line for line in self.lines}
        return tuple(job for job in JOBS if old.get(job) != new.get(job))

    def line(self, job: str) -> JobLine | None:
        return next((line for line in self.lines if line.job == job), None)
