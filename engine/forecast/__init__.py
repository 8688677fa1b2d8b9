"""From bars to a forecast and its honest figures."""
