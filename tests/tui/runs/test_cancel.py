"""Cancelling a run: what the question lists."""

from __future__ import annotations

from tests.tui.scenes import live_run
from tui.runs.cancel import cancel_lines
from tui.widgets.lines import plain


def test_cancel_lists_what_would_stop() -> None:
    """Running and queued jobs are named, ended ones counted."""
    texts = [plain(found) for found in cancel_lines(live_run())]

    assert sum("queued" in text for text in texts) == 6
    assert sum("running, epoch" in text for text in texts) == 2
    assert "5 symbols already ended" in texts[-1]
