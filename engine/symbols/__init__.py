"""The symbols of a home: listed, added, imported, changed and removed."""
