"""Tests of the reading of CSV files in the shapes of other programs."""
