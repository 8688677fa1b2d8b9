"""Removing symbols: out of the settings, models into a backup, holds taken back; the past stays."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from engine.core.clock import Clock
from engine.core.errors import BusyError
from engine.core.files import FileLock, lock_holder
from engine.core.paths import Home
from engine.runs.start import busy_symbols, start_lock
from engine.settings.schema import Settings
from engine.settings.texts import SettingsTexts
from engine.settings.write import rewrite
from engine.symbols.records import RemovedSymbols
from engine.vault.retire import Retirement, drop_day
from engine.watch.holds import holds, unhold


def removal_plan(
    home: Home, settings: Settings, names: tuple[str, ...], clock: Clock, keep: bool
) -> RemovedSymbols:
    """What a removal will do; BusyError while a run trains one of the symbols."""
    _refuse_busy(busy_symbols(home, names))
    has_model = any(home.model(name).exists() for name in names)
    return RemovedSymbols(
        symbols=names,
        drop_on=drop_day(settings, clock.now(), keep) if has_model else "",
        holds=_held(home, names, clock),
    )


def remove(
    home: Home, settings: Settings, names: tuple[str, ...], clock: Clock, keep: bool
) -> RemovedSymbols:
    """Remove the symbols, or none of them; no run starts with them meanwhile."""
    retirement = Retirement(home, settings, names, clock, keep)

    def without(texts: SettingsTexts) -> SettingsTexts:
        for name in names:
            texts = texts.without_symbol(name)
        return texts

    with start_lock(home, "symbols remove"), ExitStack() as locks:
        _refuse_busy(busy_symbols(home, names))
        for name in names:
            _lock(home, locks, name)
        rewrite(home, without, around=retirement.moved)
    held = _held(home, names, clock)
    for name in held:
        unhold(home, name, clock)
    return RemovedSymbols(
        symbols=names,
        backup=retirement.backup,
        drop_on=retirement.drop_on if retirement.backup else "",
        holds=held,
        problems=retirement.problems,
    )


def _held(home: Home, names: tuple[str, ...], clock: Clock) -> tuple[str, ...]:
    in_force = holds(home, clock)
    return tuple(name for name in names if name in in_force)


def _lock(home: Home, locks: ExitStack, symbol: str) -> None:
    lock = locks.enter_context(FileLock(home.lock(symbol)))
    if not lock.acquire(f"symbols remove {symbol}"):
        _refuse_busy({symbol: lock_holder(home.lock(symbol)) or "another process"})


def _refuse_busy(holders: Mapping[str, str]) -> None:
    if holders:
        named = "; ".join(dict.fromkeys(holders.values()))
        raise BusyError(
            f"{' '.join(holders)}: being trained by {named}; nothing was removed",
            "wait for it, or cancel that run",
            named,
        )
