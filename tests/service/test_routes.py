"""Every route over real HTTP: shapes, statuses, HEAD, keep-alive, many clients at once."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.api import Engine
from engine.core.records import Forecast
from engine.service.routes import ROUTES
from tests.fake_clock import FakeClock
from tests.service.homes import NOW, TOKEN, Served
from tests.service.schema import answer_faults

REFERENCE = [
    "symbol",
    "current_price",
    "predicted_price",
    "trading_signal",
    "confidence",
    "prediction_time",
    "model_version",
]
PATHS = [(row.method, row.path) for row in ROUTES]


def test_a_prediction_has_the_reference_fields_first(served: Served) -> None:
    """Existing clients find their seven fields in their order, with chances as 0..1."""
    tree = served.get("/api/v1/predict/NVDA")
    assert list(tree)[:7] == REFERENCE
    assert tree["trading_signal"] in ("BUY", "SELL", "HOLD")
    assert 0.0 < tree["confidence"] < 1.0
    assert 0.0 < tree["p_up"] < 1.0
    low, high = tree["interval"]["low95"], tree["interval"]["high95"]
    assert (
        low
        < tree["interval"]["low80"]
        < tree["predicted_price"]
        < tree["interval"]["high80"]
        < high
    )
    assert (tree["as_of"], tree["target_session"], tree["stale"]) == (
        "2026-06-30",
        "2026-07-01",
        False,
    )


def test_http_and_command_forecast_the_same(served: Served) -> None:
    """`stockml predict` and the service say the same numbers for all 13 symbols."""
    found = Engine(served.home, FakeClock(NOW)).models.predict(
        served.running.service.settings.names
    )
    for tree in served.get("/api/v1/predict")["predictions"]:
        forecast = found[tree["symbol"]]
        assert isinstance(forecast, Forecast)
        assert tree["predicted_price"] == pytest.approx(forecast.next_close, rel=1e-9)
        assert tree["interval"]["low80"] == pytest.approx(forecast.low80, rel=1e-9)
        assert 100.0 * tree["confidence"] == pytest.approx(forecast.confidence, rel=1e-9)


def test_the_second_answer_is_cached(served: Served) -> None:
    """After a clear the first answer is computed, the second comes from the cache with the same
    time."""
    served.post("/api/v1/cache/clear")
    first, second = served.get("/api/v1/predict/TSLA"), served.get("/api/v1/predict/TSLA")
    assert (first["cached"], second["cached"]) == (False, True)
    assert first["prediction_time"] == second["prediction_time"]


def test_all_symbols_in_one_answer(served: Served) -> None:
    """Without a list all 13 are forecast, with one only those, each once and in its order."""
    assert served.get("/api/v1/predict")["count"] == 13
    some = served.get("/api/v1/predict?symbols=TSLA,NVDA,TSLA")
    assert [each["symbol"] for each in some["predictions"]] == ["TSLA", "NVDA"]


def test_historical_bars_are_the_stored_ones(served: Served) -> None:
    """The answer holds the sessions of the last calendar days, oldest first, the newest being
    the last bar."""
    tree = served.get("/api/v1/historical/SPY?days=10")
    days = [row["timestamp"][:10] for row in tree["data"]]
    assert (tree["symbol"], tree["days"], tree["count"]) == ("SPY", 10, len(days))
    assert days == sorted(days)
    assert (days[0], days[-1]) == ("2026-06-22", "2026-06-30")
    assert all(row["low"] <= row["close"] <= row["high"] for row in tree["data"])


def test_health_ready_and_root(served: Served) -> None:
    """A whole service is healthy with 200, ready and alive; the root lists every route."""
    assert served.get("/api/v1/health")["status"] == "healthy"
    assert served.get("/livez")["status"] == "alive"
    assert served.get("/readyz") == {"status": "ready", "loaded": 13, "total": 13}
    assert set(served.get("/")["endpoints"]) == {f"{method} {path}" for method, path in PATHS}


def test_stats_count_requests(served: Served) -> None:
    """Another request is one more in the count, with percentiles that are there and in order,
    the predictions' apart."""
    first = served.get("/api/v1/stats")["requests"]
    served.get("/api/v1/predict/NVDA")
    second = served.get("/api/v1/stats")["requests"]
    assert second["total"] == first["total"] + 2
    assert second["per_second"] > 0.0
    assert 0.0 < second["p50_ms"] <= second["p95_ms"] <= second["p99_ms"]
    before, after = first["predictions"], second["predictions"]
    assert after["recent"] == min(before["recent"] + 1, 2000)
    assert 0.0 < after["p50_ms"] <= after["p95_ms"] <= after["p99_ms"]


def test_models_name_their_generation(served: Served) -> None:
    """All 13 models are available in generation 1 with their digest."""
    found = served.get("/api/v1/models")["models"]
    assert [(each["state"], each["generation"], len(each["digest"])) for each in found] == [
        ("AVAILABLE", 1, 64)
    ] * 13


def test_models_and_stats_come_in_pages(served: Served) -> None:
    """Without words the first 200; a page names its place and all symbols."""
    whole = served.get("/api/v1/models")
    place = {"page": 1, "pages": 1, "limit": 200, "total": 13}
    assert (whole["count"], {name: whole[name] for name in place}) == (13, place)
    third = served.get("/api/v1/models?page=3&limit=5")
    assert (third["count"], third["pages"], third["total"]) == (3, 3, 13)
    assert third["models"] == whole["models"][10:]
    assert served.get("/api/v1/models?page=4&limit=5")["models"] == []
    stats = served.get("/api/v1/stats?page=2&limit=6")["model"]
    assert (len(stats["generations"]), stats["loaded"], stats["pages"]) == (6, 13, 3)
    for wrong in ("page=0", "limit=0", "limit=1001", "page=x"):
        assert served.ask(f"/api/v1/models?{wrong}").status == 400


def test_the_page_is_self_contained(served: Served) -> None:
    """The page names every path and loads nothing from elsewhere."""
    text = served.ask("/docs").body.decode()
    assert all(path in text for _, path in PATHS)
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_every_answer_is_as_declared(served: Served, method: str, path: str) -> None:
    """Each route's success stands in openapi.json, body and all."""
    heard = served.ask(path.replace("{symbol}", "NVDA"), method, token=TOKEN)
    assert heard.status == 200
    assert (
        answer_faults(path, method, heard.status, heard.headers["content-type"], heard.body) == []
    )


@pytest.mark.parametrize("path", [path for method, path in PATHS if method == "GET"])
def test_head_is_a_get_without_a_body(served: Served, path: str) -> None:
    """HEAD answers what GET does, without the body: `wget --spider` may poll it."""
    heard = served.ask(path.replace("{symbol}", "NVDA"), "HEAD")
    assert (heard.status, heard.body) == (200, b"")
    assert int(heard.headers["content-length"]) > 0


@pytest.mark.parametrize(
    ("path", "method", "status", "kind"),
    [
        ("/api/v1/predict/META", "GET", 404, "unknown-symbol"),
        ("/api/v1/predict/nvda", "GET", 400, "symbol"),
        ("/api/v1/predict/%2e%2e%2fetc", "GET", 404, "not-found"),
        ("/api/v1/predict/..", "GET", 400, "symbol"),
        ("/api/v1/predict/%00", "GET", 400, "symbol"),
        ("/api/v1/predict?symbols=NVDA,META", "GET", 404, "unknown-symbol"),
        ("/api/v1/predict/NVDA?days=0", "GET", 400, "parameter"),
        ("/api/v1/predict/NVDA?days=x", "GET", 400, "parameter"),
        ("/api/v1/historical/NVDA?days=731", "GET", 400, "parameter"),
        ("/api/v1/historical/NVDA?days=%D9%A3", "GET", 400, "parameter"),
        ("/api/v1/predictions/history?start_date=tomorrow", "GET", 400, "parameter"),
        ("/api/v1/predictions/history/NVDA?limit=1001", "GET", 400, "parameter"),
        ("/api/v1/predictions/accuracy/META", "GET", 404, "unknown-symbol"),
        ("/api/v1/models/META/reload", "POST", 404, "unknown-symbol"),
        ("/nothing", "GET", 404, "not-found"),
        ("/api/v1/predict/NVDA/", "GET", 404, "not-found"),
        ("/api/v1/predict/NVDA", "POST", 405, "method"),
        ("/api/v1/cache/clear", "GET", 405, "method"),
        ("/api/v1/health", "DELETE", 405, "method"),
    ],
)
def test_every_error_is_a_problem(
    served: Served, path: str, method: str, status: int, kind: str
) -> None:
    """Errors are RFC 9457 problems that also carry the reference's `error status timestamp`, and
    no path of this machine."""
    heard = served.ask(path, method, token=TOKEN)
    tree = heard.tree
    assert (heard.status, heard.headers["content-type"]) == (status, "application/problem+json")
    assert (tree["status"], tree["type"]) == (status, f"urn:stockml:problem:{kind}")
    assert tree["error"] == tree["detail"]
    assert tree["timestamp"].endswith("Z")
    assert str(served.home.root) not in heard.body.decode()


def test_one_connection_serves_many_requests(served: Served) -> None:
    """Keep-alive: a hundred requests, errors and HEADs among them, pass over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.connect()
    first = connection.sock
    for number in range(100):
        connection.request(
            "HEAD" if number % 5 == 0 else "GET",
            "/nothing" if number % 7 == 0 else "/api/v1/predict/NVDA",
        )
        answer = connection.getresponse()
        answer.read()
        assert answer.status == (404 if number % 7 == 0 else 200)
    assert connection.sock is first
    connection.close()


def test_twenty_clients_at_once(served: Served) -> None:
    """Twenty clients with a mix of requests are all answered, each with its own symbol."""
    names = served.running.service.settings.names

    def client(number: int) -> list[Any]:
        wanted = [names[(number + step) % len(names)] for step in range(10)]
        return [served.get(f"/api/v1/predict/{name}")["symbol"] == name for name in wanted]

    with ThreadPoolExecutor(20) as pool:
        assert all(all(found) for found in pool.map(client, range(20)))
