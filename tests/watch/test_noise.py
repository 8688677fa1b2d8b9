"""Noise does not retrain, a break does; the full study of 200 series is `python -m tests.watch.noise 200`."""

from tests.watch.noise import page, study


def test_healthy_series_are_left_alone_and_breaks_are_caught() -> None:
    """At most two performance or drift retrainings a symbol-year; nine breaks of ten caught within 15 sessions."""
    found = study(series=6, broken=10)
    ours = sum(count for name, count in found.by_reason.items() if name in ("accuracy", "mape", "confidence", "drift"))

    assert ours / len(found.healthy) <= 2.0
    assert 9 <= sum(sessions is not None for sessions in found.caught_louder)
    assert 9 <= sum(sessions is not None for sessions in found.caught_inverted)
    assert "6 healthy series" in page(found)
