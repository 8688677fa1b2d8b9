"""How the dashboard's panes share the terminal: pure arithmetic on its width and height."""

from __future__ import annotations

DETAIL_FROM = 12
JOBS_FROM = 28
LOG_MIN = 3
PANEL_IDEAL = 7
"""Lines of a row of panels before the log of a run has more than in rest."""
PANEL_LINES = 5
"""Lines of a row of panels below which there is none."""
LOG_IDLE = 6
"""Lines of the log while nothing trains and something else has use for the rest."""
# From here on the current row's details stand beside the table, which keeps its sparklines.
SIDE_FROM = 160
SIDE_MIN = 44
SIDE_MAX = 60
# What the table takes with every figure of a row: more width than that goes to the side.
TABLE_BESIDE_SIDE = 156
# Below this only one pane has room; below the second size a sentence has.
ONE_PANE = (60, 15)
SENTENCE = (32, 6)
ZOOMABLE = ("symbols", "detail", "runs", "log", "meters")
"""The panes that `tab` goes through and `z` zooms, in that order."""


def side_width(width: int) -> int:
    """Columns of the pane at the right; 0 where the table needs them all."""
    if width < SIDE_FROM:
        return 0
    return min(SIDE_MAX, max(SIDE_MIN, width - TABLE_BESIDE_SIDE))


def zoomed_pane(width: int, height: int, chosen: str, zoomed: bool) -> str:
    """The pane that fills the terminal; empty where several panes share it."""
    if width < SENTENCE[0] or height < SENTENCE[1]:
        return chosen if zoomed else "summary"
    # In a one-pane terminal only `tab` changes it; the symbols pane keeps the current row's line.
    small = width < ONE_PANE[0] or height < ONE_PANE[1]
    return chosen if zoomed or (small and chosen != "symbols") else ""


class _Shares:
    """Lines given to panes, and those that are left."""

    def __init__(self, height: int) -> None:
        self.given: dict[str, int] = {}
        self.left = height

    def take(self, name: str, ideal: int, keep: int = 0) -> None:
        """Give a pane its ideal lines, or fewer to `keep` some for others."""
        self.given[name] = max(0, min(ideal, self.left - keep))
        self.left -= self.given[name]


def heights(
    height: int,
    rows: int,
    runs: int,
    jobs: int,
    notice: int,
    *,
    away: int = 0,
    tabs: bool = False,
    zoom: str = "",
    side: bool = False,
    board: int = 0,
) -> dict[str, int]:
    """Lines for each pane in a terminal of `height` lines.

    `notice` and `away` count wrapped lines; `tabs` says whether the tab bar is shown; `zoom` names
    the pane that gets all but frame and notice; `board` counts the rows of panels.
    """
    shares = _Shares(height)
    shares.take("frame", 1 + int(tabs and height > 1))
    shares.take("footer", 1)
    if zoom:
        return _zoomed(shares, zoom, notice)
    detail = 1 if height >= DETAIL_FROM and not side else 0
    notice_from_log = height - 5 - int(tabs) - (rows + 1)
    if notice_from_log < notice:  # no log to cover: the notice costs rows
        shares.take("notice", min(notice, 2), 2)
    if notice_from_log < 1:  # the same for the one line that names the key of what happened
        shares.take("away", min(away, 1), 2 + detail)
    shares.take("symbols", min(rows + 1, height // 2) if board else rows + 1, detail)
    shares.take("detail", detail)
    shares.take("meters", 1)
    run_lines = max(1, runs) + (jobs if height >= JOBS_FROM and not board else 0)
    shares.take("runs", run_lines, LOG_MIN if shares.left > LOG_MIN else 0)
    if "notice" not in shares.given:
        shares.take("notice", notice)
    if "away" not in shares.given:
        shares.take("away", away, 1)
    busy = min(height // 3, max(LOG_IDLE, shares.left - board * PANEL_IDEAL))
    return _with_log(shares, busy if runs else LOG_IDLE, board)


def _zoomed(shares: _Shares, zoom: str, notice: int) -> dict[str, int]:
    """One pane beside frame and notice."""
    shares.take("notice", notice, 1)
    none = dict.fromkeys((*ZOOMABLE, "summary", "away", "board"), 0)
    return {**none, **shares.given, zoom: shares.left}


def _with_log(shares: _Shares, most: int, board: int) -> dict[str, int]:
    """The log has `most` lines where panels or the current row's details can use the rest."""
    log = min(shares.left, most)
    rest = shares.left - log
    panels = rest if board and rest >= board * PANEL_LINES else 0
    if not panels and shares.given["detail"]:
        shares.given["detail"] += rest
        rest = 0
    return {
        "summary": 0,
        **shares.given,
        "board": panels,
        "log": log + (0 if panels else rest),
    }
