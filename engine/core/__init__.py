"""The leaves: records, errors, settings, files, clock; no logic of the field lives here."""
