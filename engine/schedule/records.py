"""Records of the schedule: states, runs, and a view of the whole schedule."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from engine.core.errors import RefusedError
from engine.schedule.explain import Clash, Explanation
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import ScheduledJob

CRON = "cron daemon"


class ScheduleState(StrEnum):
    """The word in a job's row."""

    NEW = "New"
    UP = "Up"
    STARTED = "Started"
    LATE = "Late"
    MISSED = "Missed"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    PAUSED = "Paused"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job's state, the slot it is judged by, and the slots that nothing ran for, newest first."""

    state: ScheduleState
    slot: datetime | None = None
    missed: tuple[datetime, ...] = ()


class JobTrigger(StrEnum):
    """Who started a run."""

    CRON = "cron"
    MANUAL = "manual"
    CATCH_UP = "catch-up"


class JobOutcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CronRun:
    """One run of one job; `outcome` None while it runs, or when it died silently."""

    id: int
    job: str
    trigger: JobTrigger
    _: KW_ONLY
    slot: datetime | None
    started: datetime
    ended: datetime | None = None
    exit_code: int | None = None
    outcome: JobOutcome | None = None
    message: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.ended is None else (self.ended - self.started).total_seconds()


@dataclass(frozen=True, slots=True)
class JobView:
    """One job, its line in the schedule and its last run; not installed: no line, no status."""

    job: ScheduledJob
    line: JobLine | None = None
    _: KW_ONLY
    explained: Explanation | None = None
    status: JobStatus | None = None
    last: CronRun | None = None
    """The newest run, skipped ones too."""
    reason: str = ""
    """Why it was missed, failed or skipped; what is wrong with its line."""
    hidden: bool = False
    """Whether the crontab was unreadable, so that it may be installed."""
    before: str = ""
    """For a running job: how its previous run failed; empty if it did not."""

    @property
    def in_trouble(self) -> bool:
        """Missed, or its newest run failed."""
        return self.was_missed or self._state is ScheduleState.FAILED

    @property
    def was_missed(self) -> bool:
        """Whether its slot passed without a run."""
        return self._state is ScheduleState.MISSED

    @property
    def is_unknown(self) -> bool:
        """Whether the records do not say if it ran."""
        return self._state is ScheduleState.UNKNOWN

    @property
    def _state(self) -> ScheduleState | None:
        return self.status.state if self.status else None

    @property
    def trouble(self) -> str:
        """The problem, if any; a rerun after a failure keeps it, so alerts do not flap."""
        if self.in_trouble:
            return str(self)
        return f"{self.job.name} {ScheduleState.FAILED}: {self.before}" if self.before else ""

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.job.name} {self._state or 'off'}{reason}"

    def schedule_line(self) -> str:
        """An installed job: its times, its state, its next run."""
        assert self.line is not None
        next_run = ""
        if self.explained and self.explained.next_runs and self.line.enabled:
            next_run = f", next {self.explained.next_runs[0]:%a %Y-%m-%d %H:%M}"
        return f"{self.job.name}: {self.line.expression} ({self._state or 'off'}){next_run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """The schedule of one home and its surroundings."""

    taken_at: datetime
    zone: str
    """The zone that the scheduler counts in."""
    zone_source: str = ""
    """Where that is known from, see `daemon_zone`."""
    check: str = ""
    """The last `schedule check` in a sentence, empty without one."""
    backend: Backend | None
    """Who starts the jobs; None while none is installed."""
    jobs: tuple[JobView, ...]
    clashes: tuple[Clash, ...]
    daemon: Daemon
    """The daemon that starts the jobs: the user's systemd for timers, else cron."""
    other_lines: tuple[str, ...]
    """The rest of the crontab, line by line, made safe for a terminal."""
    other_homes: tuple[Path, ...]
    """Other homes with their own block."""
    problems: tuple[str, ...]
    """Descriptions of unreadable parts and of differences from the record."""
    unread: bool = False
    """Whether a crontab may exist that could not be read."""

    @property
    def zone_words(self) -> str:
        """The zone, where it is known from if not from /etc/localtime, and the last check."""
        source = "" if self.zone_source in ("", "/etc/localtime") else f" by {self.zone_source}"
        check = f"; {self.check}" if self.check and self.check not in source else ""
        return f"{self.zone}{source}{check}"

    @property
    def installed(self) -> tuple[JobView, ...]:
        """The jobs in the schedule whose state is known."""
        return tuple(job for job in self.jobs if job.line is not None and job.status is not None)

    @property
    def unknown(self) -> str:
        """Why the installed jobs are unknown; empty if they are known."""
        return self.problems[0] if self.unread and self.problems and not self.installed else ""

    def has(self, name: str) -> bool:
        """Whether a job is installed."""
        return any(job.job.name == name for job in self.installed)

    def lines(self) -> tuple[str, ...]:
        """Each job in the schedule in a line: its times, its state, its next run."""
        lines = tuple(job.schedule_line() for job in self.jobs if job.line is not None)
        unread = self.problems[:1] if self.unread else ()
        return lines or unread or ("no job is installed: stockml schedule install",)


@dataclass(frozen=True, slots=True)
class Daemon:
    """The daemon found, or in `detail` why there is none, or why that cannot be known."""

    running: bool
    pid: int | None = None
    _: KW_ONLY
    since: datetime | None = None
    detail: str = ""
    name: str = CRON
    hidden: bool = False
    """Whether other users' processes are hidden here, so that it may run unseen."""
    tz: str | None = None
    """TZ in its environment, empty without one; None where its environment cannot be read."""

    @property
    def absent(self) -> bool:
        """Whether it surely does not run."""
        return not self.running and not self.hidden

    def __str__(self) -> str:
        """What runs, that nothing does, or that it cannot be known; with the reason."""
        if self.hidden:
            return f"whether a {self.name} runs cannot be seen: {self.detail}"
        if not self.running:
            return f"no {self.name} runs: {self.detail}"
        return f"cron runs (process {self.pid})" if self.name == CRON else f"a {self.name} runs"


class ConflictError(RefusedError):
    """The tab changed since the draft; the other program's change stays."""


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """A job's schedule from `at` on; `expression` None: removed."""

    at: datetime
    job: str
    _: KW_ONLY
    expression: str | None
    enabled: bool
    backend: str

    def same_times(self, other: ScheduleChange) -> bool:
        """Whether both set the same schedule, ignoring when they were made."""
        ours = (self.expression, self.enabled, self.backend)
        return ours == (other.expression, other.enabled, other.backend)


@dataclass(frozen=True, slots=True)
class ScheduleHistory:
    """The newest runs of every job, newest first, and its newest change."""

    runs: dict[str, tuple[CronRun, ...]] = field(default_factory=dict)
    changes: dict[str, ScheduleChange] = field(default_factory=dict)


class Backend(StrEnum):
    """Who starts the jobs."""

    CRONTAB = "crontab"
    SYSTEMD = "systemd"

    @property
    def other(self) -> Backend:
        return Backend.SYSTEMD if self is Backend.CRONTAB else Backend.CRONTAB
