"""Intervals, confidence and P(up) from past forecast errors, updated by every outcome.

A session's score is u = (outcome - forecast) / s, s the volatility forecast made before it. The
newest WINDOW scores predict the next: rolling split conformal prediction (Vovk et al. 2005), half
of them the symbol's own quantiles, half those of a fixed shape times its mean |u|. Each level
follows its own misses by adaptive conformal inference (Gibbs & Candès 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import numpy as np

from engine.forecast.members.base import Arrays, Floats, IntArray
from engine.forecast.metrics import Z95
from engine.forecast.scale import LOG_RANGE, RANGE_EWMA, scale_table

FIXED = "fixed"
"""The rules of a baseline: the newest residuals as they are."""
WINDOW = 250
"""Sessions whose residuals count; 500 followed the market more slowly (2021/22: 78.3, not 79.2)."""
LEVELS = (0.20, 0.05)
"""Shares outside of the 80 % and the 95 % interval."""
BOUNDS = ((0.01, 0.60), (0.002, 0.30))
"""The range of each level."""
NESTED = 1.02
"""The 95 % interval is at least this much wider than the 80 % one."""
SMALLEST = 0.25
"""Least half width in volatilities: more than a blended forecast may differ from the last close."""
EVIDENCE = 650.0
"""Sessions that the base rate of rising sessions is worth in P(up).

Six years of walks to 2024-08 (13 symbols, no lstm): of 250, 500, 650 and 800 only 650 had in no
year fewer hits than always-up; its Brier score is 0.24903 (the others 0.24902 to 0.24905).
"""
SIDE = 1e-3
"""Volatilities off the last close, to the likelier side, of a forecast that contradicted P(up)."""
BASE_UP = 0.525
"""Share of sessions that close higher (13 symbols, 2015 to 2024-08: 52.5 %)."""
GRID = np.arange(1, 200) / 200.0
"""The 199 shares whose quantiles make the CRPS."""
COLUMNS = ("forecast", "half80", "half95", "confidence", "p_up", "crps")
"""The columns of StatedForecasts, in their order."""


@dataclass(frozen=True, slots=True)
class CalibrationRules:
    """How the residuals of one scale become intervals."""

    gain: tuple[float, float]
    """The move of each level by one outcome."""
    pooled: float
    """Share of the fixed shape in every quantile."""


RULES = {
    # On 2018-09 to 2024-08 gentler gains score a little better (interval score at 80 %, against the
    # old scale: +3.4 % at (0.005, 0.002), +3.3 % here, +2.9 % at (0.02, 0.008)), but cover 93.7
    # instead of 95 % for two years after a market has become 60 % wilder.
    LOG_RANGE: CalibrationRules(gain=(0.01, 0.004), pooled=0.5),
    RANGE_EWMA: CalibrationRules(gain=(0.02, 0.008), pooled=0.0),
    FIXED: CalibrationRules(gain=(0.0, 0.0), pooled=0.0),
}
"""By the name of the scale; a model of 0.1.0 keeps its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibrator:
    """The residuals of past outcomes, and the levels adapted to them."""

    residuals: Floats
    """[<= WINDOW] the newest ones, oldest first."""
    levels: tuple[float, float] = LEVELS
    """The two levels reached."""
    scale: str = LOG_RANGE
    """The name of the scale that the residuals are in."""

    def half_widths(self) -> tuple[float, float]:
        """Half the 80 % and the 95 % interval in volatility forecasts; 0 < first < second."""
        sizes = np.sort(np.abs(self.residuals))
        halves = [conformal_quantile(sizes, level) for level in self.levels]
        if pooled := RULES[self.scale].pooled:
            mean_size = float(np.add.reduce(sizes)) / len(sizes)
            shape = pooled_sizes(1.0 - np.array(self.levels)).tolist()
            halves = [
                (1.0 - pooled) * own + pooled * (size * mean_size)
                for own, size in zip(halves, shape, strict=True)
            ]
        narrow = max(halves[0], SMALLEST)
        return narrow, max(halves[1], narrow * NESTED)

    def quantiles(self) -> Floats:
        """[199] the quantiles of GRID of the outcome less the forecast, in volatility forecasts."""
        count = len(self.residuals)
        own = np.interp(GRID, (np.arange(count) + 0.5) / count, np.sort(self.residuals))
        pooled = RULES[self.scale].pooled
        if not pooled:
            return own
        mean_size = float(np.abs(self.residuals).mean())
        return (1.0 - pooled) * own + pooled * mean_size * _signed_shape()

    def confidence(self, scale: float, tolerance: float) -> float:
        """P(|p - a| / a <= tolerance), a fraction: the share of residuals within it.

        u s is within [-log(1 + tolerance), -log(1 - tolerance)], as p / a = e^(-u s). Half a
        session is added to both sides, because 250 of 250 is not certainty.
        """
        above = -math.log1p(-tolerance) if tolerance < 1.0 else math.inf
        moves = self.residuals * scale
        kept = int(np.count_nonzero((moves >= -math.log1p(tolerance)) & (moves <= above)))
        return (kept + 0.5) / (len(moves) + 1.0)

    def p_up(self, forecast: float, scale: float) -> float:
        """P(next close > last close), a fraction: the share of rises, drawn to the base rate."""
        rises = int(np.count_nonzero(self.residuals > -forecast / scale))
        return (rises + EVIDENCE * BASE_UP) / (len(self.residuals) + EVIDENCE)

    def p_up_tells(self, p_up: float) -> bool:
        """Whether `p_up` is farther from the base rate than 95 % of draws of it would be."""
        count = len(self.residuals)
        spread = np.sqrt(BASE_UP * (1.0 - BASE_UP) * count) / (count + EVIDENCE)
        return bool(abs(p_up - BASE_UP) > Z95 * spread)

    def agreed(self, forecast: float, scale: float) -> float:
        """The forecast, or just beside the last close on the likelier side if it contradicts P(up).

        Walks of 2022/23 and 2023/24, no lstm: direction 50.99 to 51.09 and 52.58 to 53.05 %, MASE
        1.0006 to 1.0003 and 0.9987 to 0.9989.
        """
        rising = self.p_up(forecast, scale) >= 0.5
        if forecast and rising != (forecast > 0.0):
            return SIDE * scale if rising else -SIDE * scale
        return forecast

    def learn(self, residual: float, halves: tuple[float, float]) -> Self:
        """The calibrator after one more outcome, stated with the half widths `halves`."""
        levels = [
            min(max(level + gain * (promised - (abs(residual) > half)), least), most)
            for level, gain, promised, half, (least, most) in zip(
                self.levels, RULES[self.scale].gain, LEVELS, halves, BOUNDS, strict=True
            )
        ]
        kept = np.append(self.residuals, residual)[-WINDOW:]
        return replace(self, residuals=kept, levels=(levels[0], levels[1]))

    def arrays(self) -> Arrays:
        return {"residuals": self.residuals, "levels": np.array(self.levels)}

    @classmethod
    def load(cls, arrays: Arrays, scale: str = LOG_RANGE) -> Self:
        """The calibrator that `arrays()` was taken from."""
        first, second = (float(level) for level in arrays["levels"])
        return cls(arrays["residuals"], (first, second), scale)


@cache
def _shape() -> tuple[Floats, Floats]:
    """The shares and sizes of the fixed shape, made once a process."""
    shares, sizes = np.array(scale_table().shape).T
    return np.ascontiguousarray(shares), np.ascontiguousarray(sizes)


def pooled_sizes(shares: Floats) -> Floats:
    """The sizes that these shares of all symbols' residuals stay within, in mean sizes."""
    known, sizes = _shape()
    return np.asarray(np.interp(shares, known, sizes))


@cache
def _signed_shape() -> Floats:
    """[199] the quantiles of GRID of the fixed shape, mirrored at 0."""
    return np.asarray(np.sign(GRID - 0.5) * pooled_sizes(np.abs(2.0 * GRID - 1.0)))


def conformal_quantile(sizes: Floats, level: float) -> float:
    """The ceil((n + 1)(1 - level))-th smallest of the sorted `sizes`; the largest of too few."""
    rank = math.ceil((len(sizes) + 1) * (1.0 - level))
    return float(sizes[min(rank, len(sizes)) - 1])


@dataclass(frozen=True, slots=True, eq=False)
class StatedForecasts:
    """What was stated before each outcome, [n] each: log returns, probabilities as fractions."""

    forecast: Floats
    half80: Floats
    half95: Floats
    confidence: Floats
    p_up: Floats
    crps: Floats
    """Percent of the last close; NaN where it was not asked for."""

    def on(self, rows: IntArray) -> StatedForecasts:
        """The statements of some rows."""
        return StatedForecasts(**{name: getattr(self, name)[rows] for name in COLUMNS})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The statements of all parts, one after the other."""
        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
        )


def crps(quantiles: Floats, outcome: float) -> float:
    """Twice the mean pinball loss of log return quantiles of GRID, in percent of the last close."""
    away = np.expm1(outcome) - np.expm1(quantiles)
    return 200.0 * float(np.mean(np.where(away >= 0.0, GRID * away, (GRID - 1.0) * away)))


def roll(
    start: Calibrator,
    forecast: Floats,
    target: Floats,
    scale: Floats,
    tolerance: float,
    agree: bool = False,
    scored: bool = False,
) -> tuple[StatedForecasts, Calibrator]:
    """State each session, oldest first, from the outcomes before it, then learn from its outcome.

    `agree` (the blend, not a member) moves a forecast that contradicts P(up) beside the last close;
    `scored` adds the CRPS.
    """
    stated = np.empty((len(COLUMNS), len(target)))
    calibrator = start
    sessions = zip(forecast.tolist(), target.tolist(), scale.tolist(), strict=True)
    for row, (f, t, s) in enumerate(sessions):
        stated_f = calibrator.agreed(f, s) if agree else f
        narrow, wide = calibrator.half_widths()
        stated[:, row] = (
            stated_f,
            narrow * s,
            wide * s,
            calibrator.confidence(s, tolerance),
            calibrator.p_up(stated_f, s),
            crps(stated_f + calibrator.quantiles() * s, t) if scored else np.nan,
        )
        calibrator = calibrator.learn((t - stated_f) / s, (narrow, wide))
    return StatedForecasts(**dict(zip(COLUMNS, stated, strict=True))), calibrator
