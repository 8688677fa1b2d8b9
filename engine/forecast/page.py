"""The evaluation as one self-contained HTML page: tables, and charts as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from engine.core.text import clean
from engine.forecast import charts
from engine.forecast.evaluate import Evaluation
from engine.forecast.report_table import HEADS, LEGEND, RIGHT, table_rows
from engine.words.forecasts import sentence

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
# No script, no request: a report may be opened from a mail or a foreign disk.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(evaluations: Sequence[Evaluation], document: dict[str, Any]) -> str:
    """The whole page; every text from outside is cleaned and escaped."""
    parts = [f"<h1>Evaluation</h1><p>{escape(document['evaluated_at'])}</p>"]
    if document["simulated"]:
        parts.append('<p class="simulated">SIMULATED: not real prices</p>')
    parts.append(f'<div class="wide">{html_table(HEADS, table_rows(document), RIGHT)}</div>')
    parts.append(f'<p class="legend">{escape(LEGEND)}</p>')
    if document["problems"]:
        reasons = [(entry["symbol"], clean(entry["message"])) for entry in document["problems"]]
        parts += ["<h2>Not scored</h2>", html_table(("SYMBOL", "WHY"), reasons)]
    if evaluations:
        parts += ["<h2>Reliability</h2>", charts.reliability_chart(evaluations)]
        parts += ["<h2>Weights</h2>", charts.weights_chart(evaluations)]
    parts += [_symbol_section(evaluation) for evaluation in evaluations]
    head = (
        '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy"'
        f' content="{POLICY}"><title>stockml evaluation</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style>"
    )
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _symbol_section(evaluation: Evaluation) -> str:
    model = evaluation.model
    mark = " SIMULATED" if evaluation.simulated else ""
    facts = (
        f"generation {model.generation}, trained {model.trained_at:%Y-%m-%d} up to {model.last_bar}"
        f" from {model.source}"
    )
    scored = (
        f"scored on {evaluation.part} sessions of {clean(evaluation.source)}:"
        f" {clean(evaluation.why)}"
    )
    chart = charts.forecast_chart(evaluation) if len(evaluation.record) else ""
    title = f"<h2>{escape(evaluation.symbol)}{mark}</h2>"
    ahead = f"<p>{escape(sentence(evaluation.forecast))}</p>" if evaluation.forecast else ""
    return f"{title}{ahead}<p>{escape(facts)}; {escape(scored)}</p>{chart}"


def html_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """A table; every text is escaped."""
    kinds = ["number" if column in right else "text" for column in range(len(heads))]
    body = "\n".join(f"<tr>{_cells('td', row, kinds)}</tr>" for row in rows)
    head = f"<thead><tr>{_cells('th', heads, kinds)}</tr></thead>"
    return f"<table>{head}\n<tbody>{body}</tbody></table>"


def _cells(tag: str, texts: Sequence[str], kinds: Sequence[str]) -> str:
    return "".join(
        f'<{tag} class="{kind}">{escape(text)}</{tag}>'
        for kind, text in zip(kinds, texts, strict=True)
    )
