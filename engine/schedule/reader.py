"""The installed schedule of a home, from crontab, systemd or the last record."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.errors import RefusedError
from engine.core.paths import Home
from engine.schedule.block import Block, find_block
from engine.schedule.crontab import Crontab, CrontabError, CrontabMissingError, DeniedError
from engine.schedule.drafts import CurrentSchedule, EditPolicy
from engine.schedule.expression import parse
from engine.schedule.job_lines import JobLine, default_line, in_order
from engine.schedule.jobs import JOBS, STANDARD_JOBS
from engine.schedule.record import read_history
from engine.schedule.records import Backend, ScheduleHistory
from engine.schedule.systemd import Systemd


@dataclass(frozen=True, slots=True)
class ScheduleReader:
    """Reads what starts the jobs of one home; writes nothing."""

    home: Home
    crontab: Crontab
    systemd: Systemd

    def current(
        self, backend: Backend | None = None, edits: EditPolicy = EditPolicy.REFUSE
    ) -> CurrentSchedule:
        """The installed schedule of a backend, by default the one in use.

        RefusedError for damaged markers, or a block edited by hand unless `edits` allows it.
        """
        backend = backend or self.in_use() or Backend.CRONTAB
        if backend is Backend.SYSTEMD:
            return CurrentSchedule(backend, None, lines=self.systemd.read())
        tab = self.crontab.read()
        block = find_block(tab, self.home)
        if block is None:
            return CurrentSchedule(backend, tab, lines=())
        edited = block.hand_edit
        if not edited:
            return CurrentSchedule(backend, tab, lines=block.lines)
        if edits is EditPolicy.OVERWRITE:
            return CurrentSchedule(backend, tab, lines=self._recorded(), edited=edited)
        if edits is EditPolicy.REFUSE or block.foreign_lines:
            raise _refusal(block)
        for line in block.lines:
            parse(line.expression, reboot=JOBS[line.job].reboot)
        return CurrentSchedule(backend, tab, lines=block.lines, edited=edited)

    def in_use(self) -> Backend | None:
        """The backend that holds jobs of this home, or None.

        RefusedError if both do; CrontabError if the tab cannot be read and may hold our block.
        """
        in_tab = self._in_tab()
        in_systemd = self.systemd.present()
        if in_tab and in_systemd:
            raise RefusedError(
                "the jobs are in both the crontab and systemd: each would start twice",
                "take one out: `stockml schedule remove --systemd`, or `schedule remove --crontab`",
            )
        if in_tab:
            return Backend.CRONTAB
        return Backend.SYSTEMD if in_systemd else None

    def _in_tab(self) -> bool:
        try:
            block = find_block(self.crontab.read(), self.home)
            return block is not None and block.holds_jobs
        except CrontabMissingError:
            return False
        except CrontabError as error:
            # If cron denies the user a crontab, our record decides; else a block may still fire.
            surely_absent = isinstance(error, DeniedError) and not self._recorded_in_tab()
            if surely_absent or self.systemd.present():
                return False
            raise

    def _recorded_in_tab(self) -> bool:
        changes = self.history().changes.values()
        return any(change.expression and change.backend == Backend.CRONTAB for change in changes)

    def history(self) -> ScheduleHistory:
        """The recorded history of every job."""
        return read_history(self.home, tuple(JOBS))

    def _recorded(self) -> tuple[JobLine, ...]:
        """Our lines as last written, or the standard ones if none is recorded."""
        recorded = in_order(
            JobLine(job, change.expression, "", enabled=change.enabled)
            for job, change in self.history().changes.items()
            if change.expression
        )
        return recorded or tuple(default_line(job) for job in STANDARD_JOBS)


def _refusal(block: Block) -> RefusedError:
    hint = (
        "`schedule install --overwrite` puts our lines back; move lines of your own out of the"
        " block first"
    )
    if not block.foreign_lines:
        hint = f"`schedule install --adopt` keeps the edit; {hint}"
    return RefusedError(block.hand_edit, hint)
