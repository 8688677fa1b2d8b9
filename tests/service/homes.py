"""Homes with small real models and stored bars, and a service that runs on one of them in a
thread."""

from __future__ import annotations

import http.client
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from engine.core.clock import Clock, iso
from engine.core.paths import Home
from engine.forecast.fit import Candidate, fit_symbol
from engine.forecast.members.lstm_weights import NetworkShape, first_weights, layers_of
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.market.store import BarStore
from engine.service.limits import RateLimit
from engine.service.server import Address, Running, prepare
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.forecast.samples import QUICK
from tests.helpers import new_home, wait_for
from tests.vault.files import write_model

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
"""A Wednesday before the open: the bars end with the session before it."""
TOKEN = "a-token-that-is-long-enough-for-tests"


SMALL_SHAPE = NetworkShape(steps=QUICK.sequence_length, features=0, first=8, second=4, batch=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """What models are made: the LSTM's size, and the moment of the training."""

    shape: NetworkShape = SMALL_SHAPE
    now: datetime = NOW


SMALL = Kind()


def build_home(folder: Path, kind: Kind = SMALL, **settings: Any) -> Home:
    """A home whose 13 symbols have a model each, and stored bars of the source yahoo: no network
    was asked."""
    home = new_home(
        folder, market__simulated_sessions=420, training__holdout_sessions=60, **settings
    )
    loaded = load(home, {})
    for symbol in loaded.names:
        bars = replace(
            stored_bars(home, loaded, "simulated", symbol, FakeClock(kind.now)),
            source="yahoo",
            fetched_at=kind.now,
        )
        BarStore(home).write(bars)
    home.secrets.write_text(f'[service]\ntoken = "{TOKEN}"\n')
    home.secrets.chmod(0o600)
    for symbol in loaded.names:
        publish(home, symbol, 1, kind=kind)
    return home


def bars_of(home: Home, symbol: str) -> Bars:
    """The stored bars."""
    bars = BarStore(home).read("yahoo", symbol)
    assert bars is not None
    return bars


@cache
def fitted(kind: Kind) -> Candidate:
    """A small real fit of the simulated NVDA: naive and enhanced."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder), market__simulated_sessions=420, training__holdout_sessions=60)
        settings, clock = load(home, {}), FakeClock(kind.now)
        bars = {
            name: stored_bars(home, settings, "simulated", name, clock) for name in ("NVDA", "SPY")
        }
    options = replace(QUICK, sequence_length=kind.shape.steps)
    return fit_symbol(bars["NVDA"], {"SPY": bars["SPY"]}, settings, ("naive", "enhanced"), options)


@cache
def candidate(seed: int = 1, kind: Kind = SMALL) -> Candidate:
    """The fit with an LSTM that was never trained but has an opinion."""
    made = fitted(kind)
    shape = replace(kind.shape, features=len(made.feature_names))
    weights = first_weights(shape, seed)
    weights[-5:] = 0.3
    return replace(
        made, weights={"naive": 0.5, "enhanced": 0.2, "lstm": 0.3}, layers=layers_of(weights, shape)
    )


def publish(
    home: Home, symbol: str, generation: int, seed: int = 1, kind: Kind = SMALL, **changes: Any
) -> None:
    """Make a model of `symbol` live, by the same atomic write as a training's."""
    made = candidate(seed, kind)
    made = replace(made, bars=replace(made.bars, symbol=symbol, source="yahoo"))
    manifest = msgspec.structs.replace(
        made.manifest(iso(kind.now)), generation=generation, **changes
    )
    write_model(home.model(symbol), manifest, made.layers, made.arrays)


def copied(template: Home, folder: Path) -> Home:
    """A home of one's own."""
    shutil.copytree(template.root, folder)
    return Home(folder)


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def tree(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Served:
    """A service that runs, and how to ask it over HTTP."""

    running: Running
    home: Home
    clock: Clock

    @property
    def port(self) -> int:
        return self.running.policy.port

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        token: str = "",
        **headers: str,
    ) -> Heard:
        """One request on a connection of its own; `token` is sent as the bearer's."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Heard(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                answer.read(),
            )
        finally:
            connection.close()

    def post(self, path: str, **more: Any) -> Heard:
        """A POST with the token."""
        return self.ask(path, "POST", token=TOKEN, **more)

    def get(self, path: str) -> Any:
        """The tree of a GET that succeeds."""
        heard = self.ask(path)
        assert heard.status == 200, (heard.status, heard.body)
        return heard.tree


@contextmanager
def serving(
    home: Home, clock: Clock | None = None, limit: RateLimit | None = None, host: str = "127.0.0.1"
) -> Iterator[Served]:
    """The real service of `home` on a free port, in a thread, ready."""
    used = clock or FakeClock(NOW)
    running = prepare(
        home, load(home, {}), Address(host, 0), clock=used, fetching=False, limit=limit
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        served = Served(running, home, used)
        wait_for(lambda: running.service.loaded and running.server.started, 30, "the models")
        yield served
    finally:
        running.stop()
        thread.join(60)
        assert not thread.is_alive(), "the service did not stop"
