"""`serve` and `test-symbol`: the prediction service, and one test request."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from engine.cli.session import Session, report
from engine.core.errors import ExitCode, UsageError
from engine.core.records import Level
from engine.core.symbols import check_symbol

if TYPE_CHECKING:
    from engine.client.records import ServiceReply
    from engine.core.errors import StockmlError


def serve(
    session: Session,
    host: str | None,
    port: int | None,
    no_fetch: bool,
    make_token: bool,
    detach: bool,
    stop: bool,
    restart: bool,
) -> int:
    """Serve predictions over HTTP until Ctrl-C or SIGTERM; never trains, never loads TensorFlow."""
    home, engine = session.home, session.engine
    if make_token:
        engine.service.make_token()
        session.say(
            f"{home.secrets} holds a new token now; a running service takes it up when it is"
            " started again"
        )
        return ExitCode.DONE
    if sum((detach, stop, restart)) > 1:
        raise UsageError("--detach, --stop and --restart exclude each other", "give one of them")
    if detach or stop or restart:
        return _control(session, _words(host, port, no_fetch), stop=stop, restart=restart)
    count = len(engine.settings.current.names)

    def started(url: str, has_token: bool) -> None:
        session.say(f"serving {count} symbols of {home.root} at {url} · {url}/docs · Ctrl-C stops")
        if not has_token:
            session.say(
                "no token is set: requests that change something are refused (stockml serve"
                " --make-token)"
            )

    stopped_by = engine.service.serve(host, port, started, fetching=not no_fetch)
    session.say("stopped")
    return ExitCode.INTERRUPTED if stopped_by == signal.SIGINT else ExitCode.DONE


def _words(host: str | None, port: int | None, no_fetch: bool) -> list[str]:
    """The options of a service in the foreground, for the one in the background."""
    words = ["--host", host] if host else []
    words += ["--port", str(port)] if port is not None else []
    return [*words, "--no-fetch"] if no_fetch else words


def _control(session: Session, words: list[str], *, stop: bool, restart: bool) -> int:
    """Start, stop or restart the service in the background, by systemd where it has a unit."""
    service, schedule = session.engine.service, session.engine.schedule
    unit = "" if words else schedule.service_unit()
    if unit and (stop or restart):
        schedule.control_service("stop")
        session.say(f"stopped by systemd: {unit}")
    # A service that was started by hand is none of systemd's.
    if (stop and not unit) or ((stop or restart) and service.place().held):
        session.say(f"stopped: {service.stop()}")
    if unit and not stop:
        schedule.control_service("start")
        session.say(f"started by systemd: {unit}")
    elif not stop:
        session.say(f"serving in the background at {service.start(words).text}")
    return ExitCode.DONE


def test_symbol(session: Session, symbol: str) -> int:
    """Ask the service for one prediction: status, latency, answer, verdict against the limits."""
    from engine.service.verdict import answer_lines, latency_line, response_error, response_level

    settings = session.engine.settings.current
    check_symbol(symbol, settings.names)
    limits = settings.resources
    reply = session.engine.service.ask(f"/api/v1/predict/{symbol}", limits.response_crit_s + 1.0)
    level = response_level(reply, limits)
    wrong = response_error(reply)
    if session.json:
        url = session.engine.service.place().text.partition(",")[0] or None
        session.document(_tree(symbol, url, reply, level if wrong is None else Level.CRIT, wrong))
    elif wrong is None:
        session.facts(
            [latency_line(symbol, reply, limits), *(f"  {line}" for line in answer_lines(reply))]
        )
    if wrong is not None:
        report(wrong)
        return wrong.exit_code
    return ExitCode.FAILED if level is Level.CRIT else ExitCode.DONE


def _tree(
    symbol: str, url: str | None, reply: ServiceReply, level: Level, wrong: StockmlError | None
) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "url": url,
        "status": reply.status or None,
        "seconds": reply.seconds,
        "verdict": str(level),
        "fault": (reply.problem or wrong.message) if wrong else None,
        "answer": reply.tree if wrong is None else None,
    }
