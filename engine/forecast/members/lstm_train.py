"""Learning of the lstm member; only this module and lstm_keras.py load TensorFlow.

A worker pays for the import (3 CPU-s) and one trace a shape (0.5 CPU-s) once. An epoch is one graph
call with the fused kernel BlockLSTMV2 (gates i, f, c, o, as in Keras): weights in, weights out.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from engine.core.errors import StockmlError
from engine.forecast.members.base import FitOptions
from engine.forecast.members.lstm_weights import Floats32, NetworkShape, first_weights

Rows = NDArray[np.int32]
Tensor = Any
CLIP_NORM = 1.0
CHECK_ROWS = 512
"""Validation windows run at once."""


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """How fast and how carefully to learn."""

    learning_rate: float = 1e-3
    decay: float = 1e-2
    """Decoupled weight decay (AdamW, Loshchilov & Hutter 2019), in units of the learning rate."""
    dropout: float = 0.2
    huber: float = 1.0
    """Residuals beyond this many standard deviations count linearly (Huber 1964)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrainingData:
    """Inputs [n, k], targets [n], and the rows to learn from and to check on, with full windows."""

    inputs: Floats32
    targets: Floats32
    train: Rows
    validation: Rows


def learn(
    data: TrainingData, shape: NetworkShape, parameters: Hyperparameters, options: FitOptions
) -> Floats32:
    """[weights] of the epoch of least validation loss; Cancelled, StockmlError if not finite."""
    run_epoch = compiled(shape, parameters)
    weights = first_weights(shape, options.seed)
    best_weights = weights
    best_loss = math.inf
    stale_epochs = 0
    state = [tf.constant(weights), tf.zeros_like(weights), tf.zeros_like(weights), tf.constant(0.0)]
    inputs = [tf.constant(data.inputs), tf.constant(data.targets), tf.constant(data.validation)]
    generator = np.random.default_rng([options.seed, 1])
    started_at = time.monotonic()
    for epoch in range(1, options.epochs + 1):
        options.check()
        batches, counted = shuffled(data.train, shape.batch, generator)
        seed = np.array([options.seed, epoch], np.int32)
        *state, mean_loss, mean_val_loss = run_epoch(*state, *inputs, batches, counted, seed)
        loss = float(mean_loss)
        val_loss = float(mean_val_loss)
        _check_finite(loss, val_loss, epoch)
        stale_epochs += 1
        if val_loss < best_loss:
            best_weights = state[0].numpy()
            best_loss = val_loss
            stale_epochs = 0
        eta_s = (options.epochs - epoch) * (time.monotonic() - started_at) / epoch
        figures = {"loss": loss, "val_loss": val_loss, "eta_s": eta_s}
        options.report("epoch", {"epoch": epoch, "epochs": options.epochs, **figures})
        if options.early_stopping and stale_epochs >= options.patience:
            break
    return best_weights


def _check_finite(loss: float, val_loss: float, epoch: int) -> None:
    if not math.isfinite(loss + val_loss):
        raise StockmlError(
            f"the lstm's loss is {loss} in epoch {epoch}",
            "`stockml data check` names impossible bars",
        )


def shuffled(rows: Rows, batch: int, generator: np.random.Generator) -> tuple[Rows, Floats32]:
    """[batches, batch] the rows in a new order, and which count: the last batch is padded."""
    order = generator.permutation(rows)
    missing = -len(order) % batch
    counted = np.ones(len(order) + missing, np.float32)
    counted[len(order) :] = 0.0
    filled = np.concatenate([order, np.repeat(order[:1], missing)]).astype(np.int32)
    return filled.reshape(-1, batch), counted.reshape(-1, batch)


@cache
def compiled(shape: NetworkShape, parameters: Hyperparameters) -> Callable[..., Any]:
    """The graph of one epoch; traced here, used for every symbol of this shape."""
    weights = tf.TensorSpec([sum(shape.counts)])
    signature = [
        weights,
        weights,  # Adam's mean
        weights,  # and its mean square
        tf.TensorSpec([]),  # Adam's steps
        tf.TensorSpec([None, shape.features]),  # inputs
        tf.TensorSpec([None]),  # targets
        tf.TensorSpec([None], tf.int32),  # validation rows
        tf.TensorSpec([None, shape.batch], tf.int32),
        tf.TensorSpec([None, shape.batch]),  # which rows of the batches count
        tf.TensorSpec([2], tf.int32),  # seed
    ]
    graph = tf.function(_epoch(shape, parameters), input_signature=signature)
    with _temporary_folder():
        graph.get_concrete_function()
    return graph  # type: ignore[no-any-return]


@contextmanager
def _temporary_folder() -> Iterator[None]:
    """A folder for the seven temporary files of a trace, which a worker's exit does not remove."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="stockml-") as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _epoch(shape: NetworkShape, parameters: Hyperparameters) -> Callable[..., Any]:
    def epoch(
        weights: Tensor,
        mean: Tensor,
        square: Tensor,
        steps: Tensor,
        inputs: Tensor,
        targets: Tensor,
        validation: Tensor,
        batches: Tensor,
        counted: Tensor,
        seed: Tensor,
    ) -> tuple[Tensor, ...]:
        """The state (weights, Adam's two moments and steps) after an epoch, and its mean losses."""
        count = tf.shape(batches)[0]
        total = tf.constant(0.0)
        for index in tf.range(count):
            masks = _masks(shape, parameters, seed * 100_003 + index)
            windows = _windows(inputs, batches[index], shape.steps)
            batch_targets = tf.gather(targets, batches[index])
            with tf.GradientTape() as tape:
                tape.watch(weights)
                residuals = outputs_of(weights, windows, shape, masks) - batch_targets
                losses = _huber(residuals, parameters) * counted[index]
                loss = tf.reduce_sum(losses) / tf.reduce_sum(counted[index])
            gradient = tf.clip_by_norm(tape.gradient(loss, weights), CLIP_NORM)
            steps += 1.0
            weights, mean, square = _adam(weights, mean, square, steps, gradient, parameters)
            total += loss
        mean_loss = total / tf.cast(count, tf.float32)
        val_loss = _validation_loss(weights, inputs, targets, validation, shape, parameters)
        return weights, mean, square, steps, mean_loss, val_loss

    return epoch


def _validation_loss(
    weights: Tensor,
    inputs: Tensor,
    targets: Tensor,
    rows: Tensor,
    shape: NetworkShape,
    parameters: Hyperparameters,
) -> Tensor:
    """The mean loss on the validation rows."""
    total = tf.constant(0.0)
    for start in tf.range(0, tf.shape(rows)[0], CHECK_ROWS):
        chunk = rows[start : start + CHECK_ROWS]
        outputs = outputs_of(weights, _windows(inputs, chunk, shape.steps), shape, None)
        total += tf.reduce_sum(_huber(outputs - tf.gather(targets, chunk), parameters))
    return total / tf.cast(tf.shape(rows)[0], tf.float32)


def _windows(inputs: Tensor, rows: Tensor, steps: int) -> Tensor:
    """[steps, rows, features] the window that ends at each row."""
    return tf.gather(inputs, rows[None, :] + tf.range(1 - steps, 1)[:, None])


def _masks(shape: NetworkShape, parameters: Hyperparameters, seed: Tensor) -> Tensor:
    """[batch, first + second] dropout, constant in a window (Gal & Ghahramani 2016)."""
    size = [shape.batch, shape.first + shape.second]
    kept = tf.random.stateless_uniform(size, seed) >= parameters.dropout
    return tf.cast(kept, tf.float32) / (1.0 - parameters.dropout)


def outputs_of(
    weights: Tensor, windows: Tensor, shape: NetworkShape, masks: Tensor | None
) -> Tensor:
    """[rows] the network's outputs for windows [steps, rows, features]."""
    pieces = zip(tf.split(weights, shape.counts), shape.parts, strict=True)
    first, first_bias, second, second_bias, dense, dense_bias = (
        tf.reshape(piece, part) for piece, part in pieces
    )
    series = _lstm_layer(windows, first, first_bias, shape.steps, shape.first)
    if masks is not None:
        series = series * masks[:, : shape.first]
    last = _lstm_layer(series, second, second_bias, shape.steps, shape.second)[-1]
    if masks is not None:
        last = last * masks[:, shape.first :]
    return (last @ dense + dense_bias)[:, 0]


def _lstm_layer(windows: Tensor, weights: Tensor, bias: Tensor, steps: int, units: int) -> Tensor:
    """[steps, rows, units] one LSTM layer, all steps in one fused kernel."""
    start = tf.zeros([tf.shape(windows)[1], units])
    no_peephole = tf.zeros([units])
    return tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.constant(steps, tf.int64),
        x=windows,
        cs_prev=start,
        h_prev=start,
        w=weights,
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=bias,
        cell_clip=0.0,
        use_peephole=False,
    )[6]


def _huber(residuals: Tensor, parameters: Hyperparameters) -> Tensor:
    limit = parameters.huber
    size = tf.abs(residuals)
    return tf.where(size < limit, 0.5 * size * size, limit * (size - 0.5 * limit))


def _adam(
    weights: Tensor,
    mean: Tensor,
    square: Tensor,
    steps: Tensor,
    gradient: Tensor,
    parameters: Hyperparameters,
) -> tuple[Tensor, ...]:
    """AdamW: Adam (Kingma & Ba 2015; decays 0.9 and 0.999) with decoupled weight decay."""
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient * gradient
    step = (mean / (1.0 - 0.9**steps)) / (tf.sqrt(square / (1.0 - 0.999**steps)) + 1e-7)
    return weights - parameters.learning_rate * (step + parameters.decay * weights), mean, square
