"""How the dashboard's panes share the terminal: pure arithmetic on its width and height."""

from __future__ import annotations

DETAIL_FROM = 12
JOBS_FROM = 28
LOG_LEAST = 3
# From here on the current row's details stand beside the table, which keeps its 80 columns.
SIDE_FROM = 120
SIDE_LEAST = 40
SIDE_MOST = 60
# What the table takes with its notes: more width than that goes to the side first.
TABLE_WITH_NOTES = 117
# Below this only one pane has room; below the second size a sentence has.
ONE_PANE = (60, 15)
SENTENCE = (32, 6)
ZOOMABLE = ("symbols", "detail", "runs", "log", "meters")
"""The panes that `tab` goes through and `z` zooms, in that order."""


def side_width(width: int) -> int:
    """Columns of the pane at the right; 0 where the table needs them all."""
    if width < SIDE_FROM:
        return 0
    return min(SIDE_MOST, max(SIDE_LEAST, width - TABLE_WITH_NOTES))


def zoomed_pane(width: int, height: int, chosen: str, zoomed: bool) -> str:
    """The pane that has the terminal for itself; empty where they share it.

    In a terminal for one pane `tab` alone changes it; there the symbols keep the line about the
    current row.
    """
    if width < SENTENCE[0] or height < SENTENCE[1]:
        return chosen if zoomed else "summary"
    small = width < ONE_PANE[0] or height < ONE_PANE[1]
    return chosen if zoomed or (small and chosen != "symbols") else ""


def heights(
    height: int,
    rows: int,
    runs: int,
    jobs: int,
    notice: int,
    *,
    away: int = 0,
    zoom: str = "",
    side: bool = False,
) -> dict[str, int]:
    """Lines for each pane of a terminal of `height` lines.

    `rows` symbols, `runs` live runs, `jobs` running jobs, `notice` wrapped lines of a notice,
    `away` lines of what happened meanwhile, which take theirs of the log. The symbols come
    first, then the host's meters, the runs, the current row's detail; the log takes what is
    left. At 24 lines all 13 symbols stand beside at least three lines of log. `zoom` has all but
    title, footer and notice; with a `side` the detail stands there.
    """
    given: dict[str, int] = {}
    left = height

    def take(name: str, want: int, keep: int = 0) -> None:
        nonlocal left
        given[name] = max(0, min(want, left - keep))
        left -= given[name]

    take("title", 1)
    take("footer", 1)
    if zoom:
        take("notice", notice, 1)
        return {**dict.fromkeys((*ZOOMABLE, "summary", "away"), 0), **given, zoom: left}
    detail = 1 if height >= DETAIL_FROM and not side else 0
    notice_from_log = height - 5 - (rows + 1)
    if notice_from_log < notice:  # no log to cover: the notice costs rows
        take("notice", min(notice, 2), 2)
    if notice_from_log < 1:  # the same for the one line that names the key of what happened
        take("away", min(away, 1), 2 + detail)
    take("symbols", rows + 1, detail)
    take("detail", detail)
    take("meters", 1)
    take(
        "runs",
        max(1, runs) + (jobs if height >= JOBS_FROM else 0),
        LOG_LEAST if left > LOG_LEAST else 0,
    )
    if "notice" not in given:
        take("notice", notice)
    if "away" not in given:
        take("away", away, 1)
    take("log", left)
    return {"summary": 0, **given}
