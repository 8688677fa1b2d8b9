"""`serve` and `test-symbol`: the prediction service, and one question to it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import home_option, json_option, source_option, takes_session
from engine.cli.session import Session, report
from engine.core.errors import ExitCode, NoDataError, StockmlError
from engine.core.records import Level
from engine.core.symbols import checked

if TYPE_CHECKING:
    from engine.service.client import Reply
    from engine.service.server import Running


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on. Default: service.host in stockml.toml.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 picks a free one. Default: service.port.")
@click.option("--no-fetch", is_flag=True, help="Never ask the network for fresh bars.")
@click.option("--make-token", is_flag=True, help="Write a new bearer token into secrets.toml and end.")
@source_option
@home_option
@takes_session
def serve(session: Session, host: str | None, port: int | None, no_fetch: bool, make_token: bool) -> int:
    """Answer predictions over HTTP until Ctrl-C or SIGTERM; never trains, never loads TensorFlow."""
    home, settings = session.home, session.engine.settings
    if make_token:
        from engine.service import token

        token.make_token(home)
        session.say(f"{home.secrets} holds a new token now; a running service takes it up when it is started again")
        return ExitCode.DONE
    from engine.service.server import Address, serve

    address = Address(host or settings.service.host, settings.service.port if port is None else port)

    def told(running: Running) -> None:
        session.say(
            f"serving {len(settings.names)} symbols of {home.root} at {running.url} · {running.url}/docs · Ctrl-C stops"
        )
        if not running.policy.token:
            session.say("no token is set: requests that change something are refused (stockml serve --make-token)")

    got = serve(home, settings, address, session.engine.source, told, fetching=not no_fetch)
    session.say("stopped")
    return ExitCode.INTERRUPTED if got == signal.SIGINT else ExitCode.DONE


@click.command("test-symbol")
@click.argument("symbol", default="NVDA")
@json_option
@home_option
@takes_session
def test_symbol(session: Session, symbol: str) -> int:
    """Ask the service for one prediction: status, latency, answer, verdict against the limits."""
    from engine.service.client import client_of, verdict

    settings = session.engine.settings
    checked(symbol, settings.names)
    client, limits = client_of(session.home, settings), settings.resources
    reply = client.get(f"/api/v1/predict/{symbol}", limits.response_crit_s + 1.0)
    level = verdict(reply, limits)
    if session.json:
        session.document(_tree(symbol, client.url, reply, level))
    elif reply.ok:
        session.facts(_lines(symbol, reply, level, (limits.response_warn_s, limits.response_crit_s)))
    if not reply.ok:
        fault = _fault(reply)
        report(fault)
        return fault.exit_code
    return ExitCode.FAILED if level is Level.CRIT else ExitCode.DONE


def _fault(reply: Reply) -> StockmlError:
    if reply.status == 0:
        return StockmlError(reply.words, "start it: stockml serve")
    kind = str(reply.tree.get("type", "")).rpartition(":")[2]
    words = f"HTTP {reply.status}: {reply.words}"
    return NoDataError(words) if kind == "no-data" else StockmlError(words)


def _lines(symbol: str, reply: Reply, level: Level, limits: tuple[float, float]) -> list[str]:
    tree = reply.tree
    marks = [word for word in ("stale", "cached", "simulated") if tree.get(word)]
    simulated = " SIMULATED" if tree.get("simulated") else ""
    took = f"{reply.seconds * 1000:.1f} ms (WARN above {limits[0]:g} s, CRIT {limits[1]:g} s)"
    chances = f"P(up) {100 * tree['p_up']:.1f} % · confidence {100 * tree['confidence']:.1f} %"
    return [
        f"{symbol} {level} · HTTP {reply.status} in {took}",
        f"  {tree['trading_signal']} · {tree['current_price']:.2f} → {tree['predicted_price']:.2f}"
        f" for {tree['target_session']} · {chances}{simulated}",
        f"  80 % {tree['interval']['low80']:.2f} to {tree['interval']['high80']:.2f} · generation {tree['generation']}"
        f" · bars of {tree['as_of']} from {tree['source']}{' · ' + ', '.join(marks) if marks else ''}",
    ]


def _tree(symbol: str, url: str, reply: Reply, level: Level) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "url": url,
        "status": reply.status or None,
        "seconds": reply.seconds,
        "verdict": str(level),
        "fault": reply.words or None,
        "answer": reply.tree if reply.ok else None,
    }
