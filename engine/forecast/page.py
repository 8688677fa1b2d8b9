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
:root { color-scheme: light dark; --ink: #111; --paper: #fff; --soft: #555; --line: #ddd;
  --ours: #0072b2; --wide: #d6e6f2; --narrow: #a9cce3; --mark: #fff3cd; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #14171a; --soft: #aaa;
  --line: #3a3f44; --ours: #56b4e9; --wide: #1d3345; --narrow: #2b506d; --mark: #4a3c10; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto;
  padding: 0 1rem; color: var(--ink); background: var(--paper); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
.wide { overflow-x: auto; }
th, td { padding: .2rem .5rem; border-bottom: 1px solid var(--line); text-align: left; }
th, .scores td { white-space: nowrap; }
.scores .number { text-align: right; }
.simulated { background: var(--mark); border: 2px solid #b58900; padding: .5rem 1rem;
  font-weight: bold; }
svg { width: 100%; min-width: 34rem; max-width: 60rem; height: auto; display: block;
  fill: var(--ink); }
.legend { color: var(--soft); max-width: 60rem; }
@media (max-width: 60rem) {
  .scores table, .scores tbody, .scores tr, .scores td { display: block; }
  .scores thead { display: none; }
  .scores tr { display: grid; grid-template-columns: 1fr 1fr; column-gap: 1rem; padding: .6rem 0;
    border-bottom: 2px solid var(--line); }
  .scores td { display: flex; justify-content: space-between; flex-wrap: wrap; column-gap: .5rem;
    border: 0; padding: .1rem 0; }
  .scores td::before { content: attr(data-head); color: var(--soft); }
  .scores td:first-child { grid-column: 1 / 3; font-size: 15px; font-weight: bold; }
  .scores td:first-child::before { content: none; }
}
@media print {
  @page { size: landscape; margin: 1cm; }
  :root { color-scheme: light; --ink: #111; --paper: #fff; --soft: #555; --line: #ddd;
    --ours: #0072b2; --wide: #d6e6f2; --narrow: #a9cce3; --mark: #fff; }
  body { font-size: 11px; max-width: none; margin: 0; padding: 0; }
  table { font-size: 9px; }
  th, td { padding: .1rem .3rem; }
  svg { min-width: 0; max-width: 22cm; }
  svg, tr, .simulated { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""
# No script, no request: a report may be opened from a mail or a foreign disk.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(evaluations: Sequence[Evaluation], document: dict[str, Any]) -> str:
    """The whole page; every text from outside is cleaned and escaped."""
    parts = [f"<h1>Evaluation</h1><p>{escape(document['evaluated_at'])}</p>"]
    if document["simulated"]:
        parts.append('<p class="simulated">SIMULATED: not real prices</p>')
    scores = html_table(HEADS, table_rows(document), RIGHT)
    parts.append(f'<div class="wide scores" tabindex="0">{scores}</div>')
    parts.append(f'<p class="legend">{escape(LEGEND)}</p>')
    if document["problems"]:
        reasons = [(entry["symbol"], clean(entry["message"])) for entry in document["problems"]]
        parts += ["<h2>Not scored</h2>", html_table(("SYMBOL", "WHY"), reasons)]
    if evaluations:
        parts += ["<h2>Reliability</h2>", _chart(charts.reliability_chart(evaluations))]
        parts += ["<h2>Weights</h2>", _chart(charts.weights_chart(evaluations))]
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
    chart = _chart(charts.forecast_chart(evaluation)) if len(evaluation.record) else ""
    title = f"<h2>{escape(evaluation.symbol)}{mark}</h2>"
    ahead = f"<p>{escape(sentence(evaluation.forecast))}</p>" if evaluation.forecast else ""
    return f"{title}{ahead}<p>{escape(facts)}; {escape(scored)}</p>{chart}"


def _chart(svg: str) -> str:
    return f'<div class="wide" tabindex="0">{svg}</div>'


def html_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """A table; every text is escaped."""
    kinds = ["number" if column in right else "text" for column in range(len(heads))]
    body = "\n".join(f"<tr>{_cells(row, heads, kinds)}</tr>" for row in rows)
    titles = "".join(
        f'<th scope="col" class="{kind}">{escape(head)}</th>'
        for kind, head in zip(kinds, heads, strict=True)
    )
    return f"<table><thead><tr>{titles}</tr></thead>\n<tbody>{body}</tbody></table>"


def _cells(texts: Sequence[str], heads: Sequence[str], kinds: Sequence[str]) -> str:
    """The cells of a row; a narrow page shows each with its head."""
    return "".join(
        f'<td class="{kind}" data-head="{escape(head)}">{escape(text)}</td>'
        for kind, head, text in zip(kinds, heads, texts, strict=True)
    )
