"""Hot reload: what changes on disk is served, what is broken is refused, and no request fails
meanwhile."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.core.clock import iso
from engine.core.errors import ModelError, NoDataError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.forecast.inference import load_forecaster
from engine.market.store import BarStore
from engine.service.metrics import ServiceMetrics
from engine.service.model_store import ModelStore
from engine.service.service import REFRESH_S
from engine.settings.load import load
from engine.watch.alerts import alert_list
from tests.fake_clock import FakeClock
from tests.helpers import wait_for
from tests.service.homes import NOW, Served, bars_of, candidate, publish, serving
from tests.vault.files import write_model


def store_of(home: Home, clock: FakeClock | None = None) -> tuple[ModelStore, Callable[[], None]]:
    """The models of a home, loaded, and how to refresh them."""
    settings = load(home, {})
    store = ModelStore(home, clock or FakeClock(NOW), ServiceMetrics(), None)

    def refresh() -> None:
        store.refresh(settings)

    refresh()
    return store, refresh


def generation(served: Served, symbol: str = "NVDA") -> int:
    return int(served.get(f"/api/v1/predict/{symbol}")["generation"])


def test_a_republished_model_is_served(home: Home) -> None:
    """The next generation answers soon after its publishing, with another forecast and a new
    digest."""
    with serving(home) as served:
        before = served.get("/api/v1/predict/NVDA")
        publish(home, "NVDA", 2, seed=5)
        wait_for(lambda: generation(served) == 2, what="generation 2")
        assert REFRESH_S <= 1.0, "one refresh loads it: within two seconds on an idle machine"
        after = served.get("/api/v1/predict/NVDA")
        assert after["predicted_price"] != before["predicted_price"]
        assert after["digest"] != before["digest"]
        assert generation(served, "TSLA") == 1


def test_a_broken_file_is_refused_and_the_old_model_stays_in_service(home: Home) -> None:
    """A flipped byte: the model before answers, health is degraded with 206, metric and alert
    say so; a good file heals it."""
    with serving(home) as served:
        before = served.get("/api/v1/predict/NVDA")
        path = home.model("NVDA")
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        write_atomic(path, bytes(raw))
        wait_for(lambda: served.ask("/api/v1/health").status == 206, what="degraded health")
        assert served.get("/api/v1/predict/NVDA")["predicted_price"] == before["predicted_price"]
        problems = served.ask("/api/v1/health").tree["problems"]
        assert [problem for problem in problems if "NVDA" in problem and "damaged" in problem]
        assert str(home.root) not in str(problems)
        text = served.ask("/metrics").body.decode()
        assert 'stockml_model_reload_failures_total{symbol="NVDA"} 1.0' in text
        assert 'stockml_model_refused{symbol="NVDA"} 1.0' in text
        assert "[ALERT]" in wait_for(
            lambda: home.monitoring_log.exists() and home.monitoring_log.read_text(),
            what="the line",
        )
        wait_for(
            lambda: (
                [alert.symbol for alert in alert_list(home, NOW) if alert.state == "firing"]
                == ["NVDA"]
            ),
            what="the alert",
        )
        heard = served.post("/api/v1/models/NVDA/reload")
        assert (heard.status, heard.tree["type"]) == (409, "urn:stockml:problem:refused")
        refusals = {
            model["symbol"]: (model["refusals"], bool(model["refused"]))
            for model in served.get("/api/v1/models")["models"]
        }
        assert (refusals["NVDA"][1], refusals["NVDA"][0] >= 1) == (True, True)
        assert refusals["TSLA"] == (0, False)
        publish(home, "NVDA", 3)
        wait_for(lambda: served.ask("/api/v1/health").status == 200, what="healthy again")
        assert generation(served) == 3
        wait_for(
            lambda: not [alert for alert in alert_list(home, NOW) if alert.state == "firing"],
            what="the alert's end",
        )


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"not a model" * 100])
def test_contents_that_are_no_model_are_refused(home: Home, content: bytes) -> None:
    """An empty, a cut and a strange file leave the model before in service, and are read once."""
    store, refresh = store_of(home)
    before = store.get("NVDA")
    write_atomic(home.model("NVDA"), content)
    refresh()
    after = store.get("NVDA")
    assert before is not None
    assert after is not None
    assert after.model is before.model
    assert after.refused
    assert after.fault is None
    refresh()
    assert store.get("NVDA") is after


def test_a_model_of_another_symbol_is_refused(home: Home) -> None:
    """TSLA's file under NVDA's name is not served as NVDA."""
    store, refresh = store_of(home)
    shutil.copy(home.model("TSLA"), home.model("NVDA"))
    refresh()
    served = store.get("NVDA")
    assert served is not None
    assert "TSLA" in served.refused
    assert served.model is not None
    assert served.model.info.symbol == "NVDA"


def test_a_model_that_cannot_forecast_is_refused(home: Home) -> None:
    """A readable file whose features are not ours is as bad as a broken one."""
    store, refresh = store_of(home)
    publish(home, "NVDA", 2, feature_names=("unheard_of",))
    refresh()
    served = store.get("NVDA")
    assert served is not None
    assert served.model is not None
    assert (served.model.info.generation, served.fault) == (1, None)
    assert "unheard_of" in served.refused


def test_a_model_that_forecasts_no_number_is_refused(home: Home) -> None:
    """Contents that lead to a NaN leave the model before in service."""
    store, refresh = store_of(home)
    made = candidate()
    arrays = {**made.arrays, "calibration/residuals": np.full(50, np.nan)}
    manifest = msgspec.structs.replace(made.manifest(iso(NOW)), generation=2, source="yahoo")
    write_model(home.model("NVDA"), manifest, made.layers, arrays)
    refresh()
    served = store.get("NVDA")
    assert served is not None
    assert served.model is not None
    assert served.model.info.generation == 1
    assert served.refused


def test_a_deleted_file_keeps_its_model_and_health_reports_it(home: Home) -> None:
    """The model in memory goes on, health tells that the file is gone;
    a symbol that never had one is 503."""
    with serving(home) as served:
        home.model("NVDA").unlink()
        wait_for(lambda: served.ask("/api/v1/health").status == 206, what="degraded health")
        assert generation(served) == 1
    home.model("SPY").unlink()
    with serving(home) as served:
        heard = served.ask("/api/v1/predict/SPY")
        assert (heard.status, heard.tree["type"]) == (503, "urn:stockml:problem:no-data")
        assert "stockml train SPY" in heard.tree["detail"]
        assert served.ask("/api/v1/health").status == 206
        assert (
            served.ask("/api/v1/health").tree["problems"][-1]
            == "SPY has no model (stockml train SPY)"
        )
        assert served.ask("/api/v1/predict?symbols=NVDA").status == 503


def test_a_service_can_start_with_a_broken_file(home: Home) -> None:
    """Without a model before it, a broken file is 500 in words without a folder;
    the other symbols are answered."""
    write_atomic(home.model("NVDA"), b"broken")
    with serving(home) as served:
        heard = served.ask("/api/v1/predict/NVDA")
        assert (heard.status, heard.tree["type"]) == (500, "urn:stockml:problem:model-unusable")
        assert "nvda_lstm_model.h5" in heard.tree["detail"]
        assert "/" not in heard.tree["detail"]
        many = served.get("/api/v1/predict")
        assert (many["count"], [each["status"] for each in many["errors"]]) == (12, [500])
        assert served.ask("/api/v1/health").status == 206


def test_without_any_model_health_is_unhealthy(home: Home) -> None:
    """No symbol answered: health and readiness are 503, the process is alive, each prediction
    says what is missing."""
    for path in home.models.glob("*.h5"):
        path.unlink()
    with serving(home) as served:
        assert (
            served.ask("/api/v1/health").status,
            served.ask("/readyz").status,
            served.ask("/livez").status,
        ) == (
            503,
            503,
            200,
        )
        assert served.ask("/api/v1/health").tree["status"] == "unhealthy"
        assert (
            served.ask("/api/v1/health").tree["services"]["yahoo_api"] == "unused"
        )  # no model needs its bars
        assert served.ask("/api/v1/predict").status == 503
        assert served.ask("/api/v1/historical/NVDA").status == 200


def test_a_symbol_that_comes_back_is_served_again(home: Home) -> None:
    """A symbol taken out of the settings and put back has its model again, though its file never
    changed."""
    store, refresh = store_of(home)
    settings = load(home, {})
    others = {name: entry for name, entry in settings.symbols.items() if name != "NVDA"}
    store.refresh(msgspec.structs.replace(settings, symbols=others))
    assert store.get("NVDA") is None
    refresh()
    served = store.get("NVDA")
    assert served is not None
    assert served.fault is None
    assert served.forecast().last_bar == "2026-06-30"


def test_missing_bars_cost_no_memory(home: Home) -> None:
    """The cached error of a symbol without bars does not grow with each raise."""
    (home.market / "yahoo" / "NVDA.csv").unlink()
    store, refresh = store_of(home)
    settings = load(home, {})
    depths = []
    for _ in range(3):
        refresh()
        with pytest.raises(NoDataError) as caught:
            store._bars.get("yahoo", "NVDA", settings)
        depths.append(len(list(traceback.walk_tb(caught.value.__traceback__))))
    assert len(set(depths)) == 1


def test_revised_bars_replace_the_cached_forecast(home: Home) -> None:
    """A revised close on disk is served soon, not the forecast in the cache."""
    with serving(home) as served:
        assert served.get("/api/v1/predict/NVDA")["as_of"] == "2026-06-30"
        assert served.get("/api/v1/predict/NVDA")["cached"]
        revised = bars_of(home, "NVDA")
        revised.close[-1] *= 1.001
        BarStore(home).write(revised)
        wait_for(
            lambda: served.get("/api/v1/predict/NVDA")["current_price"] == revised.close[-1],
            what="the new close",
        )


def test_bars_before_the_models_last_are_no_data(home: Home) -> None:
    """Bars that end before the training's last bar are 503 with the command that fetches."""
    with serving(home) as served:
        bars = bars_of(home, "NVDA")
        BarStore(home).write(bars.tail(len(bars)).until(bars.last_date - timedelta(days=20)))
        wait_for(lambda: served.ask("/api/v1/predict/NVDA").status == 503, what="no data")
        assert "data fetch NVDA" in served.ask("/api/v1/predict/NVDA").tree["detail"]


def test_old_bars_make_a_stale_answer_that_is_still_200(home: Home) -> None:
    """Once a newer session is complete the forecast is marked stale;
    hours later health is degraded by it."""
    clock = FakeClock(NOW)
    with serving(home, clock) as served:
        clock.advance(timedelta(hours=9))  # 21:00 UTC: closed at 20:00, settled at 20:30
        wait_for(lambda: served.get("/api/v1/predict/NVDA")["stale"], what="stale")
        assert all(each["stale"] for each in served.get("/api/v1/models")["models"])
        assert served.ask("/api/v1/health").status == 200
        clock.advance(timedelta(hours=4))
        wait_for(lambda: served.ask("/api/v1/health").status == 206, what="degraded")
        assert served.ask("/api/v1/health").tree["services"]["yahoo_api"] == "degraded"
        assert served.ask("/api/v1/predict/NVDA").status == 200


def test_no_request_fails_while_models_are_republished(home: Home) -> None:
    """Clients that ask all the time while every model is replaced again and again, and one is
    broken, meet no failure."""
    faults: list[object] = []
    generations: set[int] = set()
    stop = threading.Event()
    with serving(home) as served:

        def client(symbol: str) -> None:
            while not stop.is_set():
                heard = served.ask(f"/api/v1/predict/{symbol}")
                if heard.status != 200:
                    faults.append((symbol, heard.status, heard.body))
                elif symbol != "SPY":
                    generations.add(heard.tree["generation"])

        threads = [
            threading.Thread(target=client, args=(symbol,)) for symbol in ("NVDA", "TSLA", "SPY")
        ]
        for thread in threads:
            thread.start()
        write_atomic(home.model("SPY"), b"broken")
        for turn in range(2, 5):
            for symbol in ("NVDA", "TSLA", "AAPL"):
                publish(home, symbol, turn, seed=turn)
            wait_for(partial(generations.__contains__, turn), what=f"generation {turn}")
        stop.set()
        for thread in threads:
            thread.join()
    assert faults == []
    assert {2, 3, 4} <= generations


def test_reload_loads_a_model_at_once(home: Home) -> None:
    """POST reload answers with the new generation and `changed`; a second one finds nothing new."""
    with serving(home) as served:
        publish(home, "NVDA", 2, seed=7)
        first, second = (
            served.post("/api/v1/models/NVDA/reload").tree,
            served.post("/api/v1/models/NVDA/reload").tree,
        )
        assert (first["generation"], second["generation"], second["changed"]) == (2, 2, False)
        assert generation(served) == 2


def test_changed_settings_are_loaded_and_wrong_ones_reported(home: Home) -> None:
    """A new model_version shows within seconds;
    a broken stockml.toml leaves the settings before and degrades health."""
    with serving(home) as served:
        text = home.settings.read_text()
        write_atomic(
            home.settings, text.replace('model_version = "v3.3.0"', 'model_version = "v9"').encode()
        )
        wait_for(lambda: served.get("/api/v1/predict/NVDA")["model_version"] == "v9", what="v9")
        write_atomic(home.settings, b"[service\n")
        wait_for(lambda: served.ask("/api/v1/health").status == 206, what="degraded")
        assert served.get("/api/v1/predict/NVDA")["model_version"] == "v9"
        write_atomic(home.settings, text.encode())
        wait_for(lambda: served.ask("/api/v1/health").status == 200, what="healthy")


@contextmanager
def failing_opens(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> Iterator[None]:
    """Opening a file whose name holds `name` fails with this errno."""
    real = os.open

    def opened(path: Any, *args: Any, **keywords: Any) -> int:
        if name in str(path):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *args, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opened)
        yield


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.ENOMEM, errno.ENFILE])
def test_a_passing_fault_is_no_verdict_on_a_model(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A new generation that cannot be reached is shown so, not as refused, and served once it can
    be, without a touch or a reload."""
    store, refresh = store_of(home)
    publish(home, "NVDA", 2, seed=5)
    with failing_opens(monkeypatch, "nvda_lstm", number):
        refresh()
        nvda = store.get("NVDA")
        assert nvda is not None and nvda.model is not None
        assert (nvda.refused, nvda.model.info.generation) == ("", 1)
        assert os.strerror(number) in nvda.unreachable
        assert "permissions" not in nvda.unreachable
    refresh()
    nvda = store.get("NVDA")
    assert nvda is not None and nvda.model is not None
    assert (nvda.unreachable, nvda.model.info.generation) == ("", 2)


def test_a_passing_fault_at_the_start_is_no_missing_model(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model and bars that could not be reached when the service started are served later; the
    words until then are no verdict, and no other symbol is touched."""
    settings = load(home, {})
    store = ModelStore(home, FakeClock(NOW), ServiceMetrics(), None)
    refusals: list[tuple[str, str]] = []
    store.on_refusal.append(lambda symbol, words: refusals.append((symbol, words)))
    with failing_opens(monkeypatch, "nvda_lstm", errno.EMFILE):
        store.refresh(settings)
    nvda, tsla = store.get("NVDA"), store.get("TSLA")
    assert nvda is not None and nvda.fault is not None and not isinstance(nvda.fault, ModelError)
    assert "Too many open files" in str(nvda.fault)
    assert tsla is not None and tsla.fault is None
    store.refresh(settings)
    nvda = store.get("NVDA")
    assert nvda is not None and nvda.fault is None
    assert refusals == []


def test_a_passing_fault_is_no_verdict_on_bars(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars that could not be reached are read at the next look; damaged ones only when changed."""
    settings = load(home, {})
    store = ModelStore(home, FakeClock(NOW), ServiceMetrics(), None)
    with failing_opens(monkeypatch, "NVDA.csv", errno.EIO):
        store.refresh(settings)
    nvda = store.get("NVDA")
    assert nvda is not None and nvda.fault is not None
    store.refresh(settings)
    nvda = store.get("NVDA")
    assert nvda is not None and nvda.fault is None


def test_a_fault_that_nobody_foresaw_is_its_symbols_own(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of a reader that is none of ours refuses one file, and every other symbol is
    looked at."""
    store, refresh = store_of(home)
    publish(home, "NVDA", 2, seed=5)
    publish(home, "TSLA", 2, seed=5)
    real = load_forecaster

    def fails(stored: Any) -> Any:
        if stored.manifest.symbol == "NVDA":
            raise ZeroDivisionError("nobody foresaw this")
        return real(stored)

    monkeypatch.setattr("engine.service.model_store.load_forecaster", fails)
    refresh()
    nvda, tsla = store.get("NVDA"), store.get("TSLA")
    assert nvda is not None and "nobody foresaw this" in nvda.refused
    assert tsla is not None and tsla.model is not None
    assert tsla.model.info.generation == 2
