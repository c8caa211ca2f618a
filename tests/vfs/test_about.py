"""The files of `/.allocfs`."""

from __future__ import annotations

from allocfs.backend.counterstore import CodetagStore
from allocfs.vfs.about import stats_text


def test_the_values_of_the_counts_are_one_column(store: CodetagStore) -> None:
    counts = {"x": 0, "a_name_longer_than_all_others": 2**64 - 1, "error_EIO": 7}
    lines = stats_text(store, counts).decode().splitlines()
    assert len({len(line) for line in lines}) == 1
    found = {name: int(value) for name, value in map(str.split, lines)}
    assert found.items() >= counts.items()
    assert found["tags"] == 8


def test_the_length_of_the_counts_does_not_depend_on_them(store: CodetagStore) -> None:
    few = stats_text(store, {"opens": 0, "reads": 9})
    many = stats_text(store, {"opens": 10**19, "reads": 1})
    assert len(few) == len(many)
