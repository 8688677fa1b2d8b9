"""The record of a doubt, and its JSON."""

from __future__ import annotations

import json

import pytest

from engine.core.doubts import Doubt, DoubtKind, doubt_trees, doubts_from, withheld_reason

HOLE = Doubt(DoubtKind.HOLE, "2024-12-04", "300 sessions are missing")
FLAT = Doubt(DoubtKind.FLAT_TAIL, "2026-10-28", "the feed stands still", True)


def test_doubts_survive_json() -> None:
    """Kind, date and text are read back from JSON as they were."""
    trees = json.loads(json.dumps(doubt_trees((HOLE, FLAT))))
    assert trees[0] == {
        "kind": "long-hole",
        "date": "2024-12-04",
        "text": "300 sessions are missing",
        "withholds": False,
    }
    assert doubts_from(trees) == (HOLE, FLAT)


@pytest.mark.parametrize("tree", [{}, {**doubt_trees((HOLE,))[0], "kind": "bad luck"}])
def test_a_tree_that_is_no_doubt_is_an_error(tree: dict[str, str]) -> None:
    """A missing field or an unknown kind is no doubt."""
    with pytest.raises((KeyError, ValueError)):
        doubts_from([tree])


def test_only_some_doubts_withhold() -> None:
    """The reason of a withheld forecast is the doubts that make it meaningless."""
    assert withheld_reason((HOLE,)) == ""
    assert withheld_reason((HOLE, FLAT)) == "the feed stands still"


def test_a_doubt_is_accepted_by_kind_and_day() -> None:
    """The key has no symbol: the settings put it before."""
    assert HOLE.key == "long-hole 2024-12-04"
