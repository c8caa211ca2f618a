"""Queries that no codetag can match, whatever the kernel has."""

from __future__ import annotations

from collections.abc import Iterator

from allocfs.query.language import NameCondition, Query, TagPart, format_query
from allocfs.query.quantities import LineRange
from allocfs.query.states import MARKS, State
from allocfs.tags.axis import Axis
from allocfs.tags.spelling import path_of

_ALL_LINES = LineRange(0, 2**64 - 1)
_EXAMPLES = {"line": "1|2", "state": "new|gone"}


def contradictions(query: Query) -> Iterator[str]:
    """Describe each contradiction between conditions on names, on lines or on states.

    A contradiction through two patterns with wildcards is not found.
    """
    for axis in Axis:
        names = frozenset(name for name in query.tag_part.names if name.axis == axis)
        if _names_contradict(axis, names):
            yield _message(Query(TagPart(names=names)), sum(name.wanted for name in names))
    lines = query.tag_part.lines
    if lines and not _common_lines(query):
        yield _message(Query(TagPart(lines=lines)), sum(line.wanted for line in lines))
    states = query.states
    if states and not _has_common_states(query):
        yield _message(Query(states=states), sum(state.wanted for state in states))


def _message(query: Query, wanted: int) -> str:
    text = format_query(query)
    if wanted < 2:
        return f"no codetag matches {text}"
    key = text.partition("=")[0].removesuffix("!")
    example = _EXAMPLES.get(key, "a|b")
    return f"no codetag matches {text}: separate alternatives by |, as in {key}={example}"


def _names_contradict(axis: Axis, conditions: frozenset[NameCondition]) -> bool:
    """Tell whether each of the exact names that a condition wants is ruled out by another one."""
    for condition in conditions:
        exact = [pattern.exact for pattern in condition.patterns]
        if condition.wanted and all(
            name is not None and _is_ruled_out(axis, name, conditions) for name in exact
        ):
            return True
    return False


def _is_ruled_out(axis: Axis, name: str, conditions: frozenset[NameCondition]) -> bool:
    for condition in conditions:
        if not condition.wanted:
            if condition.matches(name):
                return True
        elif axis != Axis.FILE:
            if not condition.matches(name):
                return True
        elif _is_other_file(name, condition):
            return True
    return False


def _is_other_file(name: str, condition: NameCondition) -> bool:
    """Tell whether a condition wants other files.

    A file has two spellings, so one can be its name and the other can match.
    """
    exact = [pattern.exact for pattern in condition.patterns]
    return all(other is not None and path_of(other) != path_of(name) for other in exact)


def _common_lines(query: Query) -> list[LineRange]:
    """Return the lines that all conditions allow."""
    allowed = [_ALL_LINES]
    for condition in query.tag_part.lines:
        if condition.wanted:
            allowed = [both for a in allowed for b in condition.ranges if (both := _overlap(a, b))]
        else:
            for unwanted in condition.ranges:
                allowed = [rest for a in allowed for rest in _without(a, unwanted)]
    return allowed


def _has_common_states(query: Query) -> bool:
    """Tell whether a codetag can meet all conditions: it has one mark at most, and one growth."""
    marks = [frozenset[State](), *(frozenset({mark}) for mark in MARKS)]
    growths = [frozenset[State](), frozenset({State.GROWN}), frozenset({State.SHRUNK})]
    return any(
        all(bool(one.states & (mark | growth)) == one.wanted for one in query.states)
        for mark in marks
        for growth in growths
    )


def _overlap(one: LineRange, other: LineRange) -> LineRange | None:
    first, last = max(one.first, other.first), min(one.last, other.last)
    return LineRange(first, last) if first <= last else None


def _without(lines: LineRange, unwanted: LineRange) -> Iterator[LineRange]:
    if lines.first < unwanted.first:
        yield LineRange(lines.first, min(lines.last, unwanted.first - 1))
    if lines.last > unwanted.last:
        yield LineRange(max(lines.first, unwanted.last + 1), lines.last)
