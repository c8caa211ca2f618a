"""The query language: the name of a directory below `query/` <-> a Query.

spec/queries.md is its definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain

from allocfs.errors import BadQuery
from allocfs.query.groups import Group, parse_group
from allocfs.query.order import Sort, parse_sort
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
    format_rate,
    format_share,
    parse_count,
    parse_limit,
    parse_lines,
    parse_rate,
    parse_share,
)
from allocfs.query.states import StateCondition, parse_state
from allocfs.query.terms import (
    SUM_KEYS,
    Terms,
    format_condition,
    format_yes_or_no,
    parse_terms,
)
from allocfs.tags.axis import Axis
from allocfs.tags.spelling import unescape
from allocfs.units import format_size, parse_size

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


@dataclass(frozen=True)
class TrendPart:
    """The conditions on trends: inclusive bounds of the slope, and the least share of rises.

    A slope is in bytes per second, a share is of 1; both are exact.
    """

    min_slope: Fraction | None = None
    max_slope: Fraction | None = None
    min_rising: Fraction | None = None


NO_SUM_PART = SumPart()
NO_TREND_PART = TrendPart()


@dataclass(frozen=True)
class Query:
    """The conditions on codetags, the order of records (None: the kernel's), and their number.

    `accurate` stands between the two parts: a codetag can lose its accuracy at any time, but
    to see that takes no sum. Conditions on pairs take no sum either, but most pairs change as
    often as the counters do.

    With a group the records are rows: `tag_query` chooses codetags, `row_query` acts on rows.
    `occupied`, which has no word in a query, leaves out rows of which no codetag is chosen now.
    """

    tag_part: TagPart = TagPart()
    accurate: bool | None = None
    pairs: frozenset[PairCondition] = frozenset()
    sum_part: SumPart = SumPart()
    states: frozenset[StateCondition] = frozenset()
    anomaly: bool | None = None
    trend_part: TrendPart = TrendPart()
    group: Group | None = None
    sort: Sort | None = None
    limit: int | None = None
    occupied: bool = False

    @cached_property
    def selects_by_value(self) -> bool:
        """Whether counters, pairs, states or trends decide how many records there are."""
        rows = self.row_query
        by_number = rows.sum_part != NO_SUM_PART or rows.trend_part != NO_TREND_PART
        by_flag = rows.anomaly is not None or rows.occupied
        return by_number or by_flag or bool(rows.pairs or rows.states)

    @property
    def row_query(self) -> Query:
        """The part that acts on the rows of the group; without a group, the whole query."""
        # Not cached: a query that keeps itself would be left to the garbage collector.
        return self if self.group is None else self._rows_of_group

    @cached_property
    def _rows_of_group(self) -> Query:
        rows = replace(
            self,
            tag_part=TagPart(),
            accurate=None,
            pairs=frozenset(),
            group=None,
            sort=self.sort and self.sort.of_rows(),
            occupied=self.accurate is not None or bool(self.pairs),
        )
        return EVERYTHING if rows == EVERYTHING else rows

    @cached_property
    def tag_query(self) -> Query:
        """The part that chooses codetags: by names, lines, accuracy and pairs."""
        return Query(self.tag_part, self.accurate, self.pairs)


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
        terms.having("accurate").yes_or_no(),
        _parse_pairs(terms),
        _parse_sum_part(terms),
        _parse_states(terms),
        terms.having("anomaly").yes_or_no(),
        _parse_trend_part(terms),
        terms.having("group").only(parse_group),
        terms.having("sort").only(parse_sort),
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


def _parse_pairs(terms: Terms) -> frozenset[PairCondition]:
    keys = {term.key for term in terms if term.key.startswith(PREFIX)}
    return frozenset(
        PairCondition(unescape(key.removeprefix(PREFIX)), *condition)
        for key in keys
        for condition in terms.having(key).conditions(parse_pair_value)
    )


def _parse_sum_part(terms: Terms) -> SumPart:
    sizes = terms.bounds("min_size", "max_size", parse_size)
    calls = terms.bounds("min_calls", "max_calls", parse_count)
    return SumPart(*sizes, *calls)


def _parse_states(terms: Terms) -> frozenset[StateCondition]:
    conditions = terms.having("state").conditions(parse_state)
    return frozenset(StateCondition(*condition) for condition in conditions)


def _parse_trend_part(terms: Terms) -> TrendPart:
    slopes = terms.bounds("min_slope", "max_slope", parse_rate)
    rising = max((term.read(parse_share) for term in terms.having("rising")), default=None)
    return TrendPart(*slopes, rising)


def _check_wildcards(terms: Terms, query: Query) -> None:
    of_names = (condition.patterns for condition in query.tag_part.names)
    of_pairs = (condition.patterns for condition in query.pairs)
    wildcards = sum(pattern.wildcards for pattern in chain(*of_names, *of_pairs))
    if wildcards > MAX_WILDCARDS:
        guilty = terms.having(*Axis, *(format_pair_key(pair.key) for pair in query.pairs))
        raise BadQuery(f"{guilty}: expected at most {MAX_WILDCARDS} wildcards, not {wildcards}")


def _format_terms(query: Query) -> Iterator[str]:
    yield from sorted(
        format_condition(name.axis, name.wanted, sorted(map(str, name.patterns)))
        for name in query.tag_part.names
    )
    yield from sorted(
        format_condition("line", line.wanted, map(str, sorted(line.ranges)))
        for line in query.tag_part.lines
    )
    yield from format_yes_or_no("accurate", query.accurate)
    yield from sorted(
        format_condition(
            format_pair_key(pair.key), pair.wanted, sorted(map(format_pair_value, pair.values))
        )
        for pair in query.pairs
    )
    yield from sorted(
        format_condition("state", condition.wanted, sorted(condition.states))
        for condition in query.states
    )
    yield from format_yes_or_no("anomaly", query.anomaly)
    yield from _format_numbers(query.sum_part, query.trend_part)
    for key, value in (("group", query.group), ("sort", query.sort), ("limit", query.limit)):
        if value is not None:
            yield f"{key}={value}"


def _format_numbers(sums: SumPart, trend: TrendPart) -> Iterator[str]:
    for key in SUM_KEYS:
        bound = getattr(sums, key)
        if bound is not None:
            yield f"{key}={format_size(bound)}"
    for key in ("min_slope", "max_slope"):
        slope = getattr(trend, key)
        if slope is not None:
            yield f"{key}={format_rate(slope)}"
    if trend.min_rising is not None:
        yield f"rising={format_share(trend.min_rising)}"
