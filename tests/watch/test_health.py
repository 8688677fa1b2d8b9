"""Health and doctor: each item has a level and a next step, and what is wrong is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.api import Engine
from engine.client.place import find_place
from engine.client.records import ServiceReply, ServiceState
from engine.core.clock import iso
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import JobState, Level, Run, SymbolState
from engine.core.snapshot import Snapshot
from engine.market.calendar import sessions_between
from engine.market.store import BarStore
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS
from engine.schedule.records import Backend, Daemon, JobStatus, JobView, ScheduleState, ScheduleView
from engine.vault.backup import back_up
from engine.watch.console_summary import away, opened
from engine.watch.doctor import doctor, home_item
from engine.watch.health import conditions, health
from engine.watch.health_data import bars
from engine.watch.machine import Machine
from engine.watch.records import Item
from engine.watch.schema import writing
from tests.fake_clock import FakeClock
from tests.market.samples import some_bars
from tests.watch.homes import SUNDAY, Trainer, simulated_home
from tests.watch.test_probe import Service, running

Look = Callable[..., dict[str, Item]]


def job(name: str, state: ScheduleState, reason: str = "", before: str = "") -> JobView:
    """A job of the crontab in this state."""
    line = JobLine(name, JOBS[name].expression, "")
    return JobView(JOBS[name], line, status=JobStatus(state), reason=reason, before=before)


def scheduled(*jobs: JobView, unread: str = "") -> ScheduleView:
    """A crontab with these jobs, or one that cannot be read for the reason `unread`."""
    problems = (unread,) if unread else ()
    return ScheduleView(
        taken_at=SUNDAY,
        zone="UTC",
        backend=Backend.CRONTAB,
        jobs=jobs,
        clashes=(),
        daemon=Daemon(True),
        other_lines=(),
        other_homes=(),
        problems=problems,
        unread=bool(unread),
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return simulated_home(tmp_path / "home")


@pytest.fixture
def engine(home: Home) -> Engine:
    return Engine(home, FakeClock(SUNDAY))


@pytest.fixture
def look(engine: Engine) -> Look:
    def looked(jobs: tuple[JobView, ...] = (), **changes: object) -> dict[str, Item]:
        snapshot: Snapshot = replace(engine.watch.snapshot(), **changes)  # type: ignore[arg-type]
        schedule = scheduled(*jobs)
        items = health(
            engine.home, engine.settings.current, snapshot, SUNDAY, schedule, lambda _: "simulated"
        )
        return {item.name: item for item in items}

    return looked


def test_figures_that_the_disk_cannot_keep_are_shown_all_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no status can be stored the snapshot after a forecast or a refresh has the model,
    its forecast and its mark."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.forecast.status.write_json", full)
    Trainer(engine.home, FakeClock(SUNDAY)).train("NVDA")
    assert engine.watch.snapshot().row("NVDA").stale_status  # type: ignore[union-attr]
    engine.models.refresh_status()
    row = engine.watch.snapshot().row("NVDA")
    assert row is not None and row.model is not None and row.forecast is not None
    assert ("simulated", False, "") == (row.model.source, row.stale_status, row.note)
    Trainer(engine.home, FakeClock(SUNDAY)).train("TSLA")
    assert engine.models.predict(["TSLA"])["TSLA"] == engine.watch.snapshot().row("TSLA").forecast  # type: ignore[union-attr]


def test_a_forecast_on_other_bars_leaves_the_row_its_own(engine: Engine, tmp_path: Path) -> None:
    """A `predict --source` that found no bars takes no forecast off the dashboard: the next look
    has the model's own."""
    Trainer(engine.home, FakeClock(SUNDAY)).train("SPY")
    own = engine.models.predict(["SPY"])["SPY"]
    elsewhere = Engine(engine.home, FakeClock(SUNDAY), source=f"csv:{tmp_path}").models.predict(
        ["SPY"]
    )["SPY"]
    assert isinstance(elsewhere, StockmlError)
    assert engine.watch.snapshot().row("SPY").stale_status  # type: ignore[union-attr]
    engine.models.refresh_status()
    assert engine.watch.snapshot().row("SPY").forecast == own  # type: ignore[union-attr]


def test_a_history_that_is_damaged_or_full_leaves_the_other_lights(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where history.db cannot be read, or not be written, one critical line says so and
    everything else is shown."""
    names = {item.name for item in engine.watch.health()}
    whole = engine.home.history.read_bytes()
    engine.home.history.write_bytes(b"no database" * 500)
    damaged = {item.name: item for item in engine.watch.health()}
    assert damaged["history"].level is Level.CRIT
    assert "not a database" in damaged["history"].text
    assert names - {"check", "alerts"} <= set(damaged)
    engine.home.history.write_bytes(whole)

    def full(*_: object) -> None:
        raise StockmlError("history.db: database or disk is full", "free disk space")

    monkeypatch.setattr("engine.watch.alerts.evaluate", full)
    (told,) = [item for item in engine.watch.health() if item.name == "history"]
    assert (Level.CRIT, "history.db: database or disk is full", "free disk space") == (
        told.level,
        told.text,
        told.fix,
    )


def test_an_empty_home_is_told_what_to_do(look: Look) -> None:
    """No model, no bars, no check, no schedule: each a warning with the command for it."""
    found = look()

    assert (
        "stockml auto-train",
        "stockml data fetch",
        "stockml performance",
        "stockml schedule install",
    ) == (
        found["models"].fix,
        found["bars"].fix,
        found["check"].fix,
        found["schedule"].fix,
    )
    assert all(found[name].level is Level.WARN for name in ("models", "bars", "check", "schedule"))


def test_what_is_critical(engine: Engine, look: Look) -> None:
    """A broken model, a missed job and a lost run are critical, named, each with its next step."""
    engine.home.models.mkdir(parents=True)
    engine.home.model("NVDA").write_bytes(b"broken")
    engine.models.refresh_status(["NVDA"])
    lost = Run(
        "20250810-010000-abcdef",
        "train",
        "r",
        "simulated",
        SUNDAY,
        "me",
        JobState.LOST,
        (),
        ended_at=SUNDAY,
    )
    jobs = (job("weekly", ScheduleState.MISSED, "the machine was off"),)
    found = look(jobs, runs=(lost,))

    assert [Level.CRIT] * 3 == [found[name].level for name in ("models", "schedule", "runs")]
    assert "NVDA" in found["models"].text
    assert engine.watch.snapshot().worst is Level.CRIT, "the console's title says the same"
    assert "the machine was off" in found["schedule"].text
    assert "stockml schedule catch-up" == found["schedule"].fix
    assert "stockml cron-run clean" == look((job("clean", ScheduleState.FAILED),))["schedule"].fix
    assert "runs show 20250810-010000-abcdef" in found["runs"].fix
    told = conditions(found.values(), scheduled(*jobs), engine.watch.snapshot())
    assert ["weekly Missed: the machine was off"] == [
        each.text for each in told if each.rule == "schedule"
    ]
    rings = {(each.rule, each.active) for each in told}
    assert {("schedule", True), ("backup", False), ("training", False)} <= rings
    again = scheduled(
        job("performance", ScheduleState.STARTED, before="no bars"),
        job("clean", ScheduleState.UP),
    )
    (rung,) = (
        each for each in conditions((), again, engine.watch.snapshot()) if each.rule == "schedule"
    )
    assert (True, "performance Failed: no bars") == (rung.active, rung.text)
    unread = scheduled(unread="cron does not let you have a crontab")
    assert "schedule" not in {
        each.rule for each in conditions((), unread, engine.watch.snapshot())
    }, "what rang goes on"


def test_a_damaged_backup_is_critical(engine: Engine, look: Look) -> None:
    """The newest backup of each symbol is read again; one flipped byte is found."""
    Trainer(engine.home, FakeClock(SUNDAY)).train("NVDA")
    made = engine.backups.create(["NVDA"])
    engine.models.refresh_status(["NVDA"])
    assert Level.OK is look()["backups"].level
    copy = made.backup.path / "nvda_lstm_model.h5"
    copy.write_bytes(copy.read_bytes()[:-1] + b"\0\1")

    assert Level.CRIT is look()["backups"].level


def test_a_check_rings_for_the_house_too(engine: Engine) -> None:
    """Where no health job is scheduled, the performance check tells of a backup that cannot be
    read, once."""
    Trainer(engine.home, FakeClock(SUNDAY)).train("NVDA")
    made = engine.backups.create(["NVDA"])
    copy = made.backup.path / "nvda_lstm_model.h5"
    copy.write_bytes(copy.read_bytes()[:-1] + b"\0\1")
    for _ in range(2):
        engine.watch.check(["NVDA"], train=False)

    assert "backup" in [each.rule for each in engine.alerts.list() if each.state == "firing"]
    assert 1 == sum("a backup cannot be read" in each.title for each in engine.alerts.undelivered())


def test_a_broken_live_file_that_a_backup_keeps_is_no_damage(engine: Engine, look: Look) -> None:
    """The newest backup of a model counts, not the copy of a broken file that was made before it
    was replaced."""
    Trainer(engine.home, FakeClock(SUNDAY)).train("NVDA")
    engine.backups.create(["NVDA"])
    engine.home.model("NVDA").write_bytes(b"broken")
    engine.backups.create(["NVDA"])
    engine.models.refresh_status(["NVDA"])

    assert Level.OK is look()["backups"].level


def test_a_broken_file_is_read_once(home: Home, engine: Engine) -> None:
    """Bars that are stored do not make the status of a broken file look out of date, read after
    read."""
    Trainer(home, FakeClock(SUNDAY)).train("NVDA")
    engine.models.refresh_status(["NVDA"])
    forecast = engine.watch.snapshot().rows[0].forecast
    assert forecast is not None, "bars are there"
    home.model("NVDA").write_bytes(b"broken")
    assert engine.watch.snapshot().rows[0].stale_status
    engine.models.refresh_status(["NVDA"])

    for each in (engine, Engine(home, FakeClock(SUNDAY), "simulated")):
        row = each.watch.snapshot().rows[0]
        assert (row.symbol, row.state, row.stale_status) == ("NVDA", SymbolState.CORRUPT, False)


def test_no_backup_is_not_called_one_that_reads_well(look: Look) -> None:
    """Before the first backup the line says that there is none."""
    assert look()["backups"].text.startswith("none yet")


def test_the_age_of_the_copies_is_shown(engine: Engine, look: Look, tmp_path: Path) -> None:
    """A disk that is not there is critical, a copy is told with its age, a newer backup without
    one warns."""
    Trainer(engine.home, FakeClock(SUNDAY)).train("NVDA")
    assert "copies" not in look()
    text = engine.home.settings.read_text()
    engine.home.settings.write_text(
        text.replace('also_to = ""', f'also_to = "{tmp_path / "disk"}"')
    )
    assert engine.backups.create(["NVDA"]).problems
    absent = look()["copies"]
    (tmp_path / "disk").mkdir()
    back_up(engine.home, engine.settings.current, ["NVDA"], FakeClock(SUNDAY - timedelta(days=3)))
    late = look()["copies"]
    engine.clock = FakeClock(SUNDAY)
    engine.backups.create(["NVDA"])

    assert (absent.level, str(tmp_path / "disk") in absent.text) == (Level.CRIT, True)
    assert (late.level, "3.0 days old; a newer backup has none" in late.text) == (Level.WARN, True)
    assert (look()["copies"].level, "0.0 days old" in look()["copies"].text) == (Level.OK, True)


def test_growth_foresees_a_full_disk(
    engine: Engine, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that grew a gigabyte a day on a disk with five left is critical."""
    with writing(engine.home) as connection:
        for day, size in ((3, 0), (0, 3_000_000_000)):
            row = (iso(SUNDAY - timedelta(days=day)), size)
            connection.execute("INSERT INTO watch_host (at, home_bytes) VALUES (?, ?)", row)
    monkeypatch.setattr(
        "shutil.disk_usage",
        lambda _: SimpleNamespace(free=5_000_000_000, total=10**12, used=10**11),
    )
    found = look()["growth"]

    assert (Level.CRIT, True) == (found.level, "full in 5 days" in found.text)


def test_a_stale_check_is_critical_where_it_is_scheduled(engine: Engine, look: Look) -> None:
    """Three days without a check is a warning, and critical where the schedule promised one."""
    with writing(engine.home) as connection:
        connection.execute(
            "INSERT INTO watch_checks (at, symbol, source, via, status, fault, basis, text)"
            " VALUES (?, 'SPY', '', '', '', '', '', '')",
            (iso(SUNDAY - timedelta(days=3)),),
        )

    assert Level.WARN is look()["check"].level
    assert Level.CRIT is look((job("performance", ScheduleState.UP),))["check"].level


def test_while_you_were_away(engine: Engine, home: Home) -> None:
    """Runs that ended and alerts that rang after the console was last open are told, what came
    before is not."""
    run = Run(
        "20250810-010000-abcdef",
        "train",
        "age",
        "simulated",
        SUNDAY,
        "me",
        JobState.DONE,
        (),
        ended_at=SUNDAY,
    )
    assert () == engine.watch.away().lines
    since = SUNDAY - timedelta(hours=1)
    opened(home, since)

    (line,) = away(home, since, (run, replace(run, ended_at=SUNDAY - timedelta(days=1)))).lines
    assert "run 20250810-010000-abcdef done, age" in line


def machine(folder: Path, **changes: object) -> Machine:
    """A good terminal on a machine without logind."""
    base = Machine(
        {"TERM": "xterm-256color"}, True, 120, 40, "UTF-8", folder / "none", folder / "linger", "op"
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_home_that_cannot_be_written_has_the_fix_of_its_cause(tmp_path: Path) -> None:
    """No change of owner helps where the disk is mounted read-only."""
    owned, mounted = (
        home_item(tmp_path, "ext4", writable=False, readonly=readonly) for readonly in (False, True)
    )

    assert owned.fix.startswith("chown -R ")
    assert (mounted.level, mounted.text) == (Level.CRIT, f"{tmp_path} on ext4, mounted read-only")
    assert "mount it writable" in mounted.fix


def test_the_doctor_finds_what_is_wrong(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault has its item, level and fix; on a good machine none of them is more than OK."""

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("socket.create_connection", unreachable)
    monkeypatch.delenv("TZ", raising=False)
    (tmp_path / "logind.conf").write_text("#KillUserProcesses=no\nKillUserProcesses=yes\n")
    engine.home.secrets.write_text("")
    engine.home.secrets.chmod(0o644)
    bad = machine(
        tmp_path,
        environ={"TERM": "dumb", "TMUX": "1"},
        encoding="ANSI_X3.4-1968",
        logind=tmp_path / "logind.conf",
    )
    found = {
        each.name: each
        for each in doctor(engine.home, engine.settings.current, bad, Daemon(False), "UTC")
    }
    good = {
        each.name: each
        for each in doctor(
            engine.home, engine.settings.current, machine(tmp_path), Daemon(True, 7), "UTC"
        )
    }

    levels = {
        name: str(found[name].level)
        for name in ("terminal", "locale", "tmux", "logout", "cron", "secrets")
    }
    assert {
        "terminal": "WARN",
        "locale": "WARN",
        "tmux": "WARN",
        "logout": "CRIT",
        "cron": "WARN",
        "secrets": "CRIT",
    } == levels
    assert all(found[name].fix for name in levels)
    assert all(good[name].level is Level.OK for name in levels if name != "secrets")
    assert "loginctl enable-linger" == found["logout"].fix
    assert found["network"].text.endswith(
        "cannot be reached (no route), and is not needed: bars are simulated"
    )
    assert good["home"].level is Level.OK
    (tmp_path / "logind.conf.d").mkdir()
    (tmp_path / "logind.conf.d" / "50-keep.conf").write_text("[Login]\nKillUserProcesses=no\n")
    kept = {
        each.name: each
        for each in doctor(engine.home, engine.settings.current, bad, Daemon(True), "UTC")
    }
    assert Level.OK is kept["logout"].level
    (tmp_path / "logind.conf.d" / "50-keep.conf").unlink()
    (tmp_path / "linger").mkdir()
    (tmp_path / "linger" / "op").touch()
    lingering = {
        each.name: each
        for each in doctor(engine.home, engine.settings.current, bad, Daemon(True), "UTC")
    }
    assert Level.OK is lingering["logout"].level


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_the_service_is_judged_by_its_own_word(home: Home, look: Look, service: Service) -> None:
    """Healthy is OK with its latency, degraded a warning with the reason, unhealthy and a
    foreign answer are critical."""
    with running(home, service):
        for code, tree, level, text in (
            (200, {"status": "healthy"}, Level.OK, "healthy in "),
            (
                206,
                {"status": "degraded", "problems": ["SPY has no model"]},
                Level.WARN,
                "SPY has no model",
            ),
            (503, {"status": "unhealthy", "total": 13}, Level.CRIT, "unhealthy in "),
            (503, {"status": "unhealthy", "total": 0}, Level.WARN, "starting"),
            (401, {"detail": "a bearer token is needed"}, Level.CRIT, "a bearer token is needed"),
        ):
            service.health = (code, tree)
            found = look()["service"]
            assert (found.level, text in found.text) == (level, True), found


def test_a_service_that_is_missed(home: Home, look: Look, service: Service) -> None:
    """None is fine where nobody wants one, critical where the schedule starts one;
    one that died is told with its place."""
    wanted = (job("serve", ScheduleState.UP),)
    assert look()["service"].level is Level.OK
    assert (look(wanted)["service"].level, look(wanted)["service"].fix) == (
        Level.CRIT,
        "stockml serve",
    )
    with running(home, service):
        pass
    dead = look()["service"]
    assert (dead.level, f"127.0.0.1:{service.server.server_port}, pid " in dead.text) == (
        Level.WARN,
        True,
    )


def test_a_service_that_died_rings(engine: Engine, service: Service) -> None:
    """One that died or does not report its health fires an alert, which ends when it answers
    again; none wanted rings nothing."""

    def ringing() -> list[str]:
        engine.watch.health()
        return [
            each.rule
            for each in engine.alerts.list()
            if each.state == "firing" and each.rule == "service"
        ]

    assert ringing() == []
    with running(engine.home, service):
        assert ringing() == []
    assert ringing() == ["service"]
    with running(engine.home, service):
        assert ringing() == []
        service.health = (500, {})
        assert ringing() == ["service"]


def test_a_slow_service_is_judged_by_the_limits(
    home: Home, look: Look, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above 5 s a warning, above 10 s critical, whatever it says of itself."""
    with running(home, service):
        for seconds, level in ((4.9, Level.OK), (5.1, Level.WARN), (10.1, Level.CRIT)):
            state = ServiceState(
                find_place(home), ServiceReply(200, seconds, {"status": "healthy"})
            )
            monkeypatch.setattr(
                "engine.watch.health_jobs.service_state", lambda *_, found=state: found
            )
            assert look()["service"].level is level


def test_a_simulated_market_goes_on_without_being_fetched(home: Home) -> None:
    """Nothing writes its bars: a session that ended makes its forecast out of date by itself."""
    clock = FakeClock(SUNDAY)
    engine = Engine(home, clock)
    Trainer(home, clock).train("SPY")
    engine.models.refresh_status(["SPY"])
    clock.advance(timedelta(days=7))
    assert engine.watch.snapshot().row("SPY").bars_behind == 5  # type: ignore[union-attr]
    engine.models.refresh_status(["SPY"])
    row = engine.watch.snapshot().row("SPY")
    assert row is not None and row.forecast is not None
    assert (row.bars_behind, row.forecast.last_bar) == (0, "2025-08-15")


@pytest.mark.parametrize(
    ("source", "behind", "level"),
    [
        ("yahoo", 0, Level.OK),
        ("yahoo", 1, Level.OK),
        ("yahoo", 2, Level.WARN),
        ("yahoo", 6, Level.CRIT),
        ("csv:/srv/bars", 1, Level.OK),
        ("csv:/srv/bars", 2, Level.WARN),
        ("csv:/srv/bars", 126, Level.WARN),
    ],
)
def test_old_bars_warn_from_one_session_beyond_the_limit(
    home: Home, engine: Engine, source: str, behind: int, level: Level
) -> None:
    """Whatever source; what no fetch can mend is not critical, and never passes for well."""
    settings = engine.settings.current
    assert settings.watch.bar_lag_sessions == 1
    days = sessions_between(date(2024, 1, 2), date(2025, 8, 8))
    kept = some_bars(days[: len(days) - behind][-30:], source=source)
    for symbol in settings.names:
        BarStore(home).write(replace(kept, symbol=symbol))
    found = bars(home, settings, engine.watch.snapshot(), SUNDAY, lambda _: source)
    assert found.level is level
    age = f"bars end {behind} session{'' if behind == 1 else 's'} ago at most"
    assert (age in found.text) == bool(behind)
    assert ("all symbols up to" in found.text) == (not behind)
