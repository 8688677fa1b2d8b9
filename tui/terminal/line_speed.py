"""Whether the line to the terminal is fast or slow, by how long the terminal takes to answer."""

from __future__ import annotations

from collections import deque

# A slow answer is felt at every key; between the two a line stays what it was.
SLOW_S = 0.15
FAST_S = 0.1
# So many answers in a row decide, so that one busy second of the machine does not.
DECIDING = 3
ASK_AGAIN_S = 1.0
"""Until that many answers agree; afterwards a line is asked seldom."""
SETTLED_ASK_S = 10.0
LOST_S = 10.0
"""An answer later than this does not come any more."""
LAST_ANSWER_S = 1.0
"""The end of the console waits no longer for one."""
MOST_UNANSWERED = 3
"""A terminal that never answered is asked no more."""


class LineSpeed:
    """The judgement of one line; `auto` is fast until measured otherwise, the others stay.

    The query follows what was written before it, so that its answer waits for a full line too.
    """

    def __init__(self, link: str = "fast") -> None:
        self._measured = link == "auto"
        self.link = "fast" if self._measured else link
        """fast or slow."""
        self._answers: deque[float] = deque(maxlen=DECIDING)
        self._asked_at = -SETTLED_ASK_S
        self._waiting = False
        self._unanswered = 0
        self._judged = not self._measured

    @property
    def pace(self) -> str:
        """How often to look at what streams: as on a slow line until the line is judged.

        At the fast pace 13 trainings fill a line of 20 kB/s before its third answer.
        """
        return self.link if self._judged or self._unanswered else "slow"

    @property
    def round_trip_s(self) -> float | None:
        """Seconds of the newest answer; None before one."""
        return self._answers[-1] if self._answers else None

    def due(self, now: float) -> bool:
        """Whether the terminal is to be asked at `now`, in seconds of a clock that never turns."""
        if not self._measured or self._unanswered >= MOST_UNANSWERED:
            return False
        since = now - self._asked_at
        if self._waiting:
            return since >= LOST_S
        return since >= (SETTLED_ASK_S if self._settled else ASK_AGAIN_S)

    def asked(self, now: float) -> None:
        """The terminal was asked; an earlier query without an answer is lost."""
        if self._waiting and not self._answers:
            self._unanswered += 1
        elif self._waiting:
            self._add(now - self._asked_at)
        self._asked_at = now
        self._waiting = True

    def answered(self, now: float) -> None:
        """The terminal answered; an answer that nobody waits for counts for nothing."""
        if self._waiting:
            self._waiting = False
            self._add(now - self._asked_at)

    def blocked(self, seconds: float) -> None:
        """A write waited so long for the terminal to take it."""
        if self._measured and seconds > SLOW_S:
            self._add(seconds)

    def awaits(self, now: float) -> bool:
        """Whether an answer is still on its way: after the end the shell would read it."""
        return self._waiting and not self._unanswered and now - self._asked_at < LAST_ANSWER_S

    @property
    def _settled(self) -> bool:
        whole = len(self._answers) == DECIDING
        slow = [seconds > FAST_S for seconds in self._answers]
        return whole and all(each == (self.link == "slow") for each in slow)

    def _add(self, seconds: float) -> None:
        self._answers.append(seconds)
        if len(self._answers) == DECIDING:
            self._judged = True
            if min(self._answers) > SLOW_S:
                self.link = "slow"
            elif max(self._answers) < FAST_S:
                self.link = "fast"
