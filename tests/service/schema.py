"""A checker for the part of JSON Schema that openapi.json uses: what is wrong with a value, in
words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from tests.helpers import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "engine" / "service" / "openapi.json").read_text())
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool}
KNOWN = {
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "description",
    "default",
}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The node that a reference names."""
    while "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def faults(value: Any, schema: dict[str, Any], where: str = "$") -> Iterator[str]:
    """Every violation; a keyword that this checker does not know is one too."""
    schema = resolved(schema)
    if unknown := set(schema) - KNOWN:
        yield f"{where}: the schema uses {unknown}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{where}: {value!r} is not {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, str):
        yield from _text(value, schema, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, above, high = (
            schema.get("minimum"),
            schema.get("exclusiveMinimum"),
            schema.get("maximum"),
        )
        if (
            (low is not None and value < low)
            or (above is not None and value <= above)
            or (high is not None and value > high)
        ):
            yield f"{where}: {value} is out of bounds"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), f"{where}[{index}]")
    elif isinstance(value, dict):
        yield from _object(value, schema, where)


def _is(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    if kind in ("number", "integer"):
        return isinstance(value, int if kind == "integer" else int | float) and not isinstance(
            value, bool
        )
    return isinstance(value, KINDS[kind])


def _text(value: str, schema: dict[str, Any], where: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    try:
        if schema.get("format") == "date":
            date.fromisoformat(value)
        elif (
            schema.get("format") == "date-time"
            and datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is None
        ):
            yield f"{where}: {value!r} has no zone"
    except ValueError:
        yield f"{where}: {value!r} is no {schema['format']}"


def _object(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: {name} is missing"
    more = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in known:
            yield from faults(item, known[name], f"{where}.{name}")
        elif more is False:
            yield f"{where}: {name} is not declared"
        elif isinstance(more, dict):
            yield from faults(item, more, f"{where}.{name}")


def answer_faults(path: str, method: str, status: int, media: str, body: bytes) -> list[str]:
    """What is wrong with an answer of a route: an undeclared status or media type, a body off
    its schema."""
    operation = DOCUMENT["paths"][path][method.lower()]
    answer = operation["responses"].get(str(status))
    if answer is None:
        return [f"{method} {path} answered {status}, which is not declared"]
    content = resolved(answer)["content"]
    kind = media.partition(";")[0]
    if kind not in content:
        return [f"{method} {path} answered {status} as {kind}, which is not declared"]
    if not kind.endswith("json"):
        return []
    return list(faults(json.loads(body), content[kind]["schema"]))
