"""The forecasters of the ensemble, a module each; their table is engine.core.members."""
