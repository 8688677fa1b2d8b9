"""What goes out over HTTP is what Keras itself would say of the same file."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers import ROOT, environment
from tests.service.homes import Served

# The forecaster with its network's numpy pass replaced by Keras, which opens the file by its own reader.
SCRIPT = """
import sys
from pathlib import Path
import keras
import numpy as np
from engine.core.clock import FakeClock
from engine.core.config import load
from engine.core.paths import Home
from engine.forecast.members import lstm
from engine.service.metrics import Metrics
from engine.service.shelf import Shelf
from tests.service.homes import NOW

home = Home(Path(sys.argv[1]))
model = keras.models.load_model(home.model("NVDA"), compile=False)
calls = []
def by_keras(networks, windows):
    calls.append(len(networks))
    return [model.predict(np.asarray(each, np.float32), verbose=0)[:, 0] for each in windows]
lstm.forward_stacked = by_keras
shelf = Shelf(home, FakeClock(NOW), Metrics(), None)
shelf.look(load(home))
calls.clear()
found = shelf.slot("NVDA").forecast()
assert calls, "Keras was not asked"
print(repr(found.next_close), repr(found.low80), repr(found.high95))
"""


def test_http_equals_keras(served: Served) -> None:
    """Forecast and interval over HTTP equal those with Keras in the place of numpy within 1e-5."""
    line = [sys.executable, "-c", SCRIPT, str(served.home.root)]
    ran = subprocess.run(line, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=200, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    close, low, high = (float(text) for text in ran.stdout.split()[-3:])
    told = served.get("/api/v1/predict/NVDA")
    assert told["predicted_price"] == pytest.approx(close, rel=1e-5)
    assert (told["interval"]["low80"], told["interval"]["high95"]) == pytest.approx((low, high), rel=1e-5)
