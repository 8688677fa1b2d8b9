"""The pictures of the documentation show what the console shows today."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.tui.screenshots import SHOTS, TOUR, in_new_york, take, text_of, tour

FOLDER = ROOT / "docs" / "img"
_PICTURE = re.compile(r"img/([\w-]+)\.svg")


@pytest.mark.parametrize("name", SHOTS)
def test_a_picture_says_what_the_screen_says(name: str, tmp_path: Path) -> None:
    """Drawn again, each picture has the same words in the same lines: python -m
    tests.tui.screenshots docs/img renews it."""
    with in_new_york():
        drawn = asyncio.run(take(SHOTS[name], tmp_path))

    assert text_of((FOLDER / f"{name}.svg").read_text()) == text_of(drawn)


def test_every_picture_is_small_and_asks_no_other_host() -> None:
    """Each is below 150 KB and names no address but that of its own format."""
    for path in FOLDER.iterdir():
        text = path.read_text()
        assert len(text) < 150_000, path
        assert set(re.findall(r"https?://[\w.]+", text.replace("http://127.0.0.1", ""))) <= {
            "http://www.w3.org",
            "https://www.textualize.io",
        }


def test_documents_show_the_pictures_that_exist() -> None:
    """README and docs show every picture of the folder, and no other."""
    pages = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    shown = {name for page in pages for name in _PICTURE.findall(page.read_text())}

    assert shown == {path.stem for path in FOLDER.iterdir()} == {*SHOTS, "tour"}


def test_the_tour_shows_today_s_pictures() -> None:
    """It is made of three of them."""
    frames = [(FOLDER / f"{name}.svg").read_text() for name in TOUR]

    assert (FOLDER / "tour.svg").read_text() == tour(frames)
