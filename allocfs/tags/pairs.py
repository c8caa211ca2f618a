"""The `key:value` pairs of a codetag in the text of /proc/allocinfo, of which no key is known."""

from __future__ import annotations


def pairs_of(text: str) -> dict[str, str]:
    """Split `k:v l:w` into values by key; of equal keys the last counts."""
    pairs = (pair.partition(":") for pair in text.split(" ") if pair)
    return {key: value for key, _, value in pairs}
