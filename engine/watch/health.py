"""Health: is the house in order.

One item a subject, each with its level, what was seen and the next step.

CRIT anywhere makes `stockml health` end with 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.client.service_client import service_state
from engine.core.clock import iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import JobState, Level, Run, SymbolState
from engine.core.snapshot import AlertState, Meter, Snapshot, SymbolRow
from engine.core.text import clean
from engine.forecast import status
from engine.market.calendar import covered_until, last_complete_session
from engine.market.last_bar import last_bar
from engine.market.staleness import bars_behind
from engine.settings.schema import Settings
from engine.watch import deliver
from engine.watch.alert_rules import Condition
from engine.watch.records import Item
from engine.watch.schema import SCHEMA

if TYPE_CHECKING:
    from engine.schedule.records import JobView, ScheduleView

_RECENT = timedelta(days=1)
_WEEK = timedelta(days=7)
_DIED = "the last one ended without a word"


def health(
    home: Home,
    settings: Settings,
    snapshot: Snapshot,
    now: datetime,
    schedule: ScheduleView,
    sources: Callable[[SymbolRow], str],
) -> tuple[Item, ...]:
    """Every item, in the order of a morning look;
    `sources` tells where a symbol's bars come from."""
    found: list[Item] = [_meter(meter) for meter in snapshot.meters]
    found += [_models(home, snapshot), _bars(home, settings, snapshot, now, sources)]
    found += _or_why(lambda: (_last_check(home, settings, now, schedule),))
    found += [
        *_schedule(schedule),
        _runs(snapshot, settings, now),
        *_or_why(lambda: _growth(home, now)),
    ]
    found += [
        _service(home, settings, schedule.has("serve")),
        *_backups(home, snapshot),
        *_copies(home, settings, now),
        *_or_why(lambda: _alerts(home, snapshot)),
        *_calendar(now),
    ]
    found += [Item("problem", Level.WARN, problem) for problem in snapshot.problems]
    return tuple(dict.fromkeys(found))


def _or_why(part: Callable[[], Iterable[Item]]) -> list[Item]:
    """What history.db tells, or why it does not: a damaged file must not take the other lights
    with it."""
    try:
        return list(part())
    except StockmlError as error:
        return [unkept(error)]


def unkept(error: StockmlError) -> Item:
    """That history.db cannot be read or written: no check counts, and nothing rings."""
    return Item("history", Level.CRIT, error.message, error.hint)


def conditions(
    items: Iterable[Item], schedule: ScheduleView, snapshot: Snapshot
) -> tuple[Condition, ...]:
    """What the alerts learn from a look at the health."""
    broken = [item.text for item in items if item.name == "backups" and item.level is Level.CRIT]
    found = [Condition("backup", "", bool(broken), "; ".join(broken))]
    missed = [
        item.text
        for item in items
        if item.name == "service" and (item.level is Level.CRIT or _DIED in item.text)
    ]
    found += [Condition("service", "", bool(missed), "; ".join(missed))]
    late = [job.trouble for job in schedule.installed if job.trouble]
    if not schedule.unknown:
        found.append(Condition("schedule", "", bool(late), "; ".join(late)))
    bad = (SymbolState.FAILED, SymbolState.LOST)
    return (
        *found,
        *(
            Condition("training", row.symbol, row.state in bad, f"{row.state}: {row.note}")
            for row in snapshot.rows
        ),
    )


def _meter(meter: Meter) -> Item:
    return Item(meter.name, meter.level, f"{meter.value:.1f}{meter.unit} {meter.detail}".rstrip())


def _models(home: Home, snapshot: Snapshot) -> Item:
    counts = Counter(row.state for row in snapshot.rows)
    words = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    bad = [
        row.symbol
        for row in snapshot.rows
        if row.state in (SymbolState.CORRUPT, SymbolState.FOREIGN)
    ]
    newer = [
        symbol
        for symbol in bad
        if (found := status.read(home.status(symbol))) and found.kind == "newer"
    ]
    if newer:
        return Item(
            "models",
            Level.CRIT,
            f"{words}; made by a newer stockml: {' '.join(newer)}",
            "update stockml",
        )
    if bad:
        return Item(
            "models", Level.CRIT, f"{words}: {' '.join(bad)}", f"stockml train {' '.join(bad)}"
        )
    poor = [
        row.symbol
        for row in snapshot.rows
        if row.state in (SymbolState.NONE, SymbolState.STALE, SymbolState.FAILED, SymbolState.LOST)
    ]
    if poor:
        return Item("models", Level.WARN, f"{words}: {' '.join(poor)}", "stockml auto-train")
    return Item("models", Level.OK, words)


def _bars(
    home: Home,
    settings: Settings,
    snapshot: Snapshot,
    now: datetime,
    sources: Callable[[SymbolRow], str],
) -> Item:
    newest = last_complete_session(now, settings.market.settle_minutes)
    behind = {}
    for row in snapshot.rows:
        bar = last_bar(home, sources(row), row.symbol)
        # csv folders and the simulation are their own clock: only Yahoo's bars go stale.
        settle = settings.market.settle_minutes
        behind[row.symbol] = (
            None if bar is None else bars_behind(bar.date, sources(row), now, settle) or 0
        )
    missing = [symbol for symbol, lag in behind.items() if lag is None]
    lags = {symbol: lag for symbol, lag in behind.items() if lag}
    if not missing and not lags:
        return Item("bars", Level.OK, f"all symbols up to the session of {newest}")
    worst = max(lags.values(), default=0)
    text = f"the last complete session is {newest}"
    text += (
        f"; {len(lags)} symbols behind, {worst} sessions at most ({' '.join(lags)})" if lags else ""
    )
    text += f"; none of {' '.join(missing)}" if missing else ""
    level = (
        Level.CRIT
        if worst > 5
        else Level.WARN
        if worst > settings.watch.bar_lag_sessions or missing
        else Level.OK
    )
    return Item("bars", level, text, "stockml data fetch" if level is not Level.OK else "")


def _last_check(home: Home, settings: Settings, now: datetime, schedule: ScheduleView) -> Item:
    with reading(home, SCHEMA) as connection:
        row = (
            connection.execute("SELECT MAX(at) FROM watch_checks").fetchone()
            if connection is not None
            else (None,)
        )
    if row[0] is None:
        return Item("check", Level.WARN, "no performance check yet", "stockml performance")
    gap = now - parse_iso(row[0])
    # On weekends cron checks nothing: from Friday 18:00 to Monday 06:00 are 60 hours.
    over = gap > max(timedelta(hours=66), timedelta(hours=3 * settings.watch.interval_hours))
    level = Level.OK
    if over:
        level = Level.CRIT if schedule.has("performance") else Level.WARN
    return Item(
        "check",
        level,
        f"the newest one {gap.total_seconds() / 3600:.1f} h ago",
        "stockml performance" if over else "",
    )


def _schedule(schedule: ScheduleView) -> Iterator[Item]:
    if schedule.unknown:
        yield Item("schedule", Level.WARN, schedule.unknown, "stockml schedule show")
    elif not schedule.installed:
        yield Item("schedule", Level.WARN, "no job is installed", "stockml schedule install")
    for job in schedule.installed:
        yield Item(
            "schedule", Level.CRIT if job.in_trouble else Level.OK, str(job), _next_step(job)
        )


def _next_step(job: JobView) -> str:
    if not job.in_trouble:
        return ""
    if job.was_missed:
        return "stockml schedule catch-up"
    # What failed was not missed: catch-up would find nothing to do.
    return f"stockml cron-run {job.job.name}"


def _runs(snapshot: Snapshot, settings: Settings, now: datetime) -> Item:
    limit = timedelta(minutes=settings.training.stall_limit_min)
    stalled = [
        run.id for run in snapshot.live_runs if now - (run.last_event_at or run.created_at) > limit
    ]
    lost = [
        run.id for run in snapshot.runs if run.state is JobState.LOST and now - _end(run) < _RECENT
    ]
    if stalled or lost:
        words = [f"stalled: {' '.join(stalled)}"] if stalled else []
        words += [f"lost within a day: {' '.join(lost)}"] if lost else []
        return Item(
            "runs", Level.CRIT, "; ".join(words), f"stockml runs show {(stalled + lost)[0]}"
        )
    return Item(
        "runs", Level.OK, f"{len(snapshot.live_runs)} live, none stalled, none lost within a day"
    )


def _end(run: Run) -> datetime:
    return run.ended_at or run.last_event_at or run.created_at


def _growth(home: Home, now: datetime) -> Iterator[Item]:
    """How fast the home grew over a week of checks, and how long the disk lasts at that."""
    with reading(home, SCHEMA) as connection:
        rows = (
            connection.execute(
                "SELECT at, home_bytes FROM watch_host WHERE at>=? ORDER BY id", (iso(now - _WEEK),)
            ).fetchall()
            if connection is not None
            else []
        )
    if len(rows) < 2:
        return
    days = (parse_iso(rows[-1][0]) - parse_iso(rows[0][0])).total_seconds() / 86400
    if days < 0.5:
        return
    a_day = (rows[-1][1] - rows[0][1]) / days
    import shutil

    left = shutil.disk_usage(home.root).free / a_day if a_day > 0 else float("inf")
    level = Level.CRIT if left < 7 else Level.WARN if left < 30 else Level.OK
    ends = f", the disk is full in {left:.0f} days" if level is not Level.OK else ""
    text = f"the home holds {rows[-1][1] / 1e6:.0f} MB, {a_day / 1e6:+.1f} MB a day{ends}"
    yield Item("growth", level, text, "stockml clean" if ends else "")


def _service(home: Home, settings: Settings, wanted: bool) -> Item:
    """The service's own word, judged by its latency;
    `wanted` says whether the schedule starts one."""
    slow, late = settings.resources.response_warn_s, settings.resources.response_crit_s
    found = service_state(home, late + 1.0)
    word, reply = found.word, found.reply
    if word in ("off", "down"):
        level = Level.CRIT if wanted else Level.WARN if word == "down" else Level.OK
        text = f"none runs; {_DIED}: {found.place.text}" if word == "down" else "none runs"
        return Item(
            "service", level, clean(text, 200), "" if level is Level.OK else "stockml serve"
        )
    if word == "starting":
        return Item("service", Level.WARN, f"starting: {found.place.text}".rstrip(": "))
    if word in ("silent", "error"):
        return Item(
            "service",
            Level.CRIT,
            f"runs, and does not tell its health: {reply.problem}",
            "look at its own output",
        )
    if word == "unhealthy" or reply.seconds > late:
        level = Level.CRIT
    else:
        level = Level.WARN if word == "degraded" or reply.seconds > slow else Level.OK
    problems = reply.tree.get("problems")
    why = f": {problems[0]}" if isinstance(problems, list) and problems else ""
    text = f"{word} in {reply.seconds * 1000:.0f} ms at {found.place.text.partition(',')[0]}{why}"
    return Item(
        "service", level, clean(text, 200), "" if level is Level.OK else "stockml test-symbol"
    )


def _backups(home: Home, snapshot: Snapshot) -> Iterator[Item]:
    """The newest backup of every symbol that has a model, read again."""
    from engine.vault.backups import backups_in, check_entry

    try:
        known = backups_in(home.models)
    except StockmlError as error:
        yield Item("backups", Level.CRIT, str(error))
        return
    broken, without, good = [], [], 0
    for row in snapshot.rows:
        # A broken or foreign file that a backup keeps is not what a restore would bring back.
        held = ((each, each.entry(row.symbol)) for each in known)
        newest, entry = next(
            ((each, it) for each, it in held if it and it.kind in ("model", "unknown")),
            (None, None),
        )
        if newest is None or entry is None:
            without += [row.symbol] if row.model is not None and row.model.generation > 1 else []
            continue
        found = check_entry(newest, entry)
        good += found.ok
        broken += [] if found.ok else [f"{newest.name}/{row.symbol}: {found.text or found.kind}"]
    if broken:
        yield Item("backups", Level.CRIT, "; ".join(broken), "stockml backup")
    elif not good and not without:
        yield Item(
            "backups", Level.OK, "none yet, and none is needed: a training keeps what it replaces"
        )
    else:
        text = f"the newest backup of {good} symbol{'' if good == 1 else 's'} reads well" + (
            f"; none of {' '.join(without)}" if without else ""
        )
        yield Item(
            "backups",
            Level.WARN if without else Level.OK,
            text,
            "stockml backup" if without else "",
        )


def _copies(home: Home, settings: Settings, now: datetime) -> Iterator[Item]:
    """The copies on the other disk: how old the newest is, and whether it is the newest backup
    there is."""
    from engine.vault.backups import backups_in, newest_valid, other_disk

    if (folder := other_disk(home, settings)) is None:
        return
    try:
        here, there = (
            newest_valid(backups_in(home.models), now),
            newest_valid(backups_in(folder), now),
        )
    except StockmlError as error:
        yield Item("copies", Level.CRIT, str(error))
        return
    if there is None:
        yield Item(
            "copies",
            Level.CRIT if here else Level.OK,
            f"none in {folder} (backup.also_to)",
            "stockml backup",
        )
        return
    days = (now - there.created_at) / timedelta(days=1)
    late = here is not None and here.created_at > there.created_at
    text = f"the newest in {folder} is {days:.1f} days old"
    yield Item(
        "copies",
        Level.WARN if late else Level.OK,
        text + ("; a newer backup has none" if late else ""),
        "stockml backup" if late else "",
    )


def _alerts(home: Home, snapshot: Snapshot) -> Iterator[Item]:
    firing = [
        alert for alert in snapshot.alerts if alert.state is AlertState.FIRING and not alert.acked
    ]
    names = ", ".join(f"{alert.rule} {alert.symbol}".rstrip() for alert in firing)
    yield Item(
        "alerts",
        Level.WARN if firing else Level.OK,
        names or "nothing fires",
        "stockml alerts list" if firing else "",
    )
    waiting = deliver.outbox(home)
    if waiting:
        why = deliver.alert_urls(home)[1] or waiting[0].fault or "not sent yet"
        yield Item(
            "alerts",
            Level.WARN,
            f"{_messages(len(waiting))} undelivered: {why}",
            "stockml alerts test",
        )


def _messages(count: int) -> str:
    return "1 message is" if count == 1 else f"{count} messages are"


def _calendar(now: datetime) -> Iterator[Item]:
    left = (covered_until() - now.date()).days
    if left < 90:
        yield Item(
            "calendar", Level.WARN, f"the table of sessions ends in {left} days", "update stockml"
        )
