"""Alerts as text."""

from engine.core.snapshot import Alert, AlertState
from tests.tui.scenes import NOW
from tui.alerts.text import alert_row


def test_an_alert_names_a_file_where_it_can_be_read() -> None:
    """A row has no room for folders."""
    alert = Alert(
        "corrupt", "TSLA", AlertState.FIRING, NOW, "/srv/stockml/models/a.h5 is not readable"
    )
    assert "a.h5 is not readable" in [text for text, _ in alert_row(alert, NOW)]
