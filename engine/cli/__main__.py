"""`python -m engine.cli`: the console script without its installation."""

from engine.cli.main import entry

entry()
