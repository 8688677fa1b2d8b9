"""Forecasts: hot, one and 13 stacked, against Keras's `predict` of the same network.

The cold command; model files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.settings import load as config
from tests.benchmarks.common import Bench, Row, middle, say, script, simulated_home, stockml, timed
from tests.vault.files import read_model

MODULE = "tests.benchmarks.forecast"


def rows(bench: Bench) -> Iterator[Row]:
    """13 models of all members;
    hot figures are taken inside a process, bars and models in memory."""
    home = simulated_home(bench.folder / "forecast", sessions=1000)
    say("forecast: 13 models of all members")
    stockml(home, "train-all", "--epochs", "2", "--accept-worse")
    hot = script(MODULE, "numpy", str(home.root), str(5 * bench.times))
    yield middle("one symbol, hot", hot["one"], "ms", 10)
    yield middle("13 symbols, hot, one by one", hot["each"], "ms")
    yield middle("13 symbols, hot, one stacked recursion", hot["stacked"], "ms", 40)
    yield middle("the network of one symbol alone, numpy", hot["network"], "ms")
    yield middle("the networks of 13 symbols alone, numpy, stacked", hot["networks"], "ms")
    keras = script(MODULE, "keras", str(home.root), str(5 * bench.times))
    yield middle("the network of one symbol alone, keras predict", keras["predict"], "ms")
    yield Row(
        "keras predict ÷ numpy, one network", median(keras["predict"]) / median(hot["network"]), "×"
    )
    yield Row(
        "largest difference between keras and numpy, 13 published models", keras["apart"], "", 1e-5
    )
    cold = [stockml(home, "predict", "NVDA").cpu for _ in range(bench.times)]
    yield middle("cold `stockml predict NVDA`", cold, "CPU-s", 1.0)
    yield middle(
        "cold `stockml predict --all`",
        [stockml(home, "predict", "--all").cpu for _ in range(bench.times)],
        "CPU-s",
    )
    largest = max(path.stat().st_size for path in home.models.glob("*.h5"))
    yield Row("largest of 13 model files", largest / 2**20, "MB", 1.0)


def hot(home: Home, times: int) -> dict[str, Any]:
    """Milliseconds of forecasts by numpy, everything they read in memory."""
    from engine.forecast.inference import forecast_together, load_forecaster
    from engine.forecast.lstm_numpy import forward, forward_stacked
    from engine.market.fetch import stored_bars

    settings, clock = config.load(home), SystemClock()
    forecasters = [load_forecaster(read_model(home.model(symbol))) for symbol in settings.names]
    bars = {
        symbol: stored_bars(home, settings, "simulated", symbol, clock) for symbol in settings.names
    }
    networks = [forecaster.model.members["lstm"].layers() for forecaster in forecasters]  # type: ignore[attr-defined]
    windows = [_window(network) for network in networks]
    return {
        "one": timed(lambda: forecasters[0].forecast(bars["NVDA"], bars), times),
        "each": timed(
            lambda: [each.forecast(bars[each.symbol], bars) for each in forecasters], times
        ),
        "stacked": timed(
            lambda: forecast_together(
                [each.request(bars[each.symbol], bars) for each in forecasters]
            ),
            times,
        ),
        "network": timed(lambda: forward(networks[0], windows[0]), times),
        "networks": timed(lambda: forward_stacked(networks, windows), times),
    }


def by_keras(home: Home, times: int) -> dict[str, Any]:
    """Milliseconds of `predict` in Keras, and how far it is from numpy over all stored models."""
    from engine.forecast.members.lstm import prepare_tensorflow

    prepare_tensorflow()
    import keras
    import numpy as np

    from engine.forecast.lstm_numpy import forward

    found: list[float] = []
    apart = 0.0
    for symbol in config.load(home).names:
        path = home.model(symbol)
        network = keras.models.load_model(path, compile=False)
        layers = read_model(path).layers
        window = _window(layers)
        if not found:
            found = timed(partial(network.predict, window, verbose=0), times)
        theirs = network.predict_on_batch(window)[:, 0]
        apart = max(apart, float(np.abs(theirs - forward(layers, window)).max()))
    return {"predict": found, "apart": apart}


def _window(network: Any) -> Any:
    """[1, sessions, features] a window of noise in the shape that the network reads."""
    import numpy as np

    shape = network[0].config["batch_shape"][1:]
    return np.random.default_rng(7).standard_normal((1, *shape)).astype(np.float32)


if __name__ == "__main__":
    work = {"numpy": hot, "keras": by_keras}[sys.argv[1]]
    sys.stdout.write(json.dumps(work(Home(Path(sys.argv[2])), int(sys.argv[3]))) + "\n")
