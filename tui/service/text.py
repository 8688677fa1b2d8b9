"""The prediction service in words: its mark in the title, its screen, the result of a test.

Pure functions of answers.

A figure that the service did not tell (an older one knows fewer) is shown as missing, never made
up.
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
    ("NONE", "not answered"),
)


# -- the screen ---------------------------------------------------------------------------------


def page(
    found: Overview, settings: Settings, home: str, width: int, chosen: str = ""
) -> tuple[Line, ...]:
    """What stands above the models: at most seven lines while it answers;
    of its problems, the one of `chosen` first."""
    lines = (
        _figures(found, chosen)
        if found.state.word in ("healthy", "degraded", "unhealthy")
        else _advice(found, settings, home)
    )
    return wrapped_all(lines, width, 2)


def facts(found: Overview) -> Sequence[Span]:
    """The title of the screen: the mark, where, since when."""
    state = found.state
    address = state.place.text.partition(",")[0] if state.running else ""
    since = _since(found.stats)
    return (
        (MARKS[state.word][0].removeprefix("service "), MARKS[state.word][1]),
        *(((address, ""),) if address else ()),
        *(((f"since {times.moment(since)}", "dim"),) if since else ()),
    )


def _figures(found: Overview, chosen: str) -> list[Line]:
    requests, cache, system = (_part(found.stats, name) for name in ("requests", "cache", "system"))
    lines = [_problems(found.state, chosen)] if found.state.word != "healthy" else []
    if not found.stats:
        return [*lines, line(f"it does not tell its figures: {found.fault}", "crit")]
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
            (times.latency(found.state.reply.seconds), ""),
        )
    )
    return lines


def _problems(state: ServiceState, chosen: str) -> Line:
    told = state.reply.tree.get("problems")
    problems = [str(each) for each in told] if isinstance(told, list) else []
    first = next(
        (each for each in problems if each.startswith(f"{chosen}:")),
        next(iter(problems), "it does not say why"),
    )
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return line(
        f"{first if len(first) <= _LONGEST else f'{first[:_LONGEST]}…'}{more}", MARKS[state.word][1]
    )


def _latency(what: str, found: Mapping[str, Any]) -> Line:
    """The percentiles as the service computed them, and over how many requests."""
    count = _whole(found, "recent")
    over = f" of the newest {count}" if count else " (none yet)" if count == 0 else ""
    quantiles = "  ".join(
        f"{name} {figures.number(_real(found, f'{name}_ms'), 1)} ms"
        for name in ("p50", "p95", "p99")
    )
    return (("latency ", "dim"), (quantiles, ""), (f"  {what}{over}", "dim"))


def _asked(requests: Mapping[str, Any]) -> str:
    hits, misses = _whole(requests, "hits"), _whole(requests, "misses")
    return figures.ABSENT if hits is None or misses is None else str(hits + misses)


def _advice(found: Overview, settings: Settings, home: str) -> list[Line]:
    """What is the matter, and what to do about it."""
    state, place = found.state, found.state.place
    if state.word == "starting":
        return [line(f"The service starts: it loads the models. {place.text}".rstrip(), "warn")]
    if state.word in ("silent", "error"):
        pid = place.text.rpartition("pid ")[2]
        what = "runs and gives no answer" if state.word == "silent" else "does not tell its health"
        again = (
            f"If it stays so: kill {pid}, then start it again."
            if pid.isdigit()
            else "If it stays so, start it again."
        )
        return [
            line(
                f"The service {what}: {state.reply.problem or 'its answer is none of health'}",
                "crit",
            ),
            line(again),
        ]
    address = f"http://{settings.service.host}:{settings.service.port}"
    first = (
        line(
            "The service ended without a word: killed, crashed, or the machine went down. It was"
            f" {place.text}.",
            "crit",
        )
        if state.word == "down"
        else line(
            "No prediction service runs on this home; forecasts are made by stockml predict alone."
        )
    )
    lines = [first, _GAP]
    if found.stranger:
        port = settings.service.port
        lines += [
            line(
                f"Port {port} is taken by {found.stranger}: choose another with --port, or"
                " [service] port.",
                "warn",
            )
        ]
    # The home stands at the end, so that a long one cuts nothing.
    quoted = shlex.quote(home)
    return [
        *lines,
        _command("start it in a shell", f"stockml serve --home {quoted}"),
        _command("start it at every boot", f"stockml schedule install serve --home {quoted}"),
        _GAP,
        line(
            f"It will answer on {address} ([service] host and port in stockml.toml), from the"
            " models and bars of this home.",
            "dim",
        ),
    ]


def _command(what: str, words: str) -> Line:
    return ((f"{what:<24}", "dim"), (words, "head"))


def model_row(found: Mapping[str, Any], now: datetime) -> tuple[Span, ...]:
    """One symbol as the service holds it."""
    state, style = _state(found)
    trained, loaded = _moment(found, "trained_at"), _moment(found, "loaded_at")
    refusals = _whole(found, "refusals")
    note = str(found.get("refused") or found.get("problem") or "")
    return (
        (str(found.get("symbol", figures.ABSENT)), "head"),
        (state, style),
        (_count(found, "generation"), ""),
        (times.age((now - trained) / timedelta(days=1)) if trained else figures.ABSENT, ""),
        (times.brief_moment(loaded, now, 7), "dim"),
        (str(found.get("as_of") or figures.ABSENT), ""),
        (_count(found, "refusals"), "warn" if refusals else "dim"),
        (note, style if note else ""),
    )


def _state(found: Mapping[str, Any]) -> Span:
    if found.get("state") != "AVAILABLE":
        return ("NONE", "crit")
    if found.get("refused"):
        return ("REFUSED", "warn")
    return ("STALE", "warn") if found.get("stale") else ("SERVED", "ok")


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
    found = tree.get(name)
    return found if isinstance(found, dict) else {}


def _real(tree: Mapping[str, Any], name: str) -> float | None:
    found = tree.get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _whole(tree: Mapping[str, Any], name: str) -> int | None:
    found = tree.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _count(tree: Mapping[str, Any], name: str) -> str:
    found = _whole(tree, name)
    return figures.ABSENT if found is None else str(found)


def _moment(tree: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return parse_iso(str(tree[name])) if tree.get(name) else None
    except (KeyError, ValueError):
        return None


def _since(stats: Mapping[str, Any]) -> datetime | None:
    now, up = _moment(stats, "time"), _real(_part(stats, "system"), "uptime_seconds")
    return now - timedelta(seconds=up) if now and up is not None else None
