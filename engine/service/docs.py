"""The API contract as an HTML page from openapi.json, without scripts or external resources."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0"
    " 1rem;color:#1a1a1a}code,pre{font:13px/1.5"
    " ui-monospace,monospace}h2{font-size:1rem;margin:1.6rem 0"
    " .2rem}table{border-collapse:collapse}td,th{text-align:left;padding:.1rem 1rem .1rem"
    " 0;vertical-align:top}"
)


def page(document: dict[str, Any]) -> str:
    """The HTML of the page."""
    info = document["info"]
    body = "".join(
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        '<!doctype html><html lang="en"><head><meta'
        f' charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1><p>{escape(info['description'])}</p>{body}</body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(_parameter(parameter) for parameter in operation.get("parameters", ()))
    answers = "".join(
        f"<tr><td><code>{escape(status)}</code></td>"
        f"<td>{escape(answer.get('description', _name(answer)))}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<h2><code>{method.upper()}"
        f" {escape(path)}</code></h2><p>{escape(operation['summary'])}</p>"
        f"<table>{parameters}{answers}</table>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    name = parameter.get("name", _name(parameter))
    description = escape(parameter.get("description", ""))
    return f"<tr><td><code>{escape(name)}</code></td><td>{description}</td></tr>"


def _name(reference: dict[str, Any]) -> str:
    return str(reference.get("$ref", "")).rpartition("/")[2]
