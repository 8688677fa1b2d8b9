"""Retention: what may go, decided purely; nothing that is needed ever goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.vault.retention import BackupCandidate, RetentionVerdict, decide_retention

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
NVDA = frozenset({"NVDA"})


def _one(
    days: float, symbols: frozenset[str] = NVDA, valid: frozenset[str] | None = None, **more: object
) -> BackupCandidate:
    name = f"backup {days:g}"
    sound = symbols if valid is None else valid
    made = NOW - timedelta(days=days)
    return BackupCandidate(name, made, symbols, sound, **more)  # type: ignore[arg-type]


def _removed(
    *candidates: BackupCandidate, now: datetime = NOW, days: int = 30, keep_valid: int = 3
) -> set[float]:
    return {
        float(each.name.split()[1])
        for each in decide_retention(candidates, now, days, keep_valid)
        if not each.keep
    }


def test_age_is_counted_from_the_newest_backup() -> None:
    """Backups older than 30 days before the newest go, once three newer valid ones exist."""
    assert _removed(*map(_one, (0, 10, 29, 30, 31, 60))) == {31, 60}


def test_a_pause_in_training_removes_nothing() -> None:
    """45 days without a new backup change nothing: age counts from the newest, not from now."""
    backups = [_one(days) for days in (0, 10, 29, 31)]
    assert _removed(*backups, now=NOW + timedelta(days=45)) == _removed(*backups) == {31}


def test_three_valid_backups_are_always_kept() -> None:
    """However old, the newest three valid backups of a symbol stay."""
    assert _removed(*map(_one, (0, 100, 200, 300, 400))) == {300, 400}
    assert _removed(*map(_one, (0, 100, 200)), keep_valid=1) == {100, 200}


def test_each_symbol_is_counted_by_itself() -> None:
    """A backup that one of its symbols still needs stays whole."""
    both = frozenset({"NVDA", "TSLA"})
    assert _removed(_one(0), _one(1), _one(2), _one(90, both), _one(95, both)) == set()
    assert _removed(_one(0, both), _one(1, both), _one(2, both), _one(90, both), _one(91)) == {
        90,
        91,
    }


def test_a_future_date_does_not_move_the_limit() -> None:
    """A backup dated in the future stays, and neither starts the count nor counts as one of the
    three."""
    assert _removed(_one(-400), _one(0), _one(10), _one(29)) == set()
    assert _removed(_one(-400), _one(-401), _one(-402), _one(0), _one(40), _one(41)) == set()
    assert _removed(_one(-400), *map(_one, (0, 1, 2, 40))) == {40}


def test_a_broken_newest_backup_does_not_move_the_limit() -> None:
    """A newest backup that is broken neither starts the count nor counts as one of the three."""
    broken = _one(0, valid=frozenset())
    assert _removed(broken, _one(35), _one(40), _one(60), _one(64)) == set()
    assert _removed(broken, _one(35), _one(40), _one(60), _one(66)) == {66}


def test_plain_copies_and_foreign_files_do_not_count() -> None:
    """A plain copy, or a foreign file's only backup, goes only when three verified newer ones of
    its symbol exist."""
    plain = _one(300, verified=False)
    foreign = _one(310, valid=frozenset())
    assert _removed(_one(0), _one(1), plain, foreign) == set()
    assert _removed(_one(0), _one(1), _one(2), plain, foreign) == {300, 310}
    assert _removed(plain, _one(301, verified=False), _one(400, verified=False)) == set()


def test_a_backup_that_cannot_be_judged_is_kept() -> None:
    """A backup whose manifest cannot be read stays, with the reason."""
    verdicts = decide_retention(
        [*map(_one, (0, 1, 2)), _one(90, frozenset(), problem="its manifest cannot be read")],
        NOW,
        30,
        3,
    )
    assert verdicts[-1] == RetentionVerdict(
        "backup 90", True, "cannot be judged: its manifest cannot be read"
    )


def test_an_empty_policy_is_refused() -> None:
    """Zero or negative limits are an error, never "remove all"."""
    for days, keep in ((0, 3), (30, 0), (-1, 3), (30, -3)):
        with pytest.raises(ValueError, match="empty policy"):
            decide_retention([_one(0)], NOW, days, keep)


_symbols = st.frozensets(st.sampled_from(["NVDA", "TSLA", "AAPL"]))


@st.composite
def _backups(draw: st.DrawFn) -> list[BackupCandidate]:
    made = []
    for number in range(draw(st.integers(0, 14))):
        symbols = draw(_symbols)
        valid = symbols & draw(_symbols)
        moment = NOW - timedelta(days=draw(st.integers(-500, 500)))
        problem = draw(st.sampled_from(["", "", "", "unreadable"]))
        made.append(
            BackupCandidate(f"b{number}", moment, symbols, valid, draw(st.booleans()), problem)
        )
    return made


@given(_backups(), st.integers(1, 60), st.integers(1, 5), st.integers(-300, 300))
def test_no_policy_removes_a_needed_backup(
    backups: list[BackupCandidate], days: int, keep_valid: int, shift: int
) -> None:
    """For any backups and clock: a reason each, enough valid ones and the newest stay, and a
    second look agrees."""
    now = NOW + timedelta(days=shift)
    verdicts = {each.name: each for each in decide_retention(backups, now, days, keep_valid)}
    assert verdicts.keys() == {each.name for each in backups}
    assert all(each.reason for each in verdicts.values())
    kept = [each for each in backups if verdicts[each.name].keep]
    for symbol in ("NVDA", "TSLA", "AAPL"):
        had, has = (
            sum(symbol in each.valid and each.verified for each in some) for some in (backups, kept)
        )
        assert has >= min(had, keep_valid)
        anyhow, still = (sum(symbol in each.valid for each in some) for some in (backups, kept))
        assert still >= min(anyhow, 1)
    assert not backups or kept
    counted = [
        each
        for each in backups
        if each.valid and each.verified and not each.problem and each.created_at <= now
    ]
    newest = max((each.created_at for each in counted), default=now)
    for each in backups:
        if not verdicts[each.name].keep:
            assert each.created_at < newest - timedelta(days=days)
    assert all(verdict.keep for verdict in decide_retention(kept, now, days, keep_valid))


@given(_backups(), st.integers(0, 400))
def test_time_alone_removes_no_backup(backups: list[BackupCandidate], later: int) -> None:
    """With every backup already in the past, waiting longer never removes one more."""
    past = [each for each in backups if each.created_at <= NOW]
    assert decide_retention(past, NOW, 30, 3) == decide_retention(
        past, NOW + timedelta(days=later), 30, 3
    )
