"""Every verb of the engine that changes something leaves its line in the audit log.

Looking leaves none.
"""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from engine.api import Engine
from engine.client.token import make_token, read_token
from engine.core.audit import ORIGIN
from engine.core.audit_log import read_entries
from engine.core.errors import NoDataError, RefusedError, UsageError
from engine.core.paths import Home
from engine.core.records import TrainRequest
from engine.settings.facade import Facade
from tests.helpers import new_home, python_path

AUDITED = {
    "bars.accept",
    "bars.fetch",
    "bars.import_file",
    "runs.start",
    "runs.cancel",
    "bars.set_report",
    "bars.drop_report",
    "schedule.control_service",
    "schedule.run_check",
    "schedule.start_now",
    "service.start",
    "service.stop",
    "backups.create",
    "backups.restore",
    "storage.clean",
    "cluster.down",
    "cluster.init",
    "cluster.up",
    "symbols.add",
    "symbols.import_list",
    "symbols.remove",
    "symbols.set",
    "watch.auto_train",
    "watch.hold",
    "watch.repair",
    "watch.unhold",
    "alerts.acknowledge",
    "alerts.silence",
    "alerts.send_test",
}
# Verbs that write nothing an operator decides, or hand over to a function that is audited.
NOT_AUDITED = {
    "settings.current": "reads",
    "settings.tree": "reads",
    "settings.texts": "reads",
    "settings.version": "reads",
    "cluster.address": "reads",
    "cluster.capacity": "reads",
    "cluster.folder": "reads",
    "cluster.view": "reads",
    "symbols.list": "reads",
    "symbols.plan_import": "reads",
    "symbols.plan_removal": "reads",
    "symbols.requests": "reads",
    "settings.sheet": "reads",
    "settings.problems": "reads",
    "settings.usable": "reads",
    "settings.mend": "engine.settings.mend audits",
    "settings.publish": "writes what is derived",
    "settings.set_text": "engine.settings.write audits",
    "settings.write": "engine.settings.write audits",
    "bars.reports": "reads",
    "bars.look_up_reports": "keeps what a source says",
    "bars.requests_due": "reads",
    "bars.stored": "reads",
    "bars.plan_import": "reads",
    "models.predict": "reads",
    "models.refresh_status": "rebuilds what is derived",
    "models.refresh_alone": "rebuilds what is derived",
    "models.rebuild_status": "rebuilds what is derived",
    "models.verify_file": "reads",
    "models.summary": "reads",
    "models.evaluate": "writes a report",
    "models.backtest": "writes a report",
    "runs.plan": "reads",
    "runs.show": "reads",
    "runs.recent": "reads",
    "runs.journal": "reads",
    "runs.newest_generation": "reads",
    "schedule.scheduler": "Scheduler.write audits",
    "schedule.view": "reads",
    "schedule.service_unit": "reads",
    "schedule.check": "reads; run_check audits",
    "schedule.answer_check": "run_check audits, in the process that waits",
    "schedule.sweep": "takes out what run_check wrote",
    "schedule.run": "history.db records every run",
    "backups.list": "reads",
    "backups.show": "reads",
    "backups.verify": "reads",
    "watch.snapshot": "reads",
    "watch.rows": "reads",
    "watch.remember": "keeps what is derived in memory",
    "watch.away": "reads",
    "watch.mark_open": "notes that the console is open",
    "watch.auto_plan": "reads",
    "watch.explain": "reads",
    "watch.refuse_while_open": "reads",
    "watch.check": "runs.start audits",
    "watch.monitor": "its children audit",
    "watch.write_report": "writes a report",
    "watch.recent_checks": "reads",
    "watch.keep_forecast": "keeps a forecast",
    "watch.accuracy": "reads",
    "watch.health": "reads",
    "watch.doctor": "reads",
    "alerts.list": "reads",
    "alerts.undelivered": "reads",
    "alerts.delivery_closed": "reads",
    "alerts.deliver": "sends what was queued",
    "children.create_backup": "the child audits",
    "children.restore_backup": "the child audits",
    "children.verify_backups": "reads",
    "children.check_models": "the child audits",
    "children.plan_trainings": "reads",
    "children.start_trainings": "the child audits",
    "children.examine_machine": "reads",
    "children.show_symbol": "reads",
    "children.start_status_refresh": "rebuilds what is derived",
    "children.run_command": "the child audits",
    "service.state": "reads",
    "service.place": "reads",
    "service.make_token": "engine.client.token audits",
    "service.serve": "answers requests; what changes something is audited there",
    "service.ask": "reads",
    "service.overview": "reads",
}


def verbs(engine: Engine) -> dict[str, object]:
    """Every public verb of every facade: its name and its function."""
    names = [name for name in dir(engine) if not name.startswith("_")]
    facades = {name: getattr(engine, name) for name in names}
    facades = {name: value for name, value in facades.items() if isinstance(value, Facade)}
    shared = {name for name in dir(Facade) if not name.startswith("_")}
    return {
        f"{name}.{verb}": inspect.getattr_static(type(facade), verb)
        for name, facade in facades.items()
        for verb in dir(type(facade))
        if not verb.startswith("_") and verb not in shared
    }


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(new_home(tmp_path / "h", training__free_disk_mb=0))


def told(home: Home) -> list[tuple[str, str]]:
    """(action, outcome) of every line."""
    return [(entry.action, entry.outcome) for entry in read_entries(home)]


def test_every_verb_is_audited_or_says_why_not(engine: Engine) -> None:
    """Each public verb of each facade is audited, or is listed above with the reason why not."""
    every_verb = verbs(engine)
    audited = {name for name, verb in every_verb.items() if hasattr(verb, "__wrapped__")}

    assert AUDITED == audited
    assert set(every_verb) == audited | set(NOT_AUDITED)
    assert not audited & set(NOT_AUDITED)


def test_holds_and_alerts_are_recorded(engine: Engine) -> None:
    """hold, unhold, ack, silence and a test message, with what they were about."""
    engine.watch.hold("NVDA", "the auditor")
    engine.watch.unhold("NVDA")
    with pytest.raises(UsageError):
        engine.watch.unhold("NVDA")
    engine.alerts.acknowledge("*", "*")
    engine.alerts.silence("corrupt", "SMR", timedelta(hours=2))

    assert told(engine.home) == [
        ("hold", "done"),
        ("unhold", "done"),
        ("unhold", "refused"),
        ("ack", "done"),
        ("silence", "done"),
    ]
    silenced = list(read_entries(engine.home))[-1].details
    assert (silenced["rule"], silenced["symbol"]) == ("corrupt", "SMR")
    assert silenced["until"].endswith("Z")


def test_a_fetch_is_recorded_where_it_may_replace_the_history(tmp_path: Path) -> None:
    """An ordinary fetch leaves no line, one with --accept-rebase does."""
    home = new_home(tmp_path / "h", market__source="simulated")
    bars = Engine(home).bars
    bars.fetch("MP")
    assert told(home) == []
    bars.fetch("MP", accept_rebase=True)

    (entry,) = read_entries(home)
    assert (entry.action, entry.outcome) == ("data fetch", "done")
    assert (entry.details["symbols"], entry.details["accept_rebase"]) == (["MP"], True)


def test_what_is_refused_is_recorded(engine: Engine) -> None:
    """A training of an unknown symbol, a cancel of an unknown run, a backup without models, a
    restore of no backup."""
    with pytest.raises(UsageError):
        engine.runs.start(TrainRequest(("NOPE\x1b[2J",), reason="manual"))
    with pytest.raises(UsageError):
        engine.runs.cancel("20260101-000000-abcdef")
    with pytest.raises(NoDataError):
        engine.backups.create()
    with pytest.raises((UsageError, NoDataError)):
        engine.backups.restore("backup_20200101_000000")

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
    engine.storage.clean(dry_run=True)
    engine.runs.plan(TrainRequest(("NVDA",)))
    engine.backups.list()
    assert told(engine.home) == []
    engine.storage.clean()

    assert told(engine.home) == [("clean", "started"), ("clean", "done")]
    assert list(read_entries(engine.home))[-1].details["removed"] == 0


def test_clean_rotates_the_record_and_loses_nothing(tmp_path: Path) -> None:
    """Over logs.max_mb it is renamed as other logs are;
    what was in it is still read, before what comes after."""
    engine = Engine(new_home(tmp_path / "h", logs__max_mb=1))
    engine.watch.hold("NVDA", "the auditor")
    line = engine.home.audit_log.read_text()
    engine.home.audit_log.write_text(line * (1_100_000 // len(line)))
    before = len(told(engine.home))
    engine.storage.clean()

    assert engine.home.audit_log.with_name("audit.log.1").exists()
    assert told(engine.home)[-2:] == [("clean", "started"), ("clean", "done")]
    assert len(told(engine.home)) == before + 2


def test_the_console_and_its_children_say_console(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that the console starts in a child stands there as the console's."""
    monkeypatch.setenv(ORIGIN, "console")
    monkeypatch.setenv("PYTHONPATH", python_path())
    with pytest.raises(NoDataError):
        engine.children.create_backup()

    assert {(entry.action, entry.origin) for entry in read_entries(engine.home)} == {
        ("backup", "console")
    }
