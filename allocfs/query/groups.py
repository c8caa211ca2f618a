"""The groupings of codetags whose sums a query can ask for."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from allocfs.query.quantities import parse_decimal

MOST_COMPONENTS = 64  # of a directory in `dir:N`

_EXPECTED = (
    "expected module, file, function, site, dir, all, "
    f"or dir:N for the first N components of the directory, N from 1 to {MOST_COMPONENTS}"
)


class GroupKey(StrEnum):
    """The property in which the codetags of one row are equal; `site` is all of their names."""

    MODULE = "module"
    FILE = "file"
    FUNCTION = "function"
    SITE = "site"
    DIR = "dir"
    ALL = "all"


class Group(NamedTuple):
    """A grouping; `depth` is the number of components of a directory, None for all of them."""

    key: GroupKey
    depth: int | None = None

    def __str__(self) -> str:
        return self.key if self.depth is None else f"{self.key}:{self.depth}"


def parse_group(text: str) -> Group:
    """Read a grouping; raise ValueError, naming the expected words."""
    word, colon, digits = text.partition(":")
    if colon and word == GroupKey.DIR:
        return Group(GroupKey.DIR, _parse_depth(digits))
    if colon or word not in list(GroupKey):
        raise ValueError(_EXPECTED)
    return Group(GroupKey(word))


def _parse_depth(digits: str) -> int:
    depth = parse_decimal(digits)
    if depth is None or depth not in range(1, MOST_COMPONENTS + 1):
        raise ValueError(_EXPECTED)
    return depth
