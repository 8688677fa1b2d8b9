"""Short-lived child processes of the console: what must not be loaded there is loaded here."""
