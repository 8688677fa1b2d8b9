"""The client: one deadline for everything, words for every fault, the service's state in one
word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from engine.client.service_client import ServiceClient

Play = Callable[[socket.socket, threading.Event], object]


@contextmanager
def server(play: Play) -> Iterator[ServiceClient]:
    """A server that accepts one client and plays its part."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def run() -> None:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        with sock:
            sock.recv(4096)
            with suppress(OSError):
                play(sock, stop)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ServiceClient("127.0.0.1", listener.getsockname()[1])
    finally:
        stop.set()
        listener.close()
        thread.join(60)


def drip(head: bytes) -> Play:
    def play(sock: socket.socket, stop: threading.Event) -> None:
        sock.sendall(head)
        while not stop.wait(0.05):
            sock.sendall(b"x")

    return play


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_slow_trickle_ends_at_the_deadline(head: bytes) -> None:
    """A byte now and then does not stretch the deadline, whether the head or the body drips."""
    with server(drip(head)) as client:
        reply = client.get("/livez", 0.5)
        assert not reply.ok
        assert reply.status == 0
        assert "within 0.5 s" in reply.problem


def test_a_silent_and_an_absent_service_are_distinguished() -> None:
    """A server that says nothing is late; a port without a server is named as such."""
    with server(lambda sock, stop: stop.wait(10)) as client:
        assert "no answer within 0.3 s" in client.get("/livez", 0.3).problem
    with socket.socket() as free:  # bound, so that nobody else gets the port, and not listening
        free.bind(("127.0.0.1", 0))
        assert (
            "nothing listens there"
            in ServiceClient(*free.getsockname()).get("/livez", 60.0).problem
        )


@pytest.mark.parametrize(
    "answer", [b"garbage\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"]
)
def test_broken_answers_are_faults(answer: bytes) -> None:
    """What is no HTTP, or ends too soon, is a fault in words and never an exception."""
    with server(lambda sock, stop: sock.sendall(answer)) as client:
        reply = client.get("/livez", 60.0)
        assert not reply.ok
        assert reply.problem


def test_an_answer_that_is_no_object_has_an_empty_tree() -> None:
    """A success whose body is no JSON object is a success without fields."""
    with server(
        lambda sock, stop: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    ) as client:
        reply = client.get("/", 60.0)
        assert (reply.ok, reply.tree) == (True, {})
