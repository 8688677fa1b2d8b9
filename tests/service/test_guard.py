"""Who may ask: Host, token, sizes, speed and rate, over real sockets."""

from __future__ import annotations

import json
import socket
import threading
from asyncio import Transport
from contextlib import suppress
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.service import guard, protocol
from engine.service.limits import Rate, RateLimit, is_loopback
from engine.service.policy import Policy
from engine.service.protocol import PatientProtocol
from tests.helpers import wait_for
from tests.service.homes import NOW, TOKEN, Served, copied, serving


def raw(served: Served, data: bytes, seconds: float = 60.0) -> bytes:
    """What comes back for these very bytes, until the other side closes."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=seconds) as sock:
        found = b""
        with suppress(
            BrokenPipeError, ConnectionResetError
        ):  # it may answer and close before it has all
            sock.sendall(data)
        with suppress(ConnectionResetError):
            while piece := sock.recv(65536):
                found += piece
        return found


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:{port}", 200),
        ("127.0.0.1:{port}", 200),
        ("[::1]:{port}", 200),
        ("evil.example", 400),
        ("evil.example:{port}", 400),
        ("localhost.evil.example", 400),
        ("localhost:1", 400),
        ("localhost:{port}@evil.example", 400),
        ("evil.example:80:{port}", 400),
        ("127.0.0.2:{port}", 400),
        ("", 400),
        (":{port}", 400),
    ],
)
def test_a_foreign_host_is_refused(served: Served, host: str, status: int) -> None:
    """Only names of this service pass: a page that re-binds its own name to 127.0.0.1 is
    answered 400."""
    heard = served.ask("/livez", Host=host.format(port=served.port))
    assert heard.status == status
    if status == 400:
        assert heard.tree["type"] == "urn:stockml:problem:host"


def test_a_missing_or_double_host_is_refused(served: Served) -> None:
    """Without a Host, or with two, the answer is 400."""
    assert b" 400 " in raw(served, b"GET /livez HTTP/1.0\r\n\r\n").partition(b"\r\n")[0]
    assert (
        b" 400 "
        in raw(served, b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n").partition(b"\r\n")[0]
    )
    double = (
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )
    assert b" 400 " in raw(served, double).partition(b"\r\n")[0]


@pytest.mark.parametrize("path", ["/api/v1/cache/clear", "/api/v1/models/NVDA/reload"])
def test_a_change_needs_the_token(served: Served, path: str) -> None:
    """POST without a token or with a wrong one is 401 with the challenge;
    with the right one it is done."""
    for token in ("", "wrong", TOKEN[:-1], TOKEN + "x"):
        heard = served.ask(path, "POST", token=token)
        assert (heard.status, heard.headers["www-authenticate"]) == (401, "Bearer")
    assert served.post(path).status == 200


def test_two_authorizations_are_refused(served: Served) -> None:
    """Two Authorization headers are 401, whichever of them is right."""
    head = (
        f"POST /api/v1/cache/clear HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    )
    heard = raw(
        served,
        (
            head + "Authorization: Bearer x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        ).encode(),
    )
    assert b" 401 " in heard.partition(b"\r\n")[0]


def test_without_a_configured_token_nothing_changes(home: Home) -> None:
    """With no token set, POST is 403 with the command that makes one; reading goes on."""
    home.secrets.unlink()
    with serving(home) as served:
        heard = served.ask("/api/v1/cache/clear", "POST")
        assert heard.status == 403
        assert "--make-token" in heard.tree["detail"]
        assert served.ask("/api/v1/health").status == 200


def test_off_loopback_everything_needs_the_token() -> None:
    """Listening elsewhere, reading needs the token too;
    the service's own address is a good Host, a foreign one is not."""
    policy = Policy("0.0.0.0", 8081, TOKEN, names=("box",))

    def scope(host: str, *more: tuple[bytes, bytes]) -> dict[str, object]:
        return {
            "method": "GET",
            "headers": [(b"host", host.encode()), *more],
            "server": ("10.0.0.5", 8081),
        }

    right = (b"authorization", f"Bearer {TOKEN}".encode())
    refused = policy.refuse_caller(scope("box"))
    assert refused is not None
    assert refused.status == 401
    assert policy.refuse_caller(scope("box", right)) is None
    for host, fine in (
        ("10.0.0.5:8081", True),
        ("box:8081", True),
        ("10.0.0.6:8081", False),
        ("evil.example:8081", False),
    ):
        assert (policy.refuse_host(scope(host)) is None) is fine, host


def test_no_cross_origin_headers(served: Served) -> None:
    """A page of another origin gets no permission to read."""
    heard = served.ask("/api/v1/predict/NVDA", Origin="https://evil.example")
    assert not any(name.startswith("access-control") for name in heard.headers)
    assert heard.headers["x-content-type-options"] == "nosniff"


def test_large_requests_are_refused(served: Served) -> None:
    """A long query is 414, a large body 413 whether its length is told or not, a head without
    end is 400."""
    assert served.ask("/api/v1/predict?symbols=" + "A," * 2000).status == 414
    assert served.post("/api/v1/cache/clear", body=b"x" * 4097).status == 413
    assert served.post("/api/v1/cache/clear", body=b"x" * 4096).status == 200
    head = (
        f"POST /api/v1/cache/clear HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    ).encode()
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    assert (
        b" 413 "
        in raw(served, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3).partition(b"\r\n")[
            0
        ]
    )
    assert (
        b" 400 "
        in raw(served, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000).partition(
            b"\r\n"
        )[0]
    )


def test_garbage_is_answered_400(served: Served) -> None:
    """Bytes that are no HTTP end the connection with 400, and the next client is served."""
    for data in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / FTP/9\r\n\r\n",
        b"\r\n\r\nG\x00T / HTTP/1.1\r\n\r\n",
    ):
        head, _, body = raw(served, data).partition(b"\r\n\r\n")
        assert b" 400 " in head.partition(b"\r\n")[0]
        tree = json.loads(body)
        assert (tree["status"], tree["type"], tree["error"]) == (
            400,
            "urn:stockml:problem:request",
            tree["detail"],
        )
    assert served.ask("/livez").status == 200


def test_a_client_that_drips_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request head that does not end in time costs its connection;
    others are served meanwhile."""
    made, real = threading.Event(), PatientProtocol.connection_made

    def noted(self: PatientProtocol, transport: Transport) -> None:
        real(self, transport)
        made.set()

    with monkeypatch.context() as patch:  # the short time is this connection's alone
        patch.setattr(protocol, "HEAD_S", 0.4)
        patch.setattr(PatientProtocol, "connection_made", noted)
        sock = socket.create_connection(("127.0.0.1", served.port), timeout=60)
        assert made.wait(60)
    with sock:
        with suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        assert served.ask("/livez").status == 200
        with suppress(ConnectionResetError):
            assert sock.recv(1000) == b""


def test_a_body_that_drips_is_answered_408(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promised body that does not come is 408 after its limit."""
    monkeypatch.setattr(guard, "BODY_S", 0.3)
    head = (
        f"POST /api/v1/cache/clear HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    )
    assert (
        b" 408 "
        in raw(served, (head + "Content-Length: 10\r\n\r\nx").encode()).partition(b"\r\n")[0]
    )


LONG = b"GET /api/v1/historical/NVDA?days=730 HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""Asks for some 60 kB."""


def narrow(served: Served) -> socket.socket:
    """A connection whose kernel takes a few kilobytes ahead of its reader."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(60)
    sock.connect(("127.0.0.1", served.port))
    return sock


@pytest.mark.parametrize(("count", "last"), [(1, b""), (60, b""), (1, b"Connection: close\r\n")])
def test_a_reader_that_takes_nothing_is_cut_off(
    served: Served, monkeypatch: pytest.MonkeyPatch, count: int, last: bytes
) -> None:
    """Who asks for long answers and takes none loses the connection;
    others are served meanwhile."""
    monkeypatch.setattr(protocol, "FLUSH_S", 0.4)
    monkeypatch.setattr(protocol, "ANSWER_S", 0.4)
    open_now = served.running.server.server_state.connections
    wait_for(lambda: not open_now, what="no other connection")
    with narrow(served) as sock:
        transport = wait_for(lambda: tuple(open_now), what="the connection")[0].transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        left, real = [], transport.abort

        def abort() -> None:
            left.append(transport.get_write_buffer_size())
            real()

        monkeypatch.setattr(transport, "abort", abort)
        sock.sendall(LONG.replace(b"\r\n\r\n", b"\r\n" + last + b"\r\n") * count)
        assert served.ask("/livez").status == 200
        wait_for(lambda: not open_now, what="the end of the connection")
    assert any(left), "it was cut off with a part of its answer still to take"


def test_a_slow_reader_gets_its_whole_answer(served: Served) -> None:
    """Small sips within the limits end with every byte; so do requests that were sent ahead."""
    whole = served.ask("/api/v1/historical/NVDA?days=730").body
    with narrow(served) as sock:
        sock.sendall(LONG * 2 + LONG.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        found = b""
        while piece := sock.recv(700):
            found += piece
    assert found.count(whole) == 3


def test_a_fast_client_is_slowed_down(template: Home, tmp_path: Path) -> None:
    """Beyond its burst a client is answered 429 with Retry-After;
    refused requests are counted by their kind."""
    limit = RateLimit(loopback=Rate(0.001, 5.0))
    with serving(copied(template, tmp_path / "h"), limit=limit) as served:
        found = [served.ask("/livez").status for _ in range(7)]
        assert found == [200] * 5 + [429] * 2
        heard = served.ask("/livez")
        assert heard.headers["retry-after"] == "1"
        assert (
            'stockml_http_refused_total{why="rate"} 3.0'
            in served.running.service.metrics.text().decode()
        )


def test_idle_connections_make_way(template: Home, tmp_path: Path) -> None:
    """With every place taken by clients that say nothing, the next one is answered and the one
    idle longest is closed; with every place being answered it is refused in words."""
    with serving(copied(template, tmp_path / "h")) as served:
        crowd = served.running.crowd
        crowd.most = 3
        wait_for(lambda: not len(crowd), what="no connection")
        idle = []
        for _ in range(3):
            idle.append(socket.create_connection(("127.0.0.1", served.port), timeout=60))
        wait_for(lambda: len(crowd) == 3, what="three connections")
        assert served.ask("/livez").status == 200
        assert idle[0].recv(10) == b""
        for sock in idle:
            sock.close()
        wait_for(lambda: not len(crowd), what="no connection")
        crowd.most = 0
        heard = served.ask("/livez")
        assert (heard.status, heard.tree["type"], heard.headers["retry-after"]) == (
            503,
            "urn:stockml:problem:crowded",
            "1",
        )
        text = served.running.service.metrics.text().decode()
        assert 'stockml_http_refused_total{why="crowded"} 2.0' in text


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Content-Length: 0\r\nContent-Length: 0",
        "Content-Length: 0\r\nContent-Length: 5",
        "Content-Length: 0, 0",
    ],
)
def test_a_body_with_two_ends_is_refused(served: Served, fields: str) -> None:
    """A request with two lengths, or a length and a coding, is 400 and its connection closed:
    what follows in the same bytes is never a second request."""
    head = f"POST /api/v1/cache/clear HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"
    bearer = f"Authorization: Bearer {TOKEN}\r\n\r\n"
    smuggled = "0\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = raw(served, (head + bearer + smuggled).encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()
    assert b"Content-Length" in json.loads(answer.partition(b"\r\n\r\n")[2])["detail"].encode()


@pytest.mark.parametrize("token", ["", TOKEN])
@pytest.mark.parametrize("chunk", [b"5\r\nhelloXX", b"zz\r\n", b"5\r\nhello\rX", b"-1\r\n"])
def test_a_broken_chunk_is_answered_once(
    served: Served, capfd: pytest.CaptureFixture[str], token: str, chunk: bytes
) -> None:
    """A chunk that does not end as it must is one 400, also for a caller without the token:
    no traceback, and the next client is served."""
    head = (
        "POST /api/v1/cache/clear HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = raw(served, head.encode() + chunk + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 4")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert served.ask("/livez").status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_probe_without_a_host_learns_why(served: Served) -> None:
    """An HTTP/1.0 probe without a Host is 400 with the header that it must send; with it, 200."""
    refused = raw(served, b"GET /livez HTTP/1.0\r\n\r\n")
    assert f"Host: 127.0.0.1:{served.port}".encode() in refused
    host = f"Host: 127.0.0.1:{served.port}\r\n".encode()
    assert b" 200 " in raw(served, b"GET /livez HTTP/1.0\r\n" + host + b"\r\n")[:20]


def test_the_bucket_fills_again() -> None:
    """Tokens come back with time, up to the burst;
    500 requests a second from loopback never meet the default limit."""
    limit = RateLimit(loopback=Rate(10.0, 2.0))
    assert [limit.take("127.0.0.1", 0.0) for _ in range(3)] == [True, True, False]
    assert limit.take("127.0.0.1", 0.1)
    assert not limit.take("127.0.0.1", 0.1)
    default = RateLimit()
    assert all(default.take("127.0.0.1", number / 500) for number in range(10_000))
    assert not all(default.take("10.0.0.9", number / 500) for number in range(1000))


def test_remembered_clients_are_bounded() -> None:
    """Ten thousand addresses leave a thousand buckets at most."""
    limit = RateLimit()
    for number in range(10_000):
        limit.take(f"10.0.{number // 256}.{number % 256}", 0.0)
    assert len(limit._buckets) <= 1024


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_what_is_loopback(host: str) -> None:
    """Addresses that only this machine reaches are loopback."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "10.0.0.1", "::", "example.com", "localhost.example.com", ""]
)
def test_what_is_not_loopback(host: str) -> None:
    """All addresses at once, another address and a name are not."""
    assert not is_loopback(host)


def test_a_fault_of_ours_is_a_plain_500(
    served: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An error nobody foresaw is 500 without its words in the answer;
    they stand on the service's stderr."""

    def fails(*_: object) -> int:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(served.running.service.forecasts, "counts", fails)
    heard = served.ask("/api/v1/stats")
    assert heard.status == 500
    assert "secret" not in heard.body.decode()
    assert "Traceback" not in heard.body.decode()
    assert "a secret of the inside" in capfd.readouterr().err
    assert served.ask("/livez").status == 200


def test_the_access_log_tells_each_request(served: Served) -> None:
    """A request is one line with status, time and size;
    a control character in its path does not reach the file raw."""
    served.ask("/nothing/%1b%5b31m%0aforged", token=TOKEN)
    path = served.home.logs / "service" / "access.log"
    text = wait_for(
        lambda: (found := path.read_text()) and "/nothing/" in found and found, what="the line"
    )
    line = next(each for each in text.splitlines() if "/nothing/" in each)
    assert '" 404 ' in line
    assert "\x1b" not in line
    assert line.startswith(f"{NOW:%Y-%m-%dT%H:%M:%S}")
    assert TOKEN not in text


def test_no_wait_is_left_behind(served: Served) -> None:
    """Clients that connect, say nothing or half a request, and go away leave no connection open;
    the next one is answered."""
    state = served.running.server.server_state
    wait_for(lambda: not state.connections, what="the connections of the tests before are closed")
    clients = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(8)]
    for client in clients[::2]:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: local")
    wait_for(lambda: len(state.connections) == 8, what="eight open connections")
    for client in clients:
        client.close()
    wait_for(lambda: not state.connections, what="no open connection")
    assert served.ask("/livez").status == 200
