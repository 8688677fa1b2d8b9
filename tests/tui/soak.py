"""A day of the console in minutes: python -m tests.tui.soak HOME [--hours 24] [--step 60] prints
one JSON document.

The real application in Textual's headless driver over a fake engine whose clock leaps: every few
hours a run of all symbols appears and ends, alerts ring and are resolved, backups come, log
lines stream and the file is rotated, the engine fails now and then; meanwhile screens, details
and dialogs are opened and closed. It tells the memory every simulated half hour, and what works
in the process on the dashboard before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine.core.records import Job, JobState, Run, SymbolState
from engine.core.snapshot import Alert, AlertState, Snapshot
from engine.runs.journal import EventWriter, Journal
from engine.runs.spec import new_run_id, run_folder
from engine.vault.records import Backup
from tests.fake_clock import FakeClock
from tests.tui.fake import FakeEngine
from tests.tui.helpers import until
from tests.tui.scenes import NAMES, NOW, row, snapshot, training_job
from tests.tui.screens.test_leftovers import TAB_KEYS, standing
from tui.app import StockmlApp
from tui.dashboard.screen import MainScreen

RUN_EVERY, RUN_TAKES = timedelta(hours=3), timedelta(minutes=40)
ALERT_EVERY, ALERT_LASTS = timedelta(hours=2), timedelta(minutes=50)
ROTATE_EVERY = timedelta(hours=6)
SAMPLE_EVERY = timedelta(minutes=30)
WARM_UP = 0.2
"""The share of the day in which caches fill; growth is measured behind it."""
LINES = 40
"""Log lines a step."""
DIALOGS = (
    ("question_mark",),
    ("colon",),
    ("slash",),
    ("A",),
    ("G", "x"),
    ("space", "space", "y"),
    ("l", "g", "G"),
    ("enter", "G"),
)


class Day:
    """The home as it stands at a moment: what a day would bring, a function of the clock alone."""

    def __init__(self, engine: FakeEngine, clock: FakeClock) -> None:
        self._engine, self._clock = engine, clock
        self._ended: tuple[Run, ...] = ()
        self._run: Run | None = None
        self._events: EventWriter | None = None
        self.steps = 0

    def step(self, seconds: float) -> None:
        """Let the time pass: the clock, the run, the files."""
        self._clock.advance(timedelta(seconds=seconds))
        self.steps += 1
        now, engine = self._clock.now(), self._engine
        self._move_run(now)
        log = engine.home.training_log
        log.parent.mkdir(parents=True, exist_ok=True)
        if (now - NOW) % ROTATE_EVERY < timedelta(seconds=seconds) and log.exists():
            log.rename(log.with_name("training.log.1"))
        with log.open("a") as file:
            words = (
                ("published", "epoch 3/50", "error: no bars")
                if self.steps % 50 == 0
                else ("published", "epoch 3/50")
            )
            file.writelines(
                f"{now:%Y-%m-%d %H:%M:%S} [INFO] {NAMES[n % 13]} {words[n % len(words)]} {n}\n"
                for n in range(LINES)
            )
        engine.backups_there = tuple(
            Backup(
                engine.home.models / f"backup_{NOW + k * RUN_EVERY:%Y%m%d_%H%M%S}",
                NOW + k * RUN_EVERY,
                (),
            )
            for k in range(min(30, int((now - NOW) / RUN_EVERY)))
        )
        engine.snap = (
            OSError("the disk does not answer") if self.steps % 400 == 0 else self._snapshot(now)
        )
        engine.calls.clear()

    def _move_run(self, now: datetime) -> None:
        since = (now - NOW) % RUN_EVERY
        if self._run is None and since < RUN_TAKES:
            run_id = new_run_id(now)
            folder = run_folder(self._engine.home, run_id)
            folder.path.mkdir(parents=True)
            self._events = EventWriter(
                run_id, "worker-1", self._clock, Journal(folder.events).write
            )
            self._run = Run(
                run_id,
                "train",
                "manual",
                "yahoo",
                now,
                "cron",
                JobState.RUNNING,
                tuple(map(Job, NAMES)),
            )
        elif self._run is not None and since >= RUN_TAKES:
            jobs = tuple(Job(name, JobState.DONE, ended_at=now, generation=2) for name in NAMES)
            self._ended = (
                replace(self._run, state=JobState.DONE, jobs=jobs, ended_at=now),
                *self._ended,
            )[:200]
            self._run = self._events = None
        if self._run is not None and self._events is not None:
            at = min(12, int(13 * since / RUN_TAKES))
            epoch = 1 + int(50 * (13 * since / RUN_TAKES % 1))
            jobs = tuple(
                (
                    Job(name, JobState.DONE, ended_at=now)
                    if n < at
                    else training_job(name, epoch)
                    if n == at
                    else Job(name)
                )
                for n, name in enumerate(NAMES)
            )
            self._run = replace(self._run, jobs=jobs)
            self._events.emit(
                "epoch",
                NAMES[at],
                epoch=epoch,
                epochs=50,
                loss=1 / epoch,
                val_loss=1.1 / epoch,
                eta_s=60.0,
            )

    def _snapshot(self, now: datetime) -> Snapshot:
        jobs = {job.symbol: job for job in self._run.jobs} if self._run else {}
        rows = []
        for n, name in enumerate(NAMES):
            job = jobs.get(name)
            state = (
                SymbolState.TRAIN
                if job and job.state is JobState.RUNNING
                else SymbolState.QUEUED
                if job and not job.state.ended
                else None
            )
            age = (now - NOW).total_seconds() / 86_400 + n / 8
            rows.append(
                row(
                    name,
                    n,
                    state or SymbolState.FRESH,
                    job=job,
                    age_days=age,
                    run_id=self._run.id if self._run else "",
                )
            )
        rings = (now - NOW) % ALERT_EVERY < ALERT_LASTS
        alerts = (
            (
                Alert(
                    "drift", NAMES[self.steps % 13], AlertState.FIRING, now, f"drift at {now:%H:%M}"
                ),
            )
            if rings
            else ()
        )
        live = (self._run,) if self._run else ()
        tail = tuple(f"{now:%H:%M:%S} line {self.steps}.{n}" for n in range(40))
        return snapshot(
            tuple(rows), taken_at=now, runs=(*live, *self._ended), alerts=alerts, log_tail=tail
        )


def ways(draw: random.Random) -> Iterator[tuple[str, ...]]:
    """For ever: a screen, a detail of one with its keys, a dialog."""
    while True:
        key = draw.choice(TAB_KEYS)
        yield draw.choice(
            (
                (key,),
                (key, "j", "enter"),
                (key, "enter", "f", "pageup"),
                (key, "question_mark"),
                draw.choice(DIALOGS),
            )
        )


async def back(app: StockmlApp, pilot: Pilot[Any]) -> None:
    """One step back after the other, to the dashboard."""
    for _ in range(12):
        if isinstance(app.screen, MainScreen) and app.main.notice is None:
            return
        await pilot.press("escape")
    raise AssertionError(f"no way back from {app.screen}")


def memory_mb() -> float:
    """What this process holds, after the garbage is gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def slope(samples: list[tuple[float, float]]) -> float:
    """MB a day by least squares through (hours, MB)."""
    count = len(samples)
    mean_x, mean_y = sum(x for x, _ in samples) / count, sum(y for _, y in samples) / count
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return 24 * sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0


async def live(folder: Path, hours: float, step: float) -> dict[str, Any]:
    """The day; its figures."""
    clock = FakeClock(NOW)
    engine = FakeEngine(folder, snapshot(()))
    day = Day(engine, clock)
    day.step(step)
    app = StockmlApp(engine, wall=clock)
    samples: list[tuple[float, float]] = []
    screens: Counter[str] = Counter()
    began = time.monotonic()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "thread service-reader" in standing(app), "the readers")
        before: Counter[str] = Counter()
        todo = ways(random.Random(7))
        while (passed := clock.now() - NOW) < timedelta(hours=hours):
            day.step(step)
            app.look_now()
            for key in next(todo):
                await pilot.press(key)
                screens[type(app.screen).__name__] += 1
            await back(app, pilot)
            if passed / SAMPLE_EVERY >= len(samples):
                samples.append((passed.total_seconds() / 3600, memory_mb()))
                sys.stderr.write(
                    f"{samples[-1][0]:5.1f} h  {samples[-1][1]:.1f} MB  {sum(screens.values())}"
                    " screens\n"
                )
                before = before or await _settled(app, pilot)
        after = await _settled(app, pilot)
        samples.append((hours, memory_mb()))
    kept = [sample for sample in samples if sample[0] >= WARM_UP * hours]
    return {
        "hours": hours,
        "steps": day.steps,
        "screens": sum(screens.values()),
        "kinds": dict(screens),
        "seconds": time.monotonic() - began,
        "first_mb": samples[0][1],
        "warm_mb": kept[0][1],
        "last_mb": samples[-1][1],
        "most_mb": max(size for _, size in samples),
        "slope_mb_a_day": slope(kept),
        "more": dict(after - before),
        "less": dict(before - after),
    }


async def _settled(app: StockmlApp, pilot: Pilot[Any]) -> Counter[str]:
    """What works on the dashboard once no verb and no closed screen's thread is left over from a
    moment ago."""
    await until(
        pilot,
        lambda: not any("verb-" in name or "set_timer" in name for name in standing(app)),
        "the end of verbs",
    )
    own = ("snapshot-reader", "service-reader", "open-marker", "loop-watch")
    await until(
        pilot,
        lambda: all(name.endswith(own) for name in standing(app) if "-reader" in name),
        "the end of the readers",
    )
    return standing(app)


def main() -> int:
    """Run the day in HOME and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument(
        "--step", type=float, default=60.0, help="simulated seconds between two looks"
    )
    asked = parser.parse_args()
    found = asyncio.run(live(asked.home, asked.hours, asked.step))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
