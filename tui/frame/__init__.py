"""The frame of every screen: the status line, the tab bar, what in them leads where."""
