"""`cron-run JOB`: run one scheduled job from cron; silent on success, one line on failure."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from engine.cli.session import Session
from engine.core.errors import ConfigError, ExitCode, StockmlError, UsageError
from engine.core.paths import SETTINGS_NAME, absolute_home
from engine.core.text import clean
from engine.schedule.records import JobTrigger


def cron_run(session: Session, job: str | None, probe: str | None, trigger: str | None) -> int:
    """Run JOB now with log, lock, record and ping; exit 75 if it is already running."""
    if (job is None) == (probe is None):
        raise UsageError("cron-run takes the name of a job, or --probe", "stockml cron-run weekly")
    if trigger:
        chosen = JobTrigger(trigger)
    else:
        chosen = JobTrigger.MANUAL if sys.stdin.isatty() else JobTrigger.CRON
    try:
        _refuse_absent(session)
        if job is None:
            session.unchecked_engine.schedule.answer_check(_stamp(probe or ""))
            return ExitCode.DONE
        return session.unchecked_engine.schedule.run(job, trigger=chosen)
    except StockmlError as error:
        # One line: cron mails every line of it.
        click.echo(f"stockml: {clean(str(error))}", err=True)
        return error.exit_code


def _stamp(text: str) -> datetime:
    """The moment of --probe, with its offset; UsageError for anything else."""
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        stamp = None
    if stamp is None or stamp.tzinfo is None:
        raise UsageError(
            f"--probe takes a moment with its offset, not {clean(text, 40)!r}",
            "such as 2026-12-01T04:12+00:00",
        )
    return stamp


def _refuse_absent(session: Session) -> None:
    """Refuse a missing home, so a job does not recreate one whose disk is not mounted."""
    if session.home_text and not (absolute_home(session.home_text) / SETTINGS_NAME).is_file():
        raise ConfigError(
            f"no {SETTINGS_NAME} in {session.home_text}", "is its disk mounted? the job did not run"
        )
