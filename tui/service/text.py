"""The prediction service in words, from its answers alone.

A figure that an older service does not report is shown as missing, never made up.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.client.records import ServiceReply, ServiceState
from engine.core.clock import parse_iso
from engine.core.records import Level
from engine.service.records import Overview
from engine.service.verdict import answer_lines, latency_line, response_error, response_level
from engine.settings.schema import ResourceSettings, Settings
from engine.words import figures, times
from engine.words.tables import TableColumn
from tui.service.marks import MARKS
from tui.widgets.lines import Line, Span, line, wrapped_all
from tui.work.messages import Notice, level_of

_GAP = line(" ")
# Characters of a problem: three lines of 80 cells, so that 13 symbols stand below on 24 lines.
_LONGEST = 210
STATE_WORDS = (
    ("off", "no prediction service runs, and none is missed"),
    ("DOWN", "it ended without a word: killed, crashed, or the machine went down"),
    ("starting", "it loads the models"),
    ("up", "every symbol is answered"),
    ("DEGRADED", "symbols are answered, and something is wrong; the line below says what"),
    ("UNHEALTHY", "it answers, and no symbol can be forecast"),
    ("UNANSWERING", "it runs and gives no answer in time"),
    ("ERROR", "it answers, and not with its health"),
)
HEADS = (
    TableColumn("SYMBOL", 0, meaning="the symbol"),
    TableColumn("STATE", 0, meaning="what becomes of a request for it"),
    TableColumn("GEN", 1, right=True, meaning="the generation in its memory"),
    TableColumn("TRAINED", 2, right=True, meaning="how long ago that model was trained"),
    TableColumn("LOADED", 4, right=True, meaning="when the service took it up"),
    TableColumn("BARS TO", 3, meaning="the last session its forecast knows"),
    TableColumn("REFUSED", 5, right=True, meaning="model files it refused since it started"),
    TableColumn("NOTE", 6, max_width=200, meaning="what is wrong"),
)
ROW_WORDS = (
    ("SERVED", "answered from the newest bars"),
    ("STALE", "answered, and a newer complete session has no bars yet"),
    ("REFUSED", "answered from the model before: the file on disk is refused"),
    ("RETRIED", "answered from the model before: the file cannot be reached now, tried again"),
    ("NONE", "not answered"),
)


# -- the screen ---------------------------------------------------------------------------------


def page(
    overview: Overview, settings: Settings, home: str, width: int, chosen: str = ""
) -> tuple[Line, ...]:
    """The lines above the models, at most seven while it answers, with `chosen`'s problem first."""
    answers = overview.state.word in ("healthy", "degraded", "unhealthy")
    lines = _figures(overview, chosen) if answers else _advice(overview, settings, home)
    return wrapped_all(lines, width, 2)


def facts(overview: Overview) -> Sequence[Span]:
    """The title of the screen: the mark, where, since when."""
    state = overview.state
    address = state.place.text.partition(",")[0] if state.running else ""
    since = _since(overview.stats)
    return (
        (MARKS[state.word][0].removeprefix("service "), MARKS[state.word][1]),
        *(((address, ""),) if address else ()),
        *(((f"since {times.moment(since)}", "dim"),) if since else ()),
    )


def _figures(overview: Overview, chosen: str) -> list[Line]:
    requests, cache, system = (
        _part(overview.stats, name) for name in ("requests", "cache", "system")
    )
    lines = [_problems(overview.state, chosen)] if overview.state.word != "healthy" else []
    if not overview.stats:
        return [*lines, line(f"it does not report metrics: {overview.fault}", "crit")]
    errors = _count(requests, "errors")
    rate = figures.number(_real(requests, "per_second"), 1)
    lines.append(
        (
            ("requests ", "dim"),
            (f"{_count(requests, 'total')}, {rate}/s over the last minute", ""),
            ("  errors ", "dim"),
            (errors, "" if errors in ("0", figures.ABSENT) else "crit"),
            ("  turned away ", "dim"),
            (_count(requests, "refused"), ""),
        )
    )
    lines.append(_latency("predictions", _part(requests, "predictions")))
    lines.append(_latency("all requests", requests))
    lines.append(
        (
            ("cache ", "dim"),
            (
                f"{_count(cache, 'size')} forecasts for {cache.get('default_ttl', figures.ABSENT)}",
                "",
            ),
            ("  hits ", "dim"),
            (f"{_count(requests, 'hits')} of {_asked(requests)}", ""),
            ("  memory ", "dim"),
            (figures.size(_whole(system, "memory_alloc")), ""),
            ("  up ", "dim"),
            (times.duration(_real(system, "uptime_seconds")), ""),
            ("  health in ", "dim"),
            (times.latency(overview.state.reply.seconds), ""),
        )
    )
    return lines


def _problems(state: ServiceState, chosen: str) -> Line:
    reported = state.reply.tree.get("problems")
    problems = [str(problem) for problem in reported] if isinstance(reported, list) else []
    of_chosen = [problem for problem in problems if problem.startswith(f"{chosen}:")]
    text = next(iter((*of_chosen, *problems)), "it does not say why")
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return line(f"{text}{more}", MARKS[state.word][1])


def _latency(kind: str, requests: Mapping[str, Any]) -> Line:
    """The percentiles as the service computed them, and over how many requests."""
    count = _whole(requests, "recent")
    over = f" of the newest {count}" if count else ""
    if count == 0:
        over = " (none yet)"
    quantiles = "  ".join(
        f"{name} {figures.number(_real(requests, f'{name}_ms'), 1)} ms"
        for name in ("p50", "p95", "p99")
    )
    return (("latency ", "dim"), (quantiles, ""), (f"  {kind}{over}", "dim"))


def _asked(requests: Mapping[str, Any]) -> str:
    hits, misses = _whole(requests, "hits"), _whole(requests, "misses")
    return figures.ABSENT if hits is None or misses is None else str(hits + misses)


def _advice(overview: Overview, settings: Settings, home: str) -> list[Line]:
    """The problem and the next steps."""
    state = overview.state
    if state.word == "starting":
        text = f"The service starts: it loads the models. {state.place.text}"
        return [line(text.rstrip(), "warn")]
    if state.word in ("silent", "error"):
        return _advice_on_silence(state)
    service = settings.service
    lines = [_why_there_is_none(state), _GAP]
    if overview.stranger:
        text = (
            f"Port {service.port} is taken by {overview.stranger}: choose another with --port, or"
            " [service] port."
        )
        lines.append(line(text, "warn"))
    # The home stands at the end, so that a long one cuts nothing.
    quoted = shlex.quote(home)
    address = (
        f"It will answer on http://{service.host}:{service.port} ([service] host and port in"
        " stockml.toml), from the models and bars of this home."
    )
    return [
        *lines,
        _command("start it in a shell", f"stockml serve --home {quoted}"),
        _command("start it at every boot", f"stockml schedule install serve --home {quoted}"),
        _GAP,
        line(address, "dim"),
    ]


def _advice_on_silence(state: ServiceState) -> list[Line]:
    fault = "runs and gives no answer" if state.word == "silent" else "does not report its health"
    problem = state.reply.problem or "its answer is not a health report"
    pid = state.place.text.rpartition("pid ")[2]
    advice = "If it stays so, start it again."
    if pid.isdigit():
        advice = f"If it stays so: kill {pid}, then start it again."
    return [line(f"The service {fault}: {problem}", "crit"), line(advice)]


def _why_there_is_none(state: ServiceState) -> Line:
    if state.word == "down":
        text = (
            "The service ended without a word: killed, crashed, or the machine went down. It was"
            f" {state.place.text}."
        )
        return line(text, "crit")
    return line(
        "No prediction service runs on this home; forecasts are made by stockml predict alone."
    )


def _command(purpose: str, words: str) -> Line:
    return ((f"{purpose:<24}", "dim"), (words, "head"))


def model_row(model: Mapping[str, Any], now: datetime) -> tuple[Span, ...]:
    """One symbol as the service holds it."""
    state, style = _state(model)
    trained, loaded = _moment(model, "trained_at"), _moment(model, "loaded_at")
    refusals = _whole(model, "refusals")
    words = ("refused", "problem", "unreachable")
    note = next((str(model[word]) for word in words if model.get(word)), "")
    return (
        (str(model.get("symbol", figures.ABSENT)), "head"),
        (state, style),
        (_count(model, "generation"), ""),
        (times.age((now - trained) / timedelta(days=1)) if trained else figures.ABSENT, ""),
        (times.brief_moment(loaded, now, 7), "dim"),
        (str(model.get("as_of") or figures.ABSENT), ""),
        (_count(model, "refusals"), "warn" if refusals else "dim"),
        (note, style if note else ""),
    )


def _state(model: Mapping[str, Any]) -> Span:
    if model.get("state") != "AVAILABLE":
        return ("NONE", "crit")
    if model.get("refused"):
        return ("REFUSED", "warn")
    if model.get("unreachable"):
        return ("RETRIED", "warn")
    return ("STALE", "warn") if model.get("stale") else ("SERVED", "ok")


# -- a test of one symbol -----------------------------------------------------------------------


def verdict_notice(symbol: str, reply: ServiceReply, limits: ResourceSettings) -> Notice:
    """The result of `t`: status, latency, answer, verdict; or why there is none."""
    wrong = response_error(reply)
    if wrong is not None:
        took = f" after {times.latency(reply.seconds)}" if reply.seconds >= 1.0 else ""
        return Notice(f"{symbol} {Level.CRIT}{took}: {wrong.message}", wrong.hint, level=Level.CRIT)
    first, second = answer_lines(reply)
    return Notice(
        f"{latency_line(symbol, reply, limits)}; {first} · {second}",
        level=level_of(failed=response_level(reply, limits) is Level.CRIT),
    )


# -- reading what was told ----------------------------------------------------------------------


def _part(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = tree.get(name)
    return part if isinstance(part, dict) else {}


def _real(tree: Mapping[str, Any], name: str) -> float | None:
    value = tree.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(tree: Mapping[str, Any], name: str) -> int | None:
    value = tree.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _count(tree: Mapping[str, Any], name: str) -> str:
    count = _whole(tree, name)
    return figures.ABSENT if count is None else str(count)


def _moment(tree: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return parse_iso(str(tree[name])) if tree.get(name) else None
    except (KeyError, ValueError):
        return None


def _since(stats: Mapping[str, Any]) -> datetime | None:
    now, up = _moment(stats, "time"), _real(_part(stats, "system"), "uptime_seconds")
    return now - timedelta(seconds=up) if now and up is not None else None
