"""Learning of the lstm member: it and lstm_keras.py alone load TensorFlow.

A worker pays for the import (3 CPU-s) and for one trace a shape (0.5 CPU-s) once, whatever the
number of symbols. An epoch is one graph call: the loop over batches, the windows gathered from
the table of features, gradients, Adam and the validation loss run inside it, with the fused
kernel BlockLSTMV2 (gates i, f, c, o: Keras's own order) and everything functional: weights in,
weights out, no variables to reset between symbols.
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
from engine.forecast.members.lstm_weights import Floats32, Shape, first_weights

Rows = NDArray[np.int32]
Tensor = Any
CLIP_NORM = 1.0
CHECK_ROWS = 512
"""Validation windows run at once."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast and how carefully to learn."""

    learning: float = 1e-3
    decay: float = 1e-2
    """Decoupled weight decay (AdamW, Loshchilov & Hutter 2019), in units of the learning rate."""
    dropout: float = 0.2
    huber: float = 1.0
    """Residuals beyond this many standard deviations count linearly (Huber 1964)."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What to learn: inputs [n, k], targets [n] and the rows to learn from and to check on, each
    with a full window."""

    inputs: Floats32
    targets: Floats32
    train: Rows
    validation: Rows


def learn(data: TrainingData, shape: Shape, rates: Rates, options: FitOptions) -> Floats32:
    """[weights] of the epoch with the lowest validation loss.

    Raises Cancelled between epochs, StockmlError when the loss is not finite.
    """
    epoch_step = compiled(shape, rates)
    weights = first_weights(shape, options.seed)
    best, best_loss, stale = weights, math.inf, 0
    state = [tf.constant(weights), tf.zeros_like(weights), tf.zeros_like(weights), tf.constant(0.0)]
    fixed = [
        tf.constant(data.inputs),
        tf.constant(data.targets),
        tf.constant(data.validation),
    ]
    draw = np.random.default_rng([options.seed, 1])
    began = time.monotonic()
    for epoch in range(1, options.epochs + 1):
        options.check()
        batches, counted = shuffled(data.train, shape.batch, draw)
        *state, loss, checked = epoch_step(
            *state, *fixed, batches, counted, np.array([options.seed, epoch], np.int32)
        )
        loss, checked = float(loss), float(checked)
        if not math.isfinite(loss + checked):
            raise StockmlError(
                f"the lstm's loss is {loss} in epoch {epoch}",
                "`stockml data check` names impossible bars",
            )
        stale += 1
        if checked < best_loss:
            best, best_loss, stale = state[0].numpy(), checked, 0
        left = (options.epochs - epoch) * (time.monotonic() - began) / epoch
        options.report(
            "epoch",
            {
                "epoch": epoch,
                "epochs": options.epochs,
                "loss": loss,
                "val_loss": checked,
                "eta_s": left,
            },
        )
        if options.early_stopping and stale >= options.patience:
            break
    return best


def shuffled(rows: Rows, batch: int, draw: np.random.Generator) -> tuple[Rows, Floats32]:
    """[batches, batch] the rows in a new order and which of them count: the last batch is filled
    up with uncounted ones."""
    order = draw.permutation(rows)
    missing = -len(order) % batch
    counted = np.ones(len(order) + missing, np.float32)
    counted[len(order) :] = 0.0
    filled = np.concatenate([order, np.repeat(order[:1], missing)]).astype(np.int32)
    return filled.reshape(-1, batch), counted.reshape(-1, batch)


@cache
def compiled(shape: Shape, rates: Rates) -> Callable[..., Any]:
    """The graph of one epoch; traced here, used for every symbol of this shape."""
    table = tf.TensorSpec([None, shape.features])
    vector, rows = tf.TensorSpec([None]), tf.TensorSpec([None], tf.int32)
    flat = tf.TensorSpec([sum(shape.counts)])
    batches = [tf.TensorSpec([None, shape.batch], tf.int32), tf.TensorSpec([None, shape.batch])]
    signature = [
        flat,
        flat,
        flat,
        tf.TensorSpec([]),
        table,
        vector,
        rows,
        *batches,
        tf.TensorSpec([2], tf.int32),
    ]
    graph = tf.function(_epoch(shape, rates), input_signature=signature)
    with _scratch():
        graph.get_concrete_function()
    return graph  # type: ignore[no-any-return]


@contextmanager
def _scratch() -> Iterator[None]:
    """A folder for temporary files that ends with the block.

    Tracing writes seven files of rewritten Python and removes them at the interpreter's end,
    which a worker never reaches: every training left its seven in /tmp.
    """
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="stockml-") as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _epoch(shape: Shape, rates: Rates) -> Callable[..., Any]:
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
        """The state (weights, Adam's two moments, its steps) after an epoch, the mean loss in
        it, the validation loss."""
        count = tf.shape(batches)[0]
        total = tf.constant(0.0)
        for index in tf.range(count):
            masks = _masks(shape, rates, seed * 100_003 + index)
            windows, wanted = (
                _windows(inputs, batches[index], shape.steps),
                tf.gather(targets, batches[index]),
            )
            with tf.GradientTape() as tape:
                tape.watch(weights)
                answers = outputs_of(weights, windows, shape, masks)
                loss = tf.reduce_sum(
                    _huber(answers - wanted, rates) * counted[index]
                ) / tf.reduce_sum(counted[index])
            gradient = tf.clip_by_norm(tape.gradient(loss, weights), CLIP_NORM)
            steps += 1.0
            weights, mean, square = _adam(weights, mean, square, steps, gradient, rates)
            total += loss
        checked = _checked(weights, inputs, targets, validation, shape, rates)
        return weights, mean, square, steps, total / tf.cast(count, tf.float32), checked

    return epoch


def _checked(
    weights: Tensor, inputs: Tensor, targets: Tensor, rows: Tensor, shape: Shape, rates: Rates
) -> Tensor:
    """The mean loss on the validation rows."""
    total = tf.constant(0.0)
    for start in tf.range(0, tf.shape(rows)[0], CHECK_ROWS):
        some = rows[start : start + CHECK_ROWS]
        answers = outputs_of(weights, _windows(inputs, some, shape.steps), shape, None)
        total += tf.reduce_sum(_huber(answers - tf.gather(targets, some), rates))
    return total / tf.cast(tf.shape(rows)[0], tf.float32)


def _windows(inputs: Tensor, rows: Tensor, steps: int) -> Tensor:
    """[steps, rows, features] the window that ends at each row."""
    return tf.gather(inputs, rows[None, :] + tf.range(1 - steps, 1)[:, None])


def _masks(shape: Shape, rates: Rates, seed: Tensor) -> Tensor:
    """[batch, first + second] what dropout keeps, the same at every step of a window (Gal &
    Ghahramani 2016)."""
    size = [shape.batch, shape.first + shape.second]
    kept = tf.random.stateless_uniform(size, seed) >= rates.dropout
    return tf.cast(kept, tf.float32) / (1.0 - rates.dropout)


def outputs_of(weights: Tensor, windows: Tensor, shape: Shape, masks: Tensor | None) -> Tensor:
    """[rows] the network's answers to windows [steps, rows, features]."""
    pieces = zip(tf.split(weights, shape.counts), shape.parts, strict=True)
    one, bias_one, two, bias_two, dense, bias = (tf.reshape(piece, part) for piece, part in pieces)
    series = _block(windows, one, bias_one, shape.steps, shape.first)
    series = series if masks is None else series * masks[:, : shape.first]
    last = _block(series, two, bias_two, shape.steps, shape.second)[-1]
    last = last if masks is None else last * masks[:, shape.first :]
    return (last @ dense + bias)[:, 0]


def _block(windows: Tensor, weights: Tensor, bias: Tensor, steps: int, units: int) -> Tensor:
    """[steps, rows, units] one LSTM layer, all steps in one fused kernel."""
    start, no_peephole = tf.zeros([tf.shape(windows)[1], units]), tf.zeros([units])
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


def _huber(residuals: Tensor, rates: Rates) -> Tensor:
    size = tf.abs(residuals)
    return tf.where(size < rates.huber, 0.5 * size * size, rates.huber * (size - 0.5 * rates.huber))


def _adam(
    weights: Tensor, mean: Tensor, square: Tensor, steps: Tensor, gradient: Tensor, rates: Rates
) -> tuple[Tensor, ...]:
    """AdamW: Adam (Kingma & Ba 2015; decays 0.9 and 0.999) with decoupled weight decay."""
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient * gradient
    step = (mean / (1.0 - 0.9**steps)) / (tf.sqrt(square / (1.0 - 0.999**steps)) + 1e-7)
    return weights - rates.learning * (step + rates.decay * weights), mean, square
