"""How many lines each pane of the dashboard gets: pure arithmetic on the height."""

from __future__ import annotations

DETAIL_FROM = 12
JOBS_FROM = 28
LOG_LEAST = 3


def heights(height: int, rows: int, runs: int, jobs: int, notice: int) -> dict[str, int]:
    """Lines for each pane of a terminal of `height` lines.

    `rows` symbols, `runs` live runs, `jobs` running jobs, `notice` wrapped lines of a notice. The symbols come
    first, then the host's meters, the runs, the current row's detail; the log takes what is left. At 24 lines all
    13 symbols stand beside at least three lines of log.
    """
    given: dict[str, int] = {}
    left = height

    def take(name: str, want: int, keep: int = 0) -> None:
        nonlocal left
        given[name] = max(0, min(want, left - keep))
        left -= given[name]

    take("title", 1)
    take("footer", 1)
    reserved = 1 if height >= DETAIL_FROM else 0
    notice_from_log = height - 5 - (rows + 1)
    if notice_from_log < notice:  # no log to cover: the notice costs rows
        take("notice", min(notice, 2), 2)
    take("symbols", rows + 1, reserved)
    take("detail", 1 if height >= DETAIL_FROM else 0)
    take("meters", 1)
    take("runs", max(1, runs) + (jobs if height >= JOBS_FROM else 0), LOG_LEAST if left > LOG_LEAST else 0)
    if "notice" not in given:
        take("notice", notice)
    take("log", left)
    return given
