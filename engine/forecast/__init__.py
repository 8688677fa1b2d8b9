"""From bars to a forecast and its out-of-sample figures."""
