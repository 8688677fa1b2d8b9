"""What is in memory stays within its limit, and what was dropped is made again."""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import ModelError
from engine.core.paths import Home
from engine.market import csv_file
from engine.market.rows import Rows
from engine.service.memory import Held, MemoryRoom
from tests.service.homes import publish
from tests.service.test_model_store import store_of


def test_the_least_recently_used_is_dropped_and_made_again() -> None:
    """Three of ten bytes each in room for 25: the one that nobody used goes, and comes back."""
    made: list[str] = []
    room = MemoryRoom(lambda: 25)

    def again(name: str) -> str:
        made.append(name)
        return name

    one, two = (Held(room, name, 10, partial(again, name)) for name in ("one", "two"))
    assert one.get() == "one"
    three = Held(room, "three", 10, partial(again, "three"))
    assert [held.in_memory for held in (one, two, three)] == [True, False, True]
    assert (two.get(), made, one.in_memory, room.used_bytes) == ("two", ["two"], False, 20)


def test_what_nobody_holds_takes_no_room() -> None:
    """A value replaced by its owner is forgotten at the next use."""
    room = MemoryRoom(lambda: 100)
    held = Held(room, "old", 60, str)
    held = Held(room, "new", 30, str)
    gc.collect()
    held.get()
    assert room.used_bytes == 30


def test_a_service_with_little_memory_answers_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for nothing every forecast is made from the files, and is the same; a file that
    was replaced meanwhile is not taken for the model in service."""
    store, refresh = store_of(home)
    before = [served.forecast() for served in store.served]
    monkeypatch.setattr(store, "_limit_bytes", lambda: 1)
    store.room._limit_bytes = lambda: 1
    refresh()
    nvda = store.get("NVDA")
    assert nvda is not None and nvda.model is not None
    assert [served.forecast() for served in store.served] == before
    assert not nvda.model.held.in_memory
    reads: list[str] = []
    real = csv_file.read_rows

    def counted(path: Path, *rest: Any) -> Rows:
        reads.append(path.stem)
        return real(path, *rest)

    monkeypatch.setattr("engine.market.store.read_rows", counted)
    refresh()
    assert reads == [], "a look that finds nothing new reads nothing"
    nvda.forecast()
    assert reads == ["NVDA", "SPY"]
    publish(home, "NVDA", 2, seed=5)
    with pytest.raises(ModelError, match="being replaced"):
        nvda.forecast()
