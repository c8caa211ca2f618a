"""Fuzzing of what reads bytes from untrusted hands: captures, queries, control lines."""
