"""Work outside the event loop, and the messages it posts."""
