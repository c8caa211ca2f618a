"""Queries from text and from keyword arguments."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from allocfs.query.language import format_query, parse
from allocfs.query.places import Place, require_place
from allocfs.tags.spelling import escape

Condition = str | float | Iterable[str | float] | None
"""The value of a condition: alternatives if it is iterable, no condition if it is None."""

_SEPARATORS = "/,|%"


def records_path(
    directory: str,
    query: str | None,
    conditions: Mapping[str, Condition],
    places: Collection[Place] = (),
) -> str:
    """Return the path of the records of a query below a directory. Raises BadQuery."""
    name = query_name(query, conditions, places)
    return os.path.join(directory, "query", name, "records") if name else f"{directory}/records"


def query_name(
    query: str | None, conditions: Mapping[str, Condition], places: Collection[Place] = ()
) -> str:
    """Return the canonical text of a query and of conditions; all must hold.

    It is empty if there are none. Raises BadQuery, also for a condition that has no meaning in the
    part of the mount that has these places.
    """
    terms = [query] if query else []
    terms += (f"{key}={_value(one)}" for key, one in conditions.items() if one is not None)
    if not terms:
        return ""
    parsed = parse(",".join(terms))
    require_place(parsed, places)
    return format_query(parsed)


def _value(condition: str | float | Iterable[str | float]) -> str:
    """Write the value of a term.

    The wildcards of a pattern stay, all other characters are literal: they separate nothing.
    """
    if isinstance(condition, bool):
        return "yes" if condition else "no"
    if isinstance(condition, Iterable) and not isinstance(condition, str):
        return "|".join(map(_value, condition))
    return escape(str(condition), _SEPARATORS)
