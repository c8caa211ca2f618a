"""Conditions on sums in a diff, where bytes and calls are signed differences."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.query.language import parse
from allocfs.query.sums import judge_sums
from allocfs.tags.table import Codetag
from tests.support.selection_oracle import TOP_U64, Counted, FakeBackend

MINUS_ONE = TOP_U64
VALUES = [(0, 0), (5, 1), (-5, MINUS_ONE), (0, 3), (0, MINUS_ONE), (5, MINUS_ONE), (7, 0)]


def differences() -> FakeBackend:
    """Make a diff whose differences are those above; the first codetag is new."""
    tags = [
        Counted(Codetag("mm/slub.c", n, "f"), *value, below=9, above=9, mark="" if n else "new")
        for n, value in enumerate(VALUES)
    ]
    backend = FakeBackend(tags, list(range(len(tags))))
    backend.diff = True
    return backend


def selected(text: str) -> list[int]:
    backend = differences()
    slots = judge_sums(parse(text), backend, backend.tags.slots)
    assert len(set(backend.summed)) == len(backend.summed)
    return list(slots.tolist())


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("state=grown", [1, 3, 5, 6]),
        ("state=shrunk", [2, 4]),
        ("state!=grown|shrunk", [0]),
        ("state=new|shrunk", [0, 2, 4]),
        ("state=new|grown,state=grown|gone", [1, 3, 5, 6]),
        ("anomaly=no", [0, 1]),
        ("anomaly=yes", [2, 3, 4, 5, 6]),
        ("anomaly=yes,state=grown,limit=2", [3, 5]),
        ("min_calls=1", [1, 3]),
        ("max_calls=0", [0, 2, 4, 5, 6]),
        ("min_calls=18446744073709551615", []),
        ("max_calls=18446744073709551615", [0, 1, 2, 3, 4, 5, 6]),
        ("sort=calls,limit=3", [2, 4, 5]),
        ("sort=-calls,limit=3", [3, 1, 0]),
        ("sort=-bytes,anomaly=no", [1, 0]),
    ],
)
def test_differences_of_calls_are_signed(text: str, slots: list[int]) -> None:
    assert selected(text)[: parse(text).limit] == slots


def test_one_of_the_differences_at_the_ends_of_64_bits_is_a_state() -> None:
    ends = np.iinfo(np.int64)
    tags = [Counted(Codetag("mm/slub.c", n, "f"), int(n)) for n in (ends.min, ends.max)]
    tags = [one._replace(tag=one.tag._replace(line=0)) for one in tags]
    backend = FakeBackend(tags, [0, 1])
    every = backend.tags.slots
    assert judge_sums(parse("state=shrunk"), backend, every).tolist() == [0]
    assert judge_sums(parse("state=grown"), backend, every).tolist() == [1]
