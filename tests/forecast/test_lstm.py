"""The lstm member learns what is there, keeps quiet about what is not, and needs TensorFlow only
to learn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ModelError, NoDataError
from engine.forecast.dataset import Dataset
from engine.forecast.lstm_numpy import forward
from engine.forecast.members import lstm
from engine.forecast.members.base import Cancelled, FitOptions
from engine.forecast.members.lstm_weights import NetworkShape, first_weights, layers_of
from tests.helpers import ROOT, environment

STEPS, FEATURES = 8, 3
SHAPE = NetworkShape(steps=STEPS, features=FEATURES, first=6, second=4, batch=16)


def simulated(signal: float, sessions: int = 900, seed: int = 5) -> Dataset:
    """Noise, and `signal` times the mean of one feature over five sessions: what only memory can
    find."""
    draw = np.random.default_rng(seed)
    features = draw.standard_normal((sessions, FEATURES))
    memory = np.convolve(features[:, 0], np.ones(5) / np.sqrt(5))[:sessions]
    scale = np.full(sessions, 0.02)
    target = scale * (signal * memory + np.sqrt(1 - signal**2) * draw.standard_normal(sessions))
    target[-1] = np.nan
    dates = np.datetime64("2020-01-01") + np.arange(sessions)
    return Dataset(
        symbol="SIM",
        dates=dates,
        close=np.full(sessions, 100.0),
        features=features,
        names=("a", "b", "c"),
        scale=scale,
        sigma=scale,
        target=target,
        report=None,
        report_known=False,
        report_day=np.zeros(sessions, dtype=bool),
    )


def options(**changes: Any) -> FitOptions:
    return replace(
        FitOptions(epochs=15, batch_size=16, sequence_length=STEPS, patience=5, seed=11), **changes
    )


ROWS = np.arange(900)
TRAIN, VALIDATION, LATER = ROWS[:500], ROWS[500:650], ROWS[650:-1]


@pytest.fixture(scope="module")
def learned() -> lstm.FittedLstm:
    """The member fitted on data with a real signal."""
    return lstm.fit(simulated(0.7), TRAIN, VALIDATION, options())


def test_learns_a_signal(learned: lstm.FittedLstm) -> None:
    """On later sessions the squared error is clearly below that of the forecast "no change"."""
    data = simulated(0.7)
    error = data.target[LATER] - learned.predict(data, LATER)
    assert np.mean(error**2) < 0.75 * np.mean(data.target[LATER] ** 2)


def test_keeps_quiet_about_noise() -> None:
    """On pure noise the forecast stays within a tenth of the volatility, and costs next to
    nothing."""
    data = simulated(0.0)
    forecast = lstm.fit(data, TRAIN, VALIDATION, options()).predict(data, LATER)
    assert np.abs(forecast / data.scale[LATER]).mean() < 0.1
    assert np.mean((data.target[LATER] - forecast) ** 2) < 1.02 * np.mean(data.target[LATER] ** 2)


def test_same_seed_same_weights(learned: lstm.FittedLstm) -> None:
    """The same seed and bars give the same weights bit for bit, another seed gives others."""
    again = lstm.fit(simulated(0.7), TRAIN, VALIDATION, options())
    other = lstm.fit(simulated(0.7), TRAIN, VALIDATION, options(seed=12))
    assert all(
        np.array_equal(array, again.arrays()[name]) for name, array in learned.arrays().items()
    )
    assert not np.array_equal(learned.arrays()["lstm_1.0"], other.arrays()["lstm_1.0"])


def test_reads_no_later_row() -> None:
    """Scrambling every target and feature after the validation rows changes no weight."""
    data = simulated(0.7)
    after = VALIDATION[-1] + 1
    features, target = data.features.copy(), data.target.copy()
    features[after:], target[after:] = 9.0, -1.0
    scrambled = replace(data, features=features, target=target)
    fits = [lstm.fit(each, TRAIN, VALIDATION, options(epochs=2)) for each in (data, scrambled)]
    assert all(
        np.array_equal(array, fits[1].arrays()[name]) for name, array in fits[0].arrays().items()
    )


def test_a_stored_model_forecasts_the_same(learned: lstm.FittedLstm) -> None:
    """Arrays and layers each bring back the same forecasts, bit for bit."""
    data = simulated(0.7)
    forecast = learned.predict(data, LATER)
    assert np.array_equal(lstm.load(learned.arrays()).predict(data, LATER), forecast)
    assert np.array_equal(lstm.from_layers(learned.layers()).predict(data, LATER), forecast)


def test_several_at_once(learned: lstm.FittedLstm) -> None:
    """Members of different symbols forecast together what each forecasts alone."""
    members, data = (
        (learned, lstm.FittedLstm(lstm.empty_layers(STEPS, FEATURES)), learned),
        [simulated(0.5, seed=at) for at in range(3)],
    )
    rows = [LATER[-1:], LATER[-2:], LATER[-1:]]
    together = lstm.predict_stacked(members, data, rows)
    for member, each, at, forecast in zip(members, data, rows, together, strict=True):
        assert np.allclose(member.predict(each, at), forecast, atol=1e-8)


def test_missing_array_is_named(learned: lstm.FittedLstm) -> None:
    """A stored member without one of its arrays is refused by name."""
    arrays = learned.arrays()
    del arrays["lstm_2.1"]
    with pytest.raises(ModelError, match=r"lstm_2\.1"):
        lstm.load(arrays)


def test_cancel_ends_between_epochs() -> None:
    """A fit asked to stop raises Cancelled after the epoch it was in."""
    seen: list[dict[str, Any]] = []
    with pytest.raises(Cancelled):
        lstm.fit(
            simulated(0.7),
            TRAIN,
            VALIDATION,
            options(report=lambda _, v: seen.append(v), cancelled=lambda: len(seen) == 2),
        )
    assert [each["epoch"] for each in seen] == [1, 2]
    assert {"epoch", "epochs", "loss", "val_loss", "eta_s"} == set(seen[0])


def test_too_little_history_is_reported() -> None:
    """Rows without a full window before them are refused with the numbers, in fitting and in
    forecasting."""
    with pytest.raises(NoDataError, match="the 8 sessions before it"):
        lstm.fit(simulated(0.7), ROWS[:7], VALIDATION, options())
    with pytest.raises(NoDataError, match="row 3 has 4 sessions up to it, the lstm reads 8"):
        lstm.FittedLstm(lstm.empty_layers(STEPS, FEATURES)).predict(
            simulated(0.7), np.array([3, 20])
        )


def test_empty_network_forecasts_no_change() -> None:
    """The network for models without an lstm answers 0."""
    assert (
        not lstm.FittedLstm(lstm.empty_layers(STEPS, FEATURES)).predict(simulated(0.7), LATER).any()
    )


def test_best_epoch_is_restored() -> None:
    """Of an overfitting run the weights of the best epoch are kept, and numpy confirms the loss
    the graph reported."""
    from engine.forecast.members import lstm_train

    data, losses = simulated(0.3), []
    inputs, targets = data.features.astype(np.float32), data.scaled_target.astype(np.float32)
    training_data = lstm_train.TrainingData(
        inputs=inputs,
        targets=targets,
        train=TRAIN[STEPS:200].astype(np.int32),
        validation=VALIDATION.astype(np.int32),
    )
    parameters = lstm_train.Hyperparameters(learning_rate=1e-2, decay=0.0, dropout=0.0)
    told = options(
        epochs=25, patience=8, report=lambda _, values: losses.append(values["val_loss"])
    )
    weights = lstm_train.learn(training_data, SHAPE, parameters, told)
    answer = forward(layers_of(weights, SHAPE), lstm.windows_of(inputs, VALIDATION, STEPS, "SIM"))
    best = int(np.argmin(losses))
    size = np.abs(targets[VALIDATION] - answer)
    assert np.mean(np.where(size < 1.0, size**2 / 2, size - 0.5)) == pytest.approx(
        losses[best], abs=1e-5
    )
    assert len(losses) == best + 1 + 8 < 25
    assert losses[-1] > losses[best] + 1e-3


def test_trained_forward_equals_stored_forward() -> None:
    """The network that learns (fused kernel) answers as the one that is stored, scaled and
    moved."""
    from engine.forecast.members import lstm_train

    weights = first_weights(SHAPE, 3) + 0.3 * np.random.default_rng(1).standard_normal(
        sum(SHAPE.counts)
    ).astype(np.float32)
    windows = np.random.default_rng(2).standard_normal((9, STEPS, FEATURES)).astype(np.float32)
    taught = lstm_train.outputs_of(weights, windows.transpose(1, 0, 2), SHAPE, None).numpy()
    assert taught.std() > 0.01
    assert np.abs(taught - forward(layers_of(weights, SHAPE), windows)).max() < 1e-5
    assert (
        np.abs(0.5 * taught + 0.25 - forward(layers_of(weights, SHAPE, 0.5, 0.25), windows)).max()
        < 1e-5
    )


def test_the_graph_of_an_epoch_is_traced_once_a_worker() -> None:
    """Every symbol of one shape trains on the same compiled graph."""
    from engine.forecast.members import lstm_train

    assert lstm_train.compiled(SHAPE, lstm_train.Hyperparameters()) is lstm_train.compiled(
        SHAPE, lstm_train.Hyperparameters()
    )


def test_tracing_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What TensorFlow writes to trace a graph is gone at once: a worker ends before TensorFlow
    would remove it."""
    from engine.forecast.members import lstm_train

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lstm_train.compiled(SHAPE, lstm_train.Hyperparameters(learning_rate=0.5))
    assert list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() == str(tmp_path)


def test_shrinkage_follows_the_evidence() -> None:
    """A proven answer is kept whole, an overconfident one in part, a faint one for a quarter, a
    wrong or a loud one not."""
    draw = np.random.default_rng(0)
    answer, noise = draw.standard_normal((2, 400)).astype(np.float32)
    assert lstm.shrinkage(answer, 2 * answer + noise) == 1.0
    assert lstm.shrinkage(answer, 0.5 * answer + 0.1 * noise) == pytest.approx(0.5, abs=0.02)
    assert lstm.shrinkage(0.001 * answer, noise) == pytest.approx(0.25, abs=0.01)
    assert lstm.shrinkage(answer, -answer + noise) == 0.0
    assert lstm.shrinkage(answer, 0 * noise) == 0.0
    loud = [lstm.shrinkage(*draw.standard_normal((2, 400)).astype(np.float32)) for _ in range(100)]
    assert np.mean(loud) < 0.05


@given(st.integers(1, 200), st.integers(1, 64))
def test_every_row_counts_once(rows: int, batch: int) -> None:
    """The batches of an epoch hold each row once, whatever fills up the last one."""
    from engine.forecast.members.lstm_train import shuffled

    batches, counted = shuffled(np.arange(rows, dtype=np.int32), batch, np.random.default_rng(0))
    assert batches.shape == counted.shape == (-(-rows // batch), batch)
    assert sorted(batches[counted == 1.0]) == list(range(rows))


CHILD = """
import json, sys
import numpy as np
from engine.forecast.members import lstm
from tests.forecast.test_lstm import LATER, TRAIN, VALIDATION, options, simulated

def heavy():
    return sorted({"tensorflow", "keras", "pandas", "sklearn", "h5py"} & set(sys.modules))

data = simulated(0.7)
forecast = lstm.load(dict(np.load(sys.argv[1]))).predict(data, LATER)
before = heavy()
weights = lstm.fit(data, TRAIN, VALIDATION, options()).arrays()["lstm_1.0"]
print(json.dumps([before, heavy(), forecast.tobytes().hex(), weights.tobytes().hex()]))
"""


def test_only_fitting_loads_tensorflow(learned: lstm.FittedLstm, tmp_path: Path) -> None:
    """Another process forecasts from stored arrays without TensorFlow or pandas, and loads it to
    fit the same weights."""
    with (tmp_path / "arrays.npz").open("wb") as file:
        np.savez(file, allow_pickle=False, **learned.arrays())
    command = [sys.executable, "-c", CHILD, str(tmp_path / "arrays.npz")]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=500,
        cwd=ROOT,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    before, after, forecast, weights = json.loads(done.stdout)
    assert before == []
    assert "tensorflow" in after
    assert forecast == learned.predict(simulated(0.7), LATER).tobytes().hex()
    assert weights == learned.arrays()["lstm_1.0"].tobytes().hex()
