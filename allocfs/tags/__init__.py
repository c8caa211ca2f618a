"""Codetags: their table, their names as people write them, and the slots they keep."""
