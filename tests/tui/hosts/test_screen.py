"""The Hosts screen: the workers of a cluster, or why there are none."""

from pathlib import Path

import pytest

from engine.cluster.records import ClusterView
from tests.tui.helpers import heading, opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.hosts.screen import empty_lines
from tui.widgets.lines import plain


async def test_it_lists_each_worker(tmp_path: Path) -> None:
    """Host, state, symbol and last word; the title counts."""
    async with opened(tmp_path, trained_home(), size=(120, 30)) as (app, engine, pilot):
        await pilot.press("0")
        await until(pilot, lambda: "north-2" in screen_text(app), "the workers")
        assert "tls://head:8786: 1 host, 2 workers, 1 fitting" in heading(app)
        (first,) = [text for text in screen_text(app).splitlines() if "north-1" in text]
        assert {"fitting", "NVDA", "0.1.0"} <= set(first.split())
        engine.cluster.now = ClusterView(address="tls://head:8786", fault="no answer")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "tls://head:8786: no answer" in screen_text(app), "the fault")


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (ClusterView(address=""), "trains on its own machine"),
        (ClusterView(address="tls://h:1", fault="refused"), "tls://h:1: refused"),
        (ClusterView(address="tls://h:1", answers=True), "no worker has joined"),
    ],
)
def test_an_empty_list_has_its_reason(view: ClusterView, text: str) -> None:
    """Each in words."""
    assert text in " ".join(plain(each) for each in empty_lines(view))
