"""Which words name a kind of doubt; the rest of accepting is in tests/cli/test_doubts.py."""

from __future__ import annotations

import pytest

from engine.core.doubts import DoubtKind
from engine.core.errors import UsageError
from engine.market.acceptance import kind_of


@pytest.mark.parametrize("kind", DoubtKind)
def test_a_kind_is_named_in_full_or_by_a_part(kind: DoubtKind) -> None:
    """The word as `data check` prints it, its first part, other cases and separators."""
    words = (str(kind), kind.partition("-")[0], kind.upper(), kind.replace("-", "_"))
    assert {kind_of(word) for word in words} == {kind}


@pytest.mark.parametrize("word", ["", "  ", "-", "flat-tails", "e"])
def test_other_words_are_refused(word: str) -> None:
    """Nothing, and what several or no kinds hold; the hint lists the kinds."""
    with pytest.raises(UsageError) as caught:
        kind_of(word)
    assert "flat-tail" in caught.value.hint
