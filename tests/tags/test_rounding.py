"""The distances of rounded bytes from what they can be."""

from __future__ import annotations

import numpy as np

from allocfs.tags.rounding import UNLIMITED, Ends, Partial, Rounding


def rounding(*pairs: tuple[int, int]) -> Rounding:
    below, above = np.array(pairs, dtype=np.int64).T
    return Rounding(below, above)


def test_the_ends_of_exact_bytes_are_not_told() -> None:
    found = rounding((5, 7), (0, 0), (0, UNLIMITED)).ends(np.array([10, 20, 30]))
    assert found == [Ends(5, 17), None, Ends(30, None)]
    assert [str(each) for each in found if each] == ["5..17", "30.."]


def test_a_difference_is_as_uncertain_as_both_ends() -> None:
    after, before = rounding((1, 2), (0, 0), (UNLIMITED, 0)), rounding((10, 20), (0, 0), (3, 4))
    below, above = after.of_difference(before)
    assert (below.tolist(), above.tolist()) == ([21, 0, UNLIMITED], [12, 0, 3])


def test_what_a_partial_list_lacks_has_at_most_the_bytes_of_its_smallest() -> None:
    below, above = Partial("3 largest", 100).rounding(2)
    assert (below.tolist(), above.tolist()) == ([0, 0], [100, 100])
    assert Partial("9 codetags").rounding(1).above.tolist() == [UNLIMITED]
