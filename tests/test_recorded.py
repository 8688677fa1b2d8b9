"""Every verb of the engine that changes something leaves its line in the record.

Looking leaves none.
"""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from engine.api import Engine
from engine.client.token import make_token, read_token
from engine.core.audit import ORIGIN, entries
from engine.core.errors import NoDataError, RefusedError, UsageError
from engine.core.paths import Home
from engine.core.records import TrainRequest
from engine.recorded import VERBS
from tests.helpers import new_home, python_path

# Verbs that write nothing an operator decides, or whose writing is recorded by the function that
# they hand over to.
UNRECORDED = {
    "settings": "reads",
    "snapshot": "reads",
    "refresh_status": "rebuilds what is derived",
    "spawn_status_refresh": "rebuilds what is derived",
    "refresh_alone": "rebuilds what is derived",
    "train_plan": "reads",
    "snapshot_rows": "reads",
    "run": "reads",
    "runs": "reads",
    "predict": "reads",
    "service_state": "reads",
    "ask_service": "reads",
    "service_overview": "reads",
    "fetch": "stores bars",
    "stored": "reads",
    "backtest": "writes a report",
    "evaluate": "writes a report",
    "training_log_tail": "reads",
    "command": "the command records",
    "symbol_story": "reads",
    "set_settings": "engine.settings.write records",
    "scheduler": "Scheduler.write records",
    "backups": "reads",
    "backup": "reads",
    "verify_backups": "reads",
    "auto_plan": "reads",
    "watch_story": "reads",
    "check": "start_training records",
    "monitor": "its children record",
    "write_report": "writes a report",
    "keep_forecast": "keeps a forecast",
    "accuracy": "reads",
    "recent_checks": "reads",
    "schedule_lines": "reads",
    "alerts": "reads",
    "undelivered": "reads",
    "delivery_closed": "reads",
    "deliver_alerts": "sends what was queued",
    "health": "reads",
    "source": "reads",
    "away": "reads",
    "mark_open": "notes that the console is open",
    "doctor": "reads",
}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(new_home(tmp_path / "h", training__free_disk_mb=0))


def told(home: Home) -> list[tuple[str, str]]:
    """(action, outcome) of every line."""
    return [(entry.what, entry.outcome) for entry in entries(home)]


def test_no_verb_is_forgotten() -> None:
    """Each public method of the engine is recorded, or stands above with the reason why not;
    each row is a method."""
    methods = {name for name, _ in inspect.getmembers(Engine) if not name.startswith("_")}
    recorded = {name for name in VERBS if hasattr(getattr(Engine, name), "__wrapped__")}

    assert recorded == set(VERBS) == methods - set(UNRECORDED)


def test_holds_and_alerts_are_recorded(engine: Engine) -> None:
    """hold, unhold, ack, silence and a test message, with what they were about."""
    engine.hold("NVDA", "the auditor")
    engine.unhold("NVDA")
    with pytest.raises(UsageError):
        engine.unhold("NVDA")
    engine.acknowledge("*", "*")
    engine.silence("corrupt", "SMR", timedelta(hours=2))

    assert told(engine.home) == [
        ("hold", "done"),
        ("unhold", "done"),
        ("unhold", "refused"),
        ("ack", "done"),
        ("silence", "done"),
    ]
    silenced = list(entries(engine.home))[-1].about
    assert (silenced["rule"], silenced["symbol"]) == ("corrupt", "SMR")
    assert silenced["until"].endswith("Z")


def test_what_is_refused_is_recorded(engine: Engine) -> None:
    """A training of an unknown symbol, a cancel of an unknown run, a backup without models, a
    restore of no backup."""
    with pytest.raises(UsageError):
        engine.start_training(TrainRequest(("NOPE\x1b[2J",), reason="manual"))
    with pytest.raises(UsageError):
        engine.cancel("20260101-000000-abcdef")
    with pytest.raises(NoDataError):
        engine.back_up()
    with pytest.raises((UsageError, NoDataError)):
        engine.restore("backup_20200101_000000")

    assert told(engine.home)[:4] == [
        ("train", "refused"),
        ("cancel", "refused"),
        ("backup", "started"),
        ("backup", "failed"),
    ]
    assert [what for what, _ in told(engine.home)[4:]] == ["restore", "restore"]
    assert "\x1b" not in engine.home.audit_log.read_text()


def test_a_token_is_recorded_without_itself(engine: Engine) -> None:
    """A new token of the service, and the refusal of a second one;
    the token stands nowhere in the record."""
    make_token(engine.home)
    with pytest.raises(RefusedError):
        make_token(engine.home)

    assert told(engine.home) == [("make-token", "done"), ("make-token", "refused")]
    assert read_token(engine.home) not in engine.home.audit_log.read_text()


def test_a_dry_run_is_no_deed(engine: Engine) -> None:
    """`clean` leaves two lines with what it removed, its dry run none;
    plans and looks leave none."""
    engine.clean(dry_run=True)
    engine.train_plan(TrainRequest(("NVDA",)))
    engine.backups()
    assert told(engine.home) == []
    engine.clean()

    assert told(engine.home) == [("clean", "started"), ("clean", "done")]
    assert list(entries(engine.home))[-1].about["removed"] == 0


def test_clean_rotates_the_record_and_loses_nothing(tmp_path: Path) -> None:
    """Over logs.max_mb it is renamed as other logs are;
    what was in it is still read, before what comes after."""
    engine = Engine(new_home(tmp_path / "h", logs__max_mb=1))
    engine.hold("NVDA", "the auditor")
    line = engine.home.audit_log.read_text()
    engine.home.audit_log.write_text(line * (1_100_000 // len(line)))
    before = len(told(engine.home))
    engine.clean()

    assert engine.home.audit_log.with_name("audit.log.1").exists()
    assert told(engine.home)[-2:] == [("clean", "started"), ("clean", "done")]
    assert len(told(engine.home)) == before + 2


def test_the_console_and_its_children_say_console(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that the console starts in a child stands there as the console's."""
    monkeypatch.setenv(ORIGIN, "console")
    monkeypatch.setenv("PYTHONPATH", python_path())
    engine.command(("clean", "--yes"))

    assert {(entry.what, entry.origin) for entry in entries(engine.home)} == {("clean", "console")}
