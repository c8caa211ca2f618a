"""The tags as the tree sees them: their names, and which match a query."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import NamedTuple

from allocfs.backend.base import Backend, Slots, TagTable
from allocfs.names import Names
from allocfs.nodes import QueriesDir
from allocfs.query import EVERYTHING, Query
from allocfs.selection import matching_tags

RECENT_QUERIES = 256


class RecentQuery(NamedTuple):
    """A query directory that the kernel may hold."""

    directory: QueriesDir
    terms: str


class Catalogue:
    """The names of a backend's tags, indexed once for each tag table."""

    def __init__(self, backend: Backend, has_control: bool = False) -> None:
        """Index lazily: a mount that nobody lists costs nothing."""
        self._backend = backend
        self.has_control = has_control
        self._names = Names(backend.tags.table)
        self._recent: OrderedDict[RecentQuery, None] = OrderedDict()

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

    def use_query(self, directory: QueriesDir, terms: str) -> RecentQuery | None:
        """Remember that a query was looked up; return one that was not for the longest time.

        That one is forgotten here, and the caller is to make the kernel forget it.
        """
        query = RecentQuery(directory, terms)
        self._recent[query] = None
        self._recent.move_to_end(query)
        return self._recent.popitem(last=False)[0] if len(self._recent) > RECENT_QUERIES else None

    def queries_in_use(self, directory: QueriesDir) -> list[str]:
        """List the queries that were looked up of late in a directory."""
        return [query.terms for query in self._recent if query.directory == directory]
