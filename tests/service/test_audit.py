"""The audit log records the service's start and stop."""

import signal

from engine.core.audit_log import read_entries
from engine.core.paths import Home
from tests.helpers import stockml
from tests.service.test_server import port_of, process


def test_start_stop_and_refusal_are_recorded(home: Home) -> None:
    """A start with its port, a second one refused, and the end with its signal."""
    with process(home) as ran:
        port = port_of(home)
        assert stockml("serve", "--home", str(home.root), "--port", "0").returncode == 75
        ran.send_signal(signal.SIGTERM)
        ran.communicate(timeout=90)
    recorded = [
        (entry.outcome, entry.details.get("port"), entry.message.partition(":")[0])
        for entry in read_entries(home)
    ]

    assert recorded == [
        ("started", port, ""),
        ("refused", 0, "a service of this home runs already"),
        ("done", port, "stopped by SIGTERM"),
    ]
