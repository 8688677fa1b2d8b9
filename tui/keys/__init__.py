"""The table of actions, and the keys that lead to them."""
