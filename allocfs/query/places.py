"""The parts of the mount in which a query has a meaning."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from enum import StrEnum

from allocfs.errors import BadQuery
from allocfs.query.language import EVERYTHING, Query, format_query
from allocfs.query.order import TREND_ORDERS


class Place(StrEnum):
    """A directory whose codetags have values that others have not; the value is its name."""

    DIFF = "diff"
    TREND = "trend"


def require_place(query: Query, places: Collection[Place] = ()) -> None:
    """Raise BadQuery for a term that has no meaning in a query below some places."""
    if complaints := list(misplaced_terms(query, places)):
        raise BadQuery("; ".join(complaints))


def misplaced_terms(query: Query, places: Collection[Place] = ()) -> Iterator[str]:
    """Describe each term that has no meaning in a query below some places."""
    for place, part in _parts(query):
        if place not in places:
            for term in filter(None, format_query(part).split(",")):
                yield f"{term!r}: {_key(term)} is for queries below /{place}"


def _parts(query: Query) -> Iterator[tuple[Place, Query]]:
    """Return the part of a query that has a meaning in each place alone."""
    sort = query.sort if query.sort is not None and query.sort.key in TREND_ORDERS else None
    yield Place.DIFF, replace(EVERYTHING, states=query.states)
    yield Place.TREND, replace(EVERYTHING, trend_part=query.trend_part, sort=sort)


def _key(term: str) -> str:
    """Return the key of a term; an order is no key, but a value."""
    key, _, value = term.partition("=")
    return f"sort={value.removeprefix('-')}" if key == "sort" else key.removesuffix("!")
