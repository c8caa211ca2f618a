"""Moments: the values of all codetags at one time, and what changed between them."""
