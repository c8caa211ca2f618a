"""The tags as the tree sees them: their names, and which match a query."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from allocfs.backend.base import Backend, Slots, TagTable
from allocfs.names import Names
from allocfs.query import EVERYTHING, Query
from allocfs.selection import matching_tags

WARM_QUERIES = 256


class Catalogue:
    """The names of a backend's tags, indexed once for each tag table."""

    def __init__(self, backend: Backend, has_control: bool = False) -> None:
        """Index lazily: a mount that nobody lists costs nothing."""
        self._backend = backend
        self.has_control = has_control
        self._names = Names(backend.tags.table)
        self._queries: OrderedDict[str, bool] = OrderedDict()  # looked up more than once?

    @property
    def names(self) -> Names:
        """The names of all tags of the backend's present table."""
        table: TagTable = self._backend.tags.table
        if self._names.table is not table:
            self._names = Names(table)
        return self._names

    def matching(self, query: Query, among: Slots | None) -> Slots:
        """Return the loaded slots that match a query as far as no counter decides.

        They are in the kernel's order; `among` narrows them to slots that need not be loaded.
        """
        tags = self._backend.tags
        if among is not None:
            tags = replace(tags, slots=tags.in_order(among))
        if query is EVERYTHING:
            return tags.slots
        slots = matching_tags(query, tags)
        if query.accurate is not None:
            slots = slots[self._backend.accurate(slots) == query.accurate]
        return slots

    def use_query(self, terms: str) -> None:
        """Remember that a query was looked up."""
        self._queries[terms] = terms in self._queries
        self._queries.move_to_end(terms)
        if len(self._queries) > WARM_QUERIES:
            self._queries.popitem(last=False)

    def is_warm(self, terms: str) -> bool:
        """Tell whether a query was looked up more than once of late."""
        return self._queries.get(terms, False)

    def queries_in_use(self) -> list[str]:
        """List the names under which queries were looked up of late."""
        return list(self._queries)
