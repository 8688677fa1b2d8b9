"""The evaluation as one HTML page that needs nothing beside it: tables, and charts as inline
SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from engine.core.text import clean
from engine.forecast import charts
from engine.forecast.evaluate import Evaluation
from engine.forecast.report import HEADS, LEGEND, RIGHT, table

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto;
  padding: 0 1rem; color: #111; background: #fff; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
.wide { overflow-x: auto; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #ddd; }
th, td { white-space: nowrap; text-align: left; }
.number { text-align: right; }
.simulated { background: #fff3cd; border: 2px solid #b58900; }
.simulated { padding: .5rem 1rem; font-weight: bold; }
svg { width: 100%; max-width: 60rem; height: auto; display: block; }
.legend { color: #444; max-width: 60rem; }
"""
# No script, no request: a report is read, also from a mail or a foreign disk.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(found: Sequence[Evaluation], tree: dict[str, Any]) -> str:
    """The whole page; every text from outside is cleaned and escaped."""
    parts = [f"<h1>Evaluation</h1><p>{escape(tree['evaluated_at'])}</p>"]
    if tree["simulated"]:
        parts.append('<p class="simulated">SIMULATED: not real prices</p>')
    parts += [
        f'<div class="wide">{html_table(HEADS, table(tree), RIGHT)}</div>',
        f'<p class="legend">{escape(LEGEND)}</p>',
    ]
    if tree["problems"]:
        parts += [
            "<h2>Not scored</h2>",
            html_table(
                ("SYMBOL", "WHY"), [(p["symbol"], clean(p["message"])) for p in tree["problems"]]
            ),
        ]
    if found:
        parts += [
            "<h2>Reliability</h2>",
            charts.reliability_chart(found),
            "<h2>Weights</h2>",
            charts.weights_chart(found),
        ]
    parts += [_symbol(each) for each in found]
    head = (
        '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy"'
        f' content="{POLICY}"><title>stockml evaluation</title>'
    )
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    body = "\n".join(parts)
    head += f"{viewport}<style>{STYLE}</style>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _symbol(found: Evaluation) -> str:
    """One symbol's section."""
    model = found.model
    facts = (
        f"generation {model.generation}, trained {model.trained_at:%Y-%m-%d} up to {model.last_bar}"
        f" from {model.source}"
    )
    scored = f"scored on {found.part} sessions of {clean(found.source)}: {clean(found.why)}"
    mark = " SIMULATED" if found.simulated else ""
    chart = charts.forecast_chart(found) if len(found.record) else ""
    return f"<h2>{escape(found.symbol)}{mark}</h2><p>{escape(facts)}; {escape(scored)}</p>{chart}"


def html_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """A table; every text is escaped."""
    kinds = ["number" if at in right else "text" for at in range(len(heads))]
    head = "".join(
        f'<th class="{kind}">{escape(text)}</th>' for kind, text in zip(kinds, heads, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}">{escape(text)}</td>' for kind, text in zip(kinds, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
