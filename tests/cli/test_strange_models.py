"""One strange model takes nothing else down: each command names its symbol, serves the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine.api import Engine
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import SymbolState
from engine.service.metrics import ServiceMetrics
from engine.service.model_store import ModelStore
from engine.vault.seal import image_of, make_key, sealed
from engine.watch import assessment, symbol_row
from tests.fake_clock import FakeClock
from tests.helpers import stockml
from tests.service import homes

FIELDS: tuple[tuple[str, Any], ...] = (
    ("last_bar", "9999-99-99"),
    ("last_bar", "0001-01-01"),
    ("first_bar", ""),
    ("first_bar", "2200-01-01"),
    ("created_at", "0001-01-01T00:00:00Z"),
    ("generation", 2**63),
    ("n_bars", -1),
    ("metrics", {"mape": 10**400}),
    ("metrics", {"mape": float("nan")}),
    ("weights", {"naive": -1}),
    ("config", {"sequence_length": 10**400}),
    ("source", "x" * 900_000),
    ("source", "nowhere:x"),
)
BAD = (SymbolState.CORRUPT, SymbolState.FOREIGN)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose symbols all have a model and bars."""
    return homes.build_home(tmp_path_factory.mktemp("strange") / "home")


@pytest.fixture
def home(template: Home, tmp_path: Path) -> Home:
    """A copy of it."""
    return homes.copied(template, tmp_path / "home")


@pytest.fixture
def engine(home: Home) -> Engine:
    """The engine of the home at the moment of its bars."""
    return Engine(home, FakeClock(homes.SMALL.now))


def put(home: Home, field: str, value: Any, *, ours: bool) -> None:
    """Make the live NVDA one with another value in a field of its manifest."""
    live = home.model("NVDA")
    live.write_bytes(image_of(live.read_bytes()))
    with h5py.File(live, "r+") as file:
        tree = json.loads(file["stockml/manifest"][()].tobytes())
        del file["stockml/manifest"]
        text = json.dumps({**tree, field: value}).encode()
        file["stockml/manifest"] = np.frombuffer(text, np.uint8)
    live.write_bytes(sealed(live.read_bytes(), make_key(home) if ours else None))


def others(home: Home) -> tuple[str, ...]:
    """Every symbol but NVDA."""
    return tuple(name for name in Engine(home).settings.current.names if name != "NVDA")


def check_all(engine: Engine) -> None:
    """The symbol is named as broken by each reader, and every other symbol is as before."""
    good = others(engine.home)
    forecasts = engine.models.predict(("NVDA", *good))
    assert isinstance(forecasts["NVDA"], StockmlError)
    assert "nvda" in str(forecasts["NVDA"]).lower()
    assert not [name for name in good if isinstance(forecasts[name], StockmlError)]
    rows = {row.symbol: row for row in engine.watch.snapshot().rows}
    assert rows["NVDA"].state in BAD and rows["NVDA"].note
    assert all(rows[name].forecast for name in good)
    report = engine.watch.check(train=False, fetch=False)
    checks = {check.symbol: check for check in report.checks}
    assert checks["NVDA"].probe.fault and checks["NVDA"].probe.problem
    assert all(checks[name].probe.forecast for name in good)
    plan = engine.watch.auto_plan(fetch=False)
    assert {decision.symbol for decision in plan.decisions} == {"NVDA", *good}


@pytest.mark.parametrize("ours", [False, True])
@pytest.mark.parametrize(("field", "value"), FIELDS, ids=[f"{n}-{str(v)[:20]}" for n, v in FIELDS])
def test_a_strange_manifest_is_one_symbols_fault(
    engine: Engine, field: str, value: Any, ours: bool
) -> None:
    """Whatever stands in a field and whoever sealed it, NVDA alone is refused."""
    put(engine.home, field, value, ours=ours)
    check_all(engine)


def test_the_service_refuses_it_and_serves_the_others(home: Home) -> None:
    """`refused` with the reason, not `has no model`; the others are loaded in the same look."""
    put(home, "last_bar", "9999-99-99", ours=False)
    store = ModelStore(home, FakeClock(homes.SMALL.now), ServiceMetrics(), None)
    store.refresh(Engine(home).settings.current)
    served = {symbol.symbol: symbol for symbol in store.served}
    assert "9999-99-99" in served["NVDA"].refused and "9999-99-99" in str(served["NVDA"].fault)
    assert all(served[name].model and not served[name].fault for name in others(home))


@pytest.mark.parametrize("place", [(assessment, "verdicts"), (symbol_row, "state_of")])
def test_what_nobody_foresaw_is_one_symbols_fault(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]
) -> None:
    """An error of any kind, for one symbol, leaves rows, checks and plans of the others."""
    module, name = place
    works: Callable[..., Any] = getattr(module, name)
    calls = []

    def failing(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 1:
            raise ZeroDivisionError("unforeseen")
        return works(*given)

    engine.models.refresh_status()
    monkeypatch.setattr(module, name, failing)
    if module is assessment:
        plan = engine.watch.auto_plan(fetch=False)
        assert len(plan.decisions) == len(others(engine.home)) + 1
        assert "unforeseen" in str(plan.decisions)
    else:
        rows = engine.watch.snapshot().rows
        assert [row.symbol for row in rows if "unforeseen" in row.note] == [rows[0].symbol]


def test_the_commands_name_it_and_print_the_others(home: Home) -> None:
    """Real commands end without a crash file; `predict` with 1, `status` with 0."""
    put(home, "last_bar", "9999-99-99", ours=False)
    place = ("--home", str(home.root))
    shown = stockml("status", *place)
    assert shown.returncode == 0 and "FOREIGN" in shown.stdout and "9999-99-99" in shown.stdout
    forecast = stockml("predict", "--all", *place)
    assert forecast.returncode == 1 and "NVDA" in forecast.stderr
    assert not list(home.logs.glob("stockml-crash-*"))
