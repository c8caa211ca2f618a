"""Groupings: their words and depths."""

from __future__ import annotations

import pytest

from allocfs.query.groups import Group, GroupKey, parse_group


@pytest.mark.parametrize("key", GroupKey)
def test_a_word_is_a_grouping_and_its_own_canonical_form(key: GroupKey) -> None:
    assert parse_group(key) == Group(key)
    assert str(Group(key)) == key


@pytest.mark.parametrize(("text", "depth"), [("dir:1", 1), ("dir:064", 64)])
def test_a_directory_can_be_cut_to_its_first_components(text: str, depth: int) -> None:
    assert parse_group(text) == Group(GroupKey.DIR, depth)
    assert str(parse_group(text)) == f"dir:{depth}"


@pytest.mark.parametrize(
    "text",
    ["", "line", "Dir", "dir:", "dir:0", "dir:65", "dir:-1", "dir:\u0663", "file:1", "dir:1:1"],
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected module, file, .* N from 1 to 64$"):
        parse_group(text)
