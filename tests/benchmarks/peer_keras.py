"""The peer: one symbol forecast the way tutorials do it, to measure against.

Two years of bars, some forty indicators, prices and indicators min-max scaled over the training
rows, windows of 60 sessions, a stacked LSTM of 128/64/32 units with dropout and batch
normalisation that forecasts the price level, 50 epochs at most with early stopping. It learns
from the sessions up to CUTOFF, then forecasts every later one a step ahead.

usage: python -m tests.benchmarks.peer_keras CSV_DIR SYMBOL CUTOFF [EPOCHS]
prints one line of JSON
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

_BEGAN = time.monotonic()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402 - the time of this import is one of the figures
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from keras import layers  # noqa: E402
from sklearn.preprocessing import MinMaxScaler  # noqa: E402

_IMPORT_S = time.monotonic() - _BEGAN
WINDOW, TWO_YEARS, SEED = 60, 502, 7


def indicators(bars: pd.DataFrame) -> pd.DataFrame:
    """[n, 43] what the tutorials feed: levels, averages, oscillators, bands;
    gaps filled from both sides."""
    close, high, low, volume = bars.close, bars.high, bars.low, bars.volume
    found = {
        "open": bars.open,
        "high": high,
        "low": low,
        "volume": volume,
        "return": close.pct_change(),
    }
    found |= {
        "log return": np.log(close).diff(),
        "range": high - low,
        "body": (close - bars.open).abs(),
    }
    for length in (5, 10, 20, 50):
        average = close.rolling(length).mean()
        found |= {
            f"sma{length}": average,
            f"ema{length}": close.ewm(span=length).mean(),
            f"ratio{length}": close / average,
        }
    found |= {f"volatility{length}": found["return"].rolling(length).std() for length in (5, 20)}
    up, down = (close.diff() * sign for sign in (1, -1))
    found["rsi"] = 100 - 100 / (
        1 + up.clip(lower=0).rolling(14).mean() / down.clip(lower=0).rolling(14).mean()
    )
    found["macd"] = close.ewm(span=12).mean() - close.ewm(span=26).mean()
    found["macd signal"] = found["macd"].ewm(span=9).mean()
    middle, spread = close.rolling(20).mean(), close.rolling(20).std()
    found |= {"upper band": middle + 2 * spread, "lower band": middle - 2 * spread}
    found |= {
        "place in band": (close - middle + 2 * spread) / (4 * spread),
        "band width": 4 * spread / middle,
    }
    found |= {"volume ratio": volume / volume.rolling(10).mean(), "price volume": close * volume}
    found |= {f"momentum{length}": close / close.shift(length) - 1 for length in (5, 10, 20)}
    support, resistance = low.rolling(20).min(), high.rolling(20).max()
    found |= {"support": support, "resistance": resistance}
    found |= {
        "to support": (close - support) / close,
        "to resistance": (resistance - close) / close,
    }
    return pd.DataFrame(found).ffill().bfill()


def network(columns: int) -> keras.Model:
    """Three stacked LSTM layers, then two dense ones."""
    model = keras.Sequential([layers.Input((WINDOW, columns))])
    for units, more in ((128, True), (64, True)):
        model.add(layers.LSTM(units, return_sequences=more))
        model.add(layers.Dropout(0.2))
        model.add(layers.BatchNormalization())
    for layer in (
        layers.LSTM(32),
        layers.Dropout(0.2),
        layers.Dense(25, activation="relu"),
        layers.Dropout(0.1),
        layers.Dense(1),
    ):
        model.add(layer)
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    return model


def measure(folder: Path, symbol: str, cutoff: str, epochs: int) -> dict[str, Any]:
    """Train on the sessions up to `cutoff`, forecast the later ones;
    percent as percent, seconds."""
    bars = pd.read_csv(folder / f"{symbol}.csv", parse_dates=["date"]).set_index("date")
    later = int((bars.index > cutoff).sum())
    bars = bars.tail(TWO_YEARS + later)
    split = len(bars) - later
    inputs, prices = indicators(bars), bars[["close"]]
    of_inputs, of_prices = MinMaxScaler().fit(inputs[:split]), MinMaxScaler().fit(prices[:split])
    scaled = of_inputs.transform(inputs).astype("f4")
    target = of_prices.transform(prices).astype("f4")[:, 0]
    windows = np.stack([scaled[row - WINDOW : row] for row in range(WINDOW, len(bars))])
    keras.utils.set_random_seed(SEED)
    model, began = network(scaled.shape[1]), time.monotonic()
    stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    slower = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=5, min_lr=1e-4)
    fitted = model.fit(
        windows[: split - WINDOW],
        target[WINDOW:split],
        epochs=epochs,
        batch_size=32,
        validation_split=0.2,
        verbose=0,
        callbacks=[stop, slower],
    )
    fit_s = time.monotonic() - began
    forecast = of_prices.inverse_transform(model.predict(windows[split - WINDOW :], verbose=0))[
        :, 0
    ]
    close = bars.close.to_numpy()
    return {
        "symbol": symbol,
        "wall_s": round(time.monotonic() - _BEGAN, 1),
        "import_s": round(_IMPORT_S, 1),
        "fit_s": round(fit_s, 1),
        "cpu_s": round(time.process_time(), 1),
        "epochs": len(fitted.history["loss"]),
        "first": str(bars.index[split].date()),
        "last": str(bars.index[-1].date()),
        **figures(forecast, close[split:], close[split - 1 : -1]),
    }


def figures(forecast: np.ndarray, actual: np.ndarray, before: np.ndarray) -> dict[str, Any]:
    """MAPE beside naive's, their ratio, and direction against the last close."""
    error, naive = np.abs(forecast - actual) / actual, np.abs(before - actual) / actual
    hits = np.sign(forecast - before) == np.sign(actual - before)
    return {
        "n": len(actual),
        "mape": round(100 * float(error.mean()), 3),
        "naive_mape": round(100 * float(naive.mean()), 3),
        "mase": round(float(error.mean() / naive.mean()), 3),
        "direction": round(100 * float(hits.mean()), 1),
    }


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    sys.stdout.write(
        json.dumps(measure(Path(given[0]), given[1], given[2], int(given.get(3, "50")))) + "\n"
    )
