"""Why cron starts nothing: the account, the spool, the log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.schedule.evidence import Evidence, account_fault

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LISTING = """Last password change\t\t: {changed}
Password expires\t\t: {expires}
Password inactive\t\t: never
Account expires\t\t\t: {account}
"""


@pytest.mark.parametrize(
    ("changed", "expires", "account", "says"),
    [
        ("Nov 01, 2026", "never", "never", ""),
        ("password must be changed", "password must be changed", "never", "must be changed"),
        ("Nov 01, 2026", "Nov 20, 2026", "never", "password expires: 2026-11-20"),
        ("Nov 01, 2026", "never", "Jan 01, 2020", "account expires: 2020-01-01"),
        ("Nov 01, 2026", "Jan 01, 2027", "Jan 01, 2027", ""),
    ],
)
def test_the_dates_of_an_account(changed: str, expires: str, account: str, says: str) -> None:
    """As chage lists them; a date ahead is no fault."""
    fault = account_fault(LISTING.format(changed=changed, expires=expires, account=account), NOW)
    assert fault == says if not says else says in fault


def test_a_spool_file_that_cron_does_not_take(tmp_path: Path) -> None:
    """By its mode; a file that is right, or none, is no fault."""
    spool = tmp_path / "op"
    evidence = Evidence("op", spools=(str(tmp_path),), logs=(), chage="/nonexistent")
    assert evidence.fault() == ""
    spool.write_text("")
    spool.chmod(0o644)
    evidence = Evidence("op", spools=(str(tmp_path),), logs=(), chage="/nonexistent")
    assert "has mode 0644, cron wants 0600" in evidence.fault()
    assert any("0644" in text for text in evidence.looked_at())


def test_a_refusal_in_the_system_log(tmp_path: Path) -> None:
    """The newest line about this account; others and plain starts do not count."""
    log = tmp_path / "syslog"
    log.write_text(
        "Dec 1 CRON[7]: (other) FAILED to authorize user with PAM\n"
        "Dec 1 CRON[8]: (op) FAILED to authorize user with PAM (expired)\n"
        "Dec 1 CRON[9]: (op) CMD (true)\n"
    )
    evidence = Evidence("op", spools=(), logs=(str(log),), chage="/nonexistent")
    assert "CRON[8]" in evidence.fault()
