"""The pictures of README and docs, drawn by the console itself: python -m tests.tui.screenshots
docs/img."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from engine.core.snapshot import Snapshot
from tests.tui.fake import FakeEngine
from tests.tui.helpers import screen_text, until
from tests.tui.scenes import clock
from tests.tui.showcase import trained, training
from tests.tui.showcase_home import furnish
from tui.app import StockmlApp

_SVG = "{http://www.w3.org/2000/svg}"
# Fonts from another host: a page that shows a picture should ask nobody else.
_FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: what is there, the keys to press, and the text that stands when it is
    complete."""

    scene: Callable[[Path], Snapshot]
    size: tuple[int, int]
    keys: tuple[str, ...]
    shows: tuple[str, ...]


SHOTS = {
    "dashboard": Shot(trained, (100, 26), (), ("published generation 9",)),
    "training": Shot(training, (100, 26), (), ("published generation",)),
    "symbol": Shot(trained, (110, 48), ("end", "k", "enter"), ("MASE over 20 sessions",)),
    "runs": Shot(training, (110, 28), ("2",), ("RUNNING",)),
    "logs": Shot(trained, (110, 28), ("3", "j", "j"), ("training.log",)),
    "backups": Shot(trained, (110, 24), ("4",), ("automatic",)),
    "schedule": Shot(trained, (120, 30), ("5", "j"), ("cron runs",)),
    "alerts": Shot(trained, (110, 24), ("6",), ("firing",)),
    "service": Shot(trained, (100, 26), ("7",), ("requests",)),
    "settings": Shot(
        trained, (110, 24), ("comma", "slash", *"thresholds", "enter", "j"), ("max_mape",)
    ),
    "record": Shot(trained, (110, 16), ("H",), ("hold",)),
    "help": Shot(trained, (100, 40), ("question_mark",), ("Keys of the dashboard",)),
}
TOUR = ("training", "dashboard", "service")
"""The pictures of one size that the README's own picture shows in turn."""
FRAME_SECONDS = 4


@contextmanager
def in_new_york() -> Iterator[None]:
    """Local time is that of the crontab in the pictures, whatever the machine's is."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


async def take(shot: Shot, folder: Path) -> str:
    """The picture as SVG."""
    engine = FakeEngine(folder, shot.scene(folder))
    furnish(engine)
    app = StockmlApp(engine, wall=clock())
    async with app.run_test(size=shot.size) as pilot:
        await until(
            pilot, lambda: app.main.snapshot and "svc " in screen_text(app), "the first look"
        )
        for key in shot.keys:  # a key counts when the screen has its rows
            await until(pilot, lambda: getattr(app.screen, "value", ()) is not None, "the look")
            await pilot.press(key)
        await until(
            pilot,
            lambda: all(text in screen_text(app) for text in shot.shows),
            " and ".join(shot.shows),
        )
        await pilot.pause()
        return _FONT_FACES.sub("", app.export_screenshot(title="stockml"))


def text_of(svg: str) -> str:
    """What a picture says, line by line, blanks and places left out."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for found in ElementTree.fromstring(svg).iter(f"{_SVG}text"):
        at = (float(found.get("y", 0)), float(found.get("x", 0)))
        lines.setdefault(at[0], []).append((at[1], "".join(found.itertext()).replace("\xa0", " ")))
    return "\n".join(
        " ".join("".join(text for _, text in sorted(parts)).split())
        for _, parts in sorted(lines.items())
    )


def tour(frames: Sequence[str]) -> str:
    """One picture that shows pictures of one size in turn, each for some seconds; plain SVG."""
    seconds = len(frames) * FRAME_SECONDS
    share = 100 / len(frames)
    style = (
        f"@keyframes turn {{ 0%, {share - 1:.2f}% {{ opacity: 1 }} "
        f"{share:.2f}%, 99% {{ opacity: 0 }} 100% {{ opacity: 1 }} }} "
        f".frame {{ opacity: 0; animation: turn {seconds}s infinite }} "
        ".frame:first-of-type { opacity: 1 } "
        "@media (prefers-reduced-motion: reduce) { .frame { animation: none } }"
    )
    parts = [
        f'<g class="frame" style="animation-delay: {index * FRAME_SECONDS - seconds}s">{svg}</g>'
        for index, svg in enumerate(frames)
    ]
    box = re.search(r'viewBox="([^"]+)"', frames[0])
    assert box is not None
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1]}">'
        f"<title>stockml: training, dashboard, service</title><style>{style}</style>"
        f"{''.join(parts)}</svg>\n"
    )


def main(words: list[str]) -> int:
    """Draw every picture, or the named ones, into a folder."""
    folder, names = Path(words[0]), words[1:] or list(SHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    with in_new_york():
        for name in names:
            with tempfile.TemporaryDirectory() as home:
                svg = asyncio.run(take(SHOTS[name], Path(home)))
            (folder / f"{name}.svg").write_text(svg)
            sys.stdout.write(f"{name}.svg  {len(svg) // 1024} KB\n")
    (folder / "tour.svg").write_text(tour([(folder / f"{name}.svg").read_text() for name in TOUR]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
