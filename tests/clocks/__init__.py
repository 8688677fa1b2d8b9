"""The suite at other moments: `python -m tests.clocks`."""
