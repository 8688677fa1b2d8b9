"""What the console's tests share: an app over a fake engine, its screen as text, a console in a
real pty."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pyte
from textual.app import App
from textual.pilot import Pilot

from engine.core.snapshot import Snapshot
from tests.helpers import LEAST_S, ROOT, environment, wait_for
from tests.tui.fake import FakeEngine
from tests.tui.scenes import clock
from tui.app import StockmlApp
from tui.dialogs.confirm import ConfirmScreen
from tui.look.themes import BY_NAME


def screen_text(app: App[Any]) -> str:
    """What stands on the screen, as plain lines."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def heading(app: App[Any]) -> str:
    """The lines above the body: the frame, and the title of a screen."""
    return "\n".join(screen_text(app).splitlines()[:3])


async def until(
    pilot: Pilot[Any], condition: Callable[[], Any], what: str = "the condition"
) -> Any:
    """The first true value of `condition`; AssertionError after LEAST_S.
    What it raises means not yet, and is its cause."""
    end = time.monotonic() + LEAST_S
    while True:
        late = time.monotonic() > end
        fault: Exception | None = None
        await pilot.pause()
        try:
            if found := condition():
                return found
        except Exception as error:  # noqa: BLE001 - kept as the cause
            fault = error
        if late:
            raise AssertionError(
                f"{what} did not come; the screen:\n{screen_text(pilot.app)}"
            ) from fault
        await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(
    folder: Path,
    snap: Snapshot | Exception | Callable[[], Snapshot],
    size: tuple[int, int] = (80, 24),
    read_only: bool = False,
    ascii_only: bool = False,
    theme: str = "",
) -> AsyncIterator[tuple[StockmlApp, FakeEngine, Pilot[Any]]]:
    """The console over a fake engine, once its first look is on the screen;
    in `theme`, else in the settings' one."""
    engine = FakeEngine(folder, snap)

    def wear(setting: str) -> str:
        return theme or (setting if setting in BY_NAME else "dark")

    app = StockmlApp(
        engine, read_only=read_only, ascii_only=ascii_only, wall=clock(), theme_for=wear
    )
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.snapshot or app.main.failure, "the first look")
        await pilot.pause()
        yield app, engine, pilot


async def asked(app: StockmlApp, pilot: Pilot[Any]) -> None:
    """Wait until the confirmation stands there, drawn."""
    await until(
        pilot,
        lambda: isinstance(app.screen, ConfirmScreen) and "esc no" in screen_text(app),
        "the confirmation",
    )


class PtyConsole:
    """A console in a pseudo-terminal of its own, as a session leader: over a fake engine, or the
    given program."""

    def __init__(
        self,
        home: Path,
        scene: str = "",
        size: tuple[int, int] = (80, 24),
        reading: bool = True,
        answers_after: float | None = None,
        program: Sequence[str] = (),
        **env: str,
    ) -> None:
        self.screen = pyte.Screen(*size)
        self.answers_after = answers_after
        """Seconds after which the terminal says where its cursor is; None: it never does."""
        self.raw = bytearray()
        self._whole = threading.Lock()
        """Held while the screen is changed: half a change is no screen, and pyte cannot show
        every half."""
        self._stream = pyte.ByteStream(self.screen)
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(ROOT)
            given = environment(
                **{"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **env}
            )
            line = list(program) or [
                sys.executable,
                "-m",
                "tests.tui.fake_console",
                str(home),
                scene,
            ]
            os.execve(line[0], line, given)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.found = termios.tcgetattr(self.fd)
        self.status: int | None = None
        self._reader: threading.Thread | None = None
        if reading:
            self.read_on()

    def read_on(self) -> None:
        """Read what the console writes, from now on."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):
            while data := os.read(self.fd, 65536):
                self.raw += data
                if b"\x1b[6n" in data and self.answers_after is not None:
                    threading.Timer(self.answers_after, self._answer).start()
                # pyte stumbles over private forms that end in u, p and t, which real terminals skip
                with self._whole:
                    self._stream.feed(
                        data.replace(b"\x1b[<u", b"")
                        .replace(b"\x1b[?2026$p", b"")
                        .replace(b"\x1b[?2048$p", b"")
                    )

    def _answer(self) -> None:
        with suppress(OSError):  # the console may have ended
            self.send(b"\x1b[1;1R")

    @property
    def text(self) -> str:
        with self._whole:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def see(self, wanted: str) -> None:
        """Wait until `wanted` stands on the screen."""
        wait_for(
            lambda: wanted in self.text or self.ended(), 60, f"{wanted!r}; the screen:\n{self.text}"
        )
        assert wanted in self.text, f"ended with {self.status}:\n{self.text}"

    def send(self, data: bytes) -> None:
        os.write(self.fd, data)

    def kill(self, signum: signal.Signals) -> None:
        os.kill(self.pid, signum)

    def ended(self) -> bool:
        """Whether the console has ended; its exit code is then in `code`."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def wait(self, seconds: float = 60.0) -> int:
        """The exit code (negative for a signal) once it has ended."""
        wait_for(self.ended, seconds, f"the end of the console; the screen:\n{self.text}")
        assert self.status is not None
        if self._reader:
            self._reader.join(10)  # what it wrote last is read too
        return os.waitstatus_to_exitcode(self.status)

    def hang_up(self) -> None:
        """Close the terminal's other end, once: its number may be another file's by the next
        time."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def close(self) -> None:
        """Leave nothing behind."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.hang_up()
