"""The query language: the name of a directory below `query/` <-> a Query.

spec/queries.md is its definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal, NamedTuple, get_args

from allocfs.errors import BadQuery
from allocfs.query.pairs import (
    PREFIX,
    PairCondition,
    format_pair_key,
    format_pair_value,
    parse_pair_value,
)
from allocfs.query.patterns import Pattern, parse_pattern, union
from allocfs.query.quantities import (
    LineRange,
    parse_count,
    parse_limit,
    parse_lines,
)
from allocfs.query.terms import SUM_KEYS, Terms, parse_terms
from allocfs.tags.axis import Axis
from allocfs.tags.spelling import unescape
from allocfs.units import format_size, parse_size

SortKey = Literal["bytes", "calls", "file"]

SORT_KEYS: dict[str, SortKey] = {key: key for key in get_args(SortKey)} | {
    "size": "bytes",
    "byte": "bytes",
    "count": "calls",
    "call": "calls",
    "path": "file",
}
"""The words for the orders: their names in the canonical form, and other words for them."""

MAX_WILDCARDS = 32
"""Each costs time for every name, and all readers wait while a query is evaluated."""


@dataclass(frozen=True)
class NameCondition:
    """A name matches one of some patterns; if not wanted, none of them."""

    axis: Axis
    wanted: bool
    patterns: frozenset[Pattern]

    @cached_property
    def matches(self) -> Callable[[str], object]:
        """Return a true value if a name matches one of the patterns, wanted or not."""
        return union(self.patterns)


@dataclass(frozen=True)
class LineCondition:
    """A line is in one of some ranges; if not wanted, in none of them."""

    wanted: bool
    ranges: frozenset[LineRange]


@dataclass(frozen=True)
class TagPart:
    """The conditions on names and lines, judged once for each content_id. All must hold."""

    names: frozenset[NameCondition] = frozenset()
    lines: frozenset[LineCondition] = frozenset()


@dataclass(frozen=True)
class SumPart:
    """The conditions on counters: inclusive bounds of bytes, which are signed, and of calls."""

    min_size: int | None = None
    max_size: int | None = None
    min_calls: int | None = None
    max_calls: int | None = None


NO_SUM_PART = SumPart()


class Sort(NamedTuple):
    """The order of the records; `file` is by path, then line."""

    key: SortKey
    descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.key}"


@dataclass(frozen=True)
class Query:
    """The conditions on codetags, the order of records (None: the kernel's), and their number.

    `accurate` stands between the two parts: a codetag can lose its accuracy at any time, but
    to see that takes no sum. Conditions on pairs take no sum either, but most pairs change as
    often as the counters do.
    """

    tag_part: TagPart = TagPart()
    accurate: bool | None = None
    pairs: frozenset[PairCondition] = frozenset()
    sum_part: SumPart = SumPart()
    sort: Sort | None = None
    limit: int | None = None

    @cached_property
    def selects_by_value(self) -> bool:
        """Whether counters or pairs decide how many codetags match."""
        return bool(self.pairs) or self.sum_part != NO_SUM_PART


EVERYTHING = Query()
"""The query without terms, which selects every codetag in the kernel's order."""


def parse(text: str) -> Query:
    """Read a query; raise BadQuery, naming the bad term and the expected form.

    Conditions given more than once must all hold. Queries that differ only in spelling or in
    the order of their terms are equal.
    """
    terms = parse_terms(text)
    query = Query(
        _parse_tag_part(terms),
        _parse_accurate(terms.having("accurate")),
        _parse_pairs(terms),
        _parse_sum_part(terms),
        terms.having("sort").only(_parse_sort),
        terms.having("limit").only(parse_limit),
    )
    _check_wildcards(terms, query)
    return query


def format_query(query: Query) -> str:
    """Write a query in its canonical form, with as few escapes as possible.

    The text is empty for EVERYTHING, which has no name below `query/`.
    """
    return ",".join(_format_terms(query))


def _parse_tag_part(terms: Terms) -> TagPart:
    names = (
        NameCondition(key, *condition)
        for key in Axis
        for condition in terms.having(key).conditions(parse_pattern)
    )
    lines = terms.having("line").conditions(lambda value: parse_lines(unescape(value)))
    return TagPart(frozenset(names), frozenset(LineCondition(*line) for line in lines))


def _parse_accurate(terms: Terms) -> bool | None:
    wanted = {term.read_plain(_parse_yes_or_no) == term.equal for term in terms}
    if len(wanted) > 1:
        raise BadQuery(f"{terms}: expected one or the other, no codetag is both")
    return wanted.pop() if wanted else None


def _parse_yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("expected yes or no")
    return text == "yes"


def _parse_pairs(terms: Terms) -> frozenset[PairCondition]:
    keys = {term.key for term in terms if term.key.startswith(PREFIX)}
    return frozenset(
        PairCondition(unescape(key.removeprefix(PREFIX)), *condition)
        for key in keys
        for condition in terms.having(key).conditions(parse_pair_value)
    )


def _parse_sum_part(terms: Terms) -> SumPart:
    sizes = _parse_bounds(terms, "min_size", "max_size", parse_size)
    calls = _parse_bounds(terms, "min_calls", "max_calls", parse_count)
    return SumPart(*sizes, *calls)


def _parse_bounds(
    terms: Terms, minimum: str, maximum: str, reader: Callable[[str], int]
) -> tuple[int | None, int | None]:
    low = max((term.read_plain(reader) for term in terms.having(minimum)), default=None)
    high = min((term.read_plain(reader) for term in terms.having(maximum)), default=None)
    if low is not None and high is not None and low > high:
        bounds = terms.having(minimum, maximum)
        raise BadQuery(f"{bounds}: expected {minimum} not to be above {maximum}")
    return low, high


def _parse_sort(text: str) -> Sort:
    key = text.removeprefix("-")
    if key not in SORT_KEYS:
        raise ValueError(f"expected {', '.join(get_args(SortKey))}, or one of them after a -")
    return Sort(SORT_KEYS[key], text.startswith("-"))


def _check_wildcards(terms: Terms, query: Query) -> None:
    of_names = (condition.patterns for condition in query.tag_part.names)
    of_pairs = (condition.patterns for condition in query.pairs)
    wildcards = sum(pattern.wildcards for pattern in chain(*of_names, *of_pairs))
    if wildcards > MAX_WILDCARDS:
        guilty = terms.having(*Axis, *(format_pair_key(pair.key) for pair in query.pairs))
        raise BadQuery(f"{guilty}: expected at most {MAX_WILDCARDS} wildcards, not {wildcards}")


def _format_terms(query: Query) -> Iterator[str]:
    yield from sorted(
        _format_condition(name.axis, name.wanted, sorted(map(str, name.patterns)))
        for name in query.tag_part.names
    )
    yield from sorted(
        _format_condition("line", line.wanted, map(str, sorted(line.ranges)))
        for line in query.tag_part.lines
    )
    if query.accurate is not None:
        yield f"accurate={'yes' if query.accurate else 'no'}"
    yield from sorted(
        _format_condition(
            format_pair_key(pair.key), pair.wanted, sorted(map(format_pair_value, pair.values))
        )
        for pair in query.pairs
    )
    for key in SUM_KEYS:
        bound = getattr(query.sum_part, key)
        if bound is not None:
            yield f"{key}={format_size(bound)}"
    if query.sort is not None:
        yield f"sort={query.sort}"
    if query.limit is not None:
        yield f"limit={query.limit}"


def _format_condition(key: str, wanted: bool, values: Iterable[str]) -> str:
    return f"{key}{'=' if wanted else '!='}{'|'.join(values)}"
