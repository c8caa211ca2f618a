"""The pairs of a codetag, split into keys and values."""

from __future__ import annotations

import pytest

from allocfs.tags.pairs import pairs_of


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("k:v", {"k": "v"}),
        ("k:v:w l:", {"k": "v:w", "l": ""}),
        ("k:1 l:2 k:3", {"k": "3", "l": "2"}),
        ("\x85:\u2028 \udcff:\xa0", {"\x85": "\u2028", "\udcff": "\xa0"}),
    ],
)
def test_pairs_are_separated_by_spaces_and_a_key_ends_at_its_colon(
    text: str, pairs: dict[str, str]
) -> None:
    assert pairs_of(text) == pairs
