"""The forecasters of the ensemble."""
