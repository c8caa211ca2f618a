"""Fuzzing of the parsers of untrusted input: captures, queries, control lines."""
