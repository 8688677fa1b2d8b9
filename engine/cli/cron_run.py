"""`cron-run JOB`: run one scheduled job from cron; silent on success, one line on failure."""

from __future__ import annotations

import sys

import click

from engine.cli.session import Session
from engine.core.errors import ConfigError, StockmlError
from engine.core.paths import SETTINGS_NAME, absolute_home
from engine.core.text import clean
from engine.schedule.records import JobTrigger


def cron_run(session: Session, job: str, trigger: str | None) -> int:
    """Run JOB now with log, lock, record and ping; exit 75 if it is already running."""
    if trigger:
        chosen = JobTrigger(trigger)
    else:
        chosen = JobTrigger.MANUAL if sys.stdin.isatty() else JobTrigger.CRON
    try:
        _refuse_absent(session)
        return session.unchecked_engine.schedule.run(job, trigger=chosen)
    except StockmlError as error:
        # One line: cron mails every line of it.
        click.echo(f"stockml: {clean(str(error))}", err=True)
        return error.exit_code


def _refuse_absent(session: Session) -> None:
    """Refuse a missing home, so a job does not recreate one whose disk is not mounted."""
    if session.home_text and not (absolute_home(session.home_text) / SETTINGS_NAME).is_file():
        raise ConfigError(
            f"no {SETTINGS_NAME} in {session.home_text}", "is its disk mounted? the job did not run"
        )
