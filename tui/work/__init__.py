"""Work beside the event loop, and the messages it posts."""
