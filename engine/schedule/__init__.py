"""The operator's crontab and systemd timers."""
