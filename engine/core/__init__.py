"""The leaves: records, errors, paths, files, clock; no logic of the field."""
