"""The service under load, on loopback: latency computed and cached, 13 models republished under
it, saturation, memory.

Requests are sent by a plan of fixed times, and a latency counts from the planned time: a stall
delays every request planned in it, as it would delay real clients. About 70 seconds in all.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.client.place import find_place
from engine.core.paths import Home
from engine.forecast.members.lstm_weights import NetworkShape
from engine.service.limits import Rate, RateLimit
from engine.service.recent import percentiles
from engine.service.server import Address, prepare
from engine.settings.load import load
from tests.benchmarks.common import Bench, Row, middle, say
from tests.helpers import ROOT, environment, wait_for
from tests.service.homes import Kind, build_home, publish

REAL = Kind(NetworkShape(steps=60, features=0, first=32, second=16, batch=1), datetime.now(UTC))
"""The sizes of a trained model (60 sessions, LSTM layers of 32 and 16 units), trained on the
newest bars."""
RATE = 50.0
SECONDS = 12.0
REPUBLISH_S = 3.0
CLIENTS = 4
SATURATION_S = 5.0


@dataclass
class Load:
    """What the clients met: seconds from the planned time to the whole answer, and every
    failure."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def quantile(self, q: float) -> float:
        """Milliseconds; NaN without an answer."""
        found = percentiles(self.seconds, (q,))[0]
        return float("nan") if found is None else found * 1000


def rows(bench: Bench) -> Iterator[Row]:
    """All figures, in the order of the story."""
    home = build_home(bench.folder / "service", REAL, service__prediction_ttl="0s")
    names, seconds = load(home, {}).names, SECONDS / (3 if bench.quick else 1)
    with serving(home, "serve") as (port, pid):
        drive(port, names, 2.0)  # warm-up
        yield Row("service: memory with 13 models", resident_mb(pid), "MB", 120)
        used = cpu_s(pid)
        computed = drive(port, names, seconds)
        yield from latencies("computed, 50/s", computed, 10)
        yield Row(
            "computed: CPU for each",
            1000 * (cpu_s(pid) - used) / max(1, len(computed.seconds)),
            "ms",
        )
        home.settings.write_text(
            home.settings.read_text().replace('prediction_ttl = "0s"', 'prediction_ttl = "5m"')
        )
        time.sleep(2.0)  # the service looks at its settings every second
        used = cpu_s(pid)
        cached = drive(port, names, seconds)
        yield from latencies("cached, 50/s", cached, 3)
        yield Row(
            "cached: CPU for each", 1000 * (cpu_s(pid) - used) / max(1, len(cached.seconds)), "ms"
        )
        before = resident_mb(pid)
        delays, under = drive_reloading(home, port, names, 2 * seconds)
        yield from latencies("50/s, models republished every 3 s, one file broken", under, 10)
        yield middle("the same: take-up of a new generation", delays, "s", 2)
        yield Row("the same: memory grown", resident_mb(pid) - before, "MB", 5)
    publish(home, names[-1], 2, kind=REAL)
    with serving(home, "open") as (port, _):
        yield Row("cached, as fast as two clients can", saturate(port, names), "answers/s")
    loads = (computed, cached, under)
    failures = [words for each in loads for words in each.failures]
    for words in failures[:5]:
        say(f"service: failed: {words}")
    yield Row(
        f"failed requests of {sum(len(each.seconds) for each in loads)}", len(failures), "", 0
    )


def latencies(what: str, found: Load, budget: float) -> Iterator[Row]:
    """Median and 99th percentile."""
    yield Row(f"{what}: p50", found.quantile(50), "ms", budget)
    yield Row(f"{what}: p99", found.quantile(99), "ms", 50)


@contextmanager
def serving(
    home: Home, how: str, is_up: Callable[[int], bool] | None = None
) -> Iterator[tuple[int, int]]:
    """Port and pid of a service process once it is up, without `is_up` once every model is
    loaded: the command itself, or one without the limit on the rate."""
    is_up = is_up or ready
    command = [
        sys.executable,
        "-m",
        "engine.cli",
        "serve",
        "--home",
        str(home.root),
        "--port",
        "0",
        "--no-fetch",
    ]
    line = (
        command
        if how == "serve"
        else [sys.executable, "-m", "tests.benchmarks.service", str(home.root)]
    )
    ran = subprocess.Popen(line, stdout=subprocess.DEVNULL, env=environment(), cwd=ROOT)
    try:
        port = wait_for(
            lambda: (place := find_place(home).address) and is_up(place[1]) and place[1],
            60,
            "the service",
        )
        yield port, ran.pid
    finally:
        ran.terminate()
        ran.wait(30)


def ready(port: int) -> bool:
    try:
        return ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/readyz")[0] == 200
    except OSError:
        return False


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def drive(port: int, names: tuple[str, ...], seconds: float) -> Load:
    """RATE requests a second for all symbols in turn, over CLIENTS kept connections."""
    found = Load()
    count = int(RATE * seconds)
    begin = time.monotonic() + 0.1

    def client(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for number in range(first, count, CLIENTS):
            planned = begin + number / RATE
            time.sleep(max(0.0, planned - time.monotonic()))
            try:
                status, body = ask(connection, f"/api/v1/predict/{names[number % len(names)]}")
            except (OSError, http.client.HTTPException) as error:
                found.failures.append(repr(error))
                connection.close()
                continue
            found.seconds.append(time.monotonic() - planned)
            if status != 200:
                found.failures.append(f"{status} {body[:200]!r}")
        connection.close()

    threads = [threading.Thread(target=client, args=(first,)) for first in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def drive_reloading(
    home: Home, port: int, names: tuple[str, ...], seconds: float
) -> tuple[list[float], Load]:
    """The same load while every model but the last is republished again and again, and the last
    one's file is broken."""
    found: list[Load] = []
    driver = threading.Thread(target=lambda: found.append(drive(port, names, seconds)))
    driver.start()
    raw = bytearray(home.model(names[-1]).read_bytes())
    raw[len(raw) // 2] ^= 1
    home.model(names[-1]).write_bytes(raw)
    delays, generation = [], 1
    while driver.is_alive():
        generation += 1
        for name in names[:-1]:
            publish(home, name, generation, seed=1 + generation % 3, kind=REAL)
        published = time.monotonic()
        delays.append(taken_up(port, names[-2], generation, published))
        time.sleep(max(0.0, REPUBLISH_S - (time.monotonic() - published)))
    driver.join()
    return delays, found[0]


def taken_up(port: int, name: str, generation: int, since: float) -> float:
    """Seconds until the symbol published last answers with its new generation."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    wanted = f'"generation":{generation},'.encode()
    wait_for(
        lambda: wanted in ask(connection, f"/api/v1/predict/{name}")[1],
        20,
        f"generation {generation}",
    )
    connection.close()
    return time.monotonic() - since


def saturate(port: int, names: tuple[str, ...]) -> float:
    """Answered requests a second of two clients in processes of their own, each sending as soon
    as it is answered."""
    line = [sys.executable, "-m", "tests.benchmarks.service", str(port), *names]
    started = [
        subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT)
        for _ in range(2)
    ]
    return sum(float(client.communicate(timeout=60)[0]) for client in started)


def hammer(port: int, names: list[str]) -> float:
    """One such client: 200s a second over one connection, bare bytes so that the client costs
    little."""
    requests = [
        f"GET /api/v1/predict/{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for name in names
    ]
    answered = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        begin = time.monotonic()
        while (now := time.monotonic()) - begin < SATURATION_S:
            sock.sendall(requests[answered % len(requests)])
            head, _, body = sock.recv(65536).partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            while len(body) < length:
                body += sock.recv(65536)
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(head.decode())
            answered += 1
    return answered / (now - begin)


def resident_mb(pid: int) -> float:
    """The process's resident memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pid: int) -> float:
    """The CPU seconds that the process has used: what a latency would be on a machine of its
    own."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(words: list[str]) -> int:
    """A client (PORT SYM…), or a service without the limit on the rate (HOME)."""
    if words[0].isdigit():
        sys.stdout.write(f"{hammer(int(words[0]), words[1:])}\n")
        return 0
    home, unlimited = Home(Path(words[0])), RateLimit(loopback=Rate(1e9, 1e9))
    prepare(home, load(home), Address("127.0.0.1", 0), fetching=False, limit=unlimited).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
