"""`audit`, and what the doors write into it."""

import json
import os
from pathlib import Path

from engine.core.audit_log import read_entries
from tests.helpers import new_home, stockml


def test_commands_leave_their_trace(tmp_path: Path) -> None:
    """What a command changed stands in the record with its arguments and its end;
    --since, TEXT and --json narrow it."""
    home = new_home(tmp_path / "h")
    where = ("--home", str(home.root))
    assert stockml("audit", *where).stdout.startswith("nothing is recorded in ")
    stockml("hold", "NVDA", "--reason", "the auditor", *where, SSH_CONNECTION="10.9.8.7 1 2 3")
    assert stockml("backup", *where).returncode == 4
    ran = stockml("audit", *where)
    told = json.loads(stockml("audit", "hold", "nvda", "--since", "1h", "--json", *where).stdout)

    lines = ran.stdout.splitlines()
    assert ran.returncode == 0
    assert len(lines) == 3
    assert 'hold  NVDA reason="the auditor"' in lines[0]
    assert "from 10.9.8.7" in lines[0]
    assert ["started", "failed"] == [line.split()[1] for line in lines[1:]]
    assert [(each["what"], each["about"]["symbol"]) for each in told["entries"]] == [
        ("hold", "NVDA")
    ]
    assert (
        "nothing in the record matches" in stockml("audit", "--since", "2090-01-01", *where).stdout
    )


def test_a_time_that_is_none_is_named(tmp_path: Path) -> None:
    """--since with something else than a span or a day ends with 2 and says how it is written."""
    home = new_home(tmp_path / "h")
    ran = stockml("audit", "--since", "yesterday", "--home", str(home.root))

    assert ran.returncode == 2
    assert "'yesterday'" in ran.stderr
    assert "6h" in ran.stderr


def test_a_record_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The action is done and ends with 0; stderr says what the record lacks."""
    home = new_home(tmp_path / "h")
    home.audit_log.mkdir(parents=True)
    ran = stockml("hold", "NVDA", "--reason", "x", "--home", str(home.root))

    assert ran.returncode == 0
    assert "hold done is not recorded" in ran.stderr


def test_a_job_of_cron_says_so(tmp_path: Path) -> None:
    """What a scheduled job does stands there with cron and the job's name."""
    home = new_home(tmp_path / "h")
    assert (
        stockml("cron-run", "clean", "--trigger", "cron", "--home", str(home.root)).returncode == 0
    )
    found = [(entry.action, entry.outcome, entry.origin) for entry in read_entries(home)]

    assert found == [("clean", "started", "cron clean"), ("clean", "done", "cron clean")]
    assert os.environ.get("STOCKML_FROM") is None
