"""openapi.json and the routes are one contract, and no request that can be made breaks it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.service.routes import ROUTES
from tests.service.homes import TOKEN, Served
from tests.service.schema import DOCUMENT, answer_faults, faults, resolved

OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "NVDA",
            "META",
            "nvda",
            "..",
            "NVDA,TSLA",
            "0",
            "1",
            "-1",
            "1e3",
            "2026-01-31",
            "9" * 30,
            "\x00",
            "é",
        ]
    ),
    st.text(max_size=20),
)


def given_for(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Values for one parameter: such as the document allows, and such as it does not."""
    found = resolved(schema)
    if found.get("type") == "integer":
        return st.one_of(st.integers(found["minimum"], found["maximum"]).map(str), TEXTS)
    if found.get("format") == "date":
        return st.one_of(st.dates().map(str), TEXTS)
    return st.one_of(st.sampled_from(["NVDA", "SPY", "BRK-B"]), TEXTS)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, str, bytes | None, str]:
    """(path template, method, target, body, token) of any operation."""
    path, method = draw(st.sampled_from(OPERATIONS))
    target, query = path, {}
    for reference in DOCUMENT["paths"][path][method].get("parameters", ()):
        parameter = resolved(reference)
        value = draw(given_for(parameter["schema"]))
        if parameter["in"] == "path":
            target = target.replace("{symbol}", quote(value, safe="") or "%20")
        elif draw(st.booleans()):
            query[parameter["name"]] = value
    if draw(st.booleans()):
        query[draw(st.text("abcxyz&=%", max_size=8))] = draw(TEXTS)
    body = draw(st.one_of(st.none(), st.binary(max_size=50), st.just(b"x" * 5000)))
    return (
        path,
        method,
        target + (f"?{urlencode(query)}" if query else ""),
        body,
        draw(st.sampled_from(["", "no", TOKEN])),
    )


def test_document_and_routes_are_one() -> None:
    """Every route stands in openapi.json and nothing else does."""
    assert {(row.path, row.method.lower()) for row in ROUTES} == set(OPERATIONS)


def test_every_reference_resolves_and_is_used() -> None:
    """No `$ref` leads nowhere, and no component is left over."""
    text = json.dumps(DOCUMENT)
    for kind, parts in DOCUMENT["components"].items():
        for name in parts:
            assert kind == "securitySchemes" or f'"#/components/{kind}/{name}"' in text, name
    for path, method in OPERATIONS:
        for answer in DOCUMENT["paths"][path][method]["responses"].values():
            assert "description" in resolved(answer)


def test_the_checker_can_fail() -> None:
    """A missing field, a wrong type, a number out of bounds and an undeclared field are all
    found."""
    schema = {"$ref": "#/components/schemas/Status"}
    assert list(faults({"status": "ok"}, schema)) == []
    broken: list[Any] = [{}, {"status": 1}, {"status": "ok", "more": 1}, []]
    for wrong in broken:
        assert list(faults(wrong, schema))
    assert list(faults(1.5, {"type": "number", "maximum": 1}))
    assert list(faults("2026-13-01", {"type": "string", "format": "date"}))


@settings(
    max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(requests())
def test_no_request_breaks_the_contract(
    served: Served, made: tuple[str, str, str, bytes | None, str]
) -> None:
    """Whatever is asked, the answer is declared, keeps its schema, and is never a 500."""
    path, method, target, body, token = made
    heard = served.ask(target, method.upper(), body, token)
    media = heard.headers.get("content-type", "")
    assert heard.status != 500
    if heard.status == 404 and "not-found" in heard.body.decode():
        return  # the value made another path of it: nothing is there
    assert answer_faults(path, method, heard.status, media, heard.body) == []
