"""What the console may not load: a heavy library costs its start and its memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.helpers import ROOT, environment

SCRIPT = """
import asyncio, sys
from pathlib import Path
from engine.api import Engine
from engine.core.paths import Home
from engine.settings.home import prepare
import tui.launch, tui.doctor.screen
from tui.app import StockmlApp
home = Home(Path(sys.argv[1])); prepare(home)
app = StockmlApp(Engine(home, source="simulated"))
async def until(pilot, condition):
    for _ in range(6000):
        await pilot.pause(0.01)
        if condition(): return
    raise AssertionError((app.screen, app.main.failure))
async def opened(pilot, key):
    before = app.screen
    await pilot.press(key)
    def read():
        shown = app.screen.failure or getattr(app.screen, "value", None) is not None
        return app.screen is not before and shown
    await until(pilot, read)
    assert app.screen.value is not None, (key, app.screen.failure)
async def paint():
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.snapshot)
        await pilot.press("question_mark", "escape", "l", "escape", "colon", "escape")
        await until(pilot, lambda: app.screen is app.main)
        for key in "234567":
            await opened(pilot, key)
        await opened(pilot, "comma")
        assert app.screen.value.sheet.settings
        await pilot.press("e", "escape", "H", "1", "enter", "escape")
asyncio.run(paint())
print(*sorted(sys.modules))
"""


def test_console_loads_no_heavy_library(tmp_path: Path) -> None:
    """After its first paint over a real engine, and with every screen opened, none of them is
    loaded."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "home")],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())

    assert "textual.app" in loaded
    heavy = {
        "numpy",
        "pandas",
        "h5py",
        "tensorflow",
        "keras",
        "sklearn",
        "scipy",
        "yfinance",
        "exchange_calendars",
        "crontab",
        "matplotlib",
    }
    assert loaded & heavy == set()
