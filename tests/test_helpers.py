"""What every waiting test stands on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.core.clock import SystemClock
from engine.market.calendar import last_complete_session
from tests import helpers
from tests.helpers import quiet_settling, wait_for


def test_an_error_of_what_is_coming_up_means_not_yet() -> None:
    """A condition that raises and then holds is met, and its value is returned."""
    looks = iter([FileNotFoundError("not there"), ValueError("half a document"), "", "there"])

    def look() -> str:
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return str(found)

    assert wait_for(look) == "there"


def test_an_error_that_stays_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the deadline the failure names what did not come, and the condition's own error is
    its cause."""
    monkeypatch.setattr(helpers, "LEAST_S", 0.05)

    def look() -> None:
        raise FileNotFoundError("never there")

    with pytest.raises(AssertionError, match="the file did not come") as caught:
        wait_for(look, 0.0, "the file")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize("hour", range(24))
def test_no_session_completes_while_a_test_compares(
    monkeypatch: pytest.MonkeyPatch, hour: int
) -> None:
    """At any hour of a trading day, the chosen settling leaves two hours of quiet."""
    now = datetime(2026, 11, 23, hour, 29, tzinfo=UTC)
    monkeypatch.setattr(SystemClock, "now", lambda _: now)
    minutes = quiet_settling()
    seen = {last_complete_session(now + timedelta(minutes=5 * step), minutes) for step in range(24)}
    assert len(seen) == 1
