"""What every waiting test stands on."""

from __future__ import annotations

import pytest

from tests import helpers
from tests.helpers import wait_for


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
    """Past the deadline the failure names what did not come, and the condition's own error is its cause."""
    monkeypatch.setattr(helpers, "LEAST_S", 0.05)

    def look() -> None:
        raise FileNotFoundError("never there")

    with pytest.raises(AssertionError, match="the file did not come") as caught:
        wait_for(look, 0.0, "the file")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
