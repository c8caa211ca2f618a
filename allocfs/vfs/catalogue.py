"""The tags as the tree sees them: their names, and which match a query."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from allocfs.backend.base import Backend
from allocfs.query.language import EVERYTHING, Query
from allocfs.query.selection import matching_tags
from allocfs.query.terms import NameKey
from allocfs.tags.spelling import path_of
from allocfs.tags.table import Slots, TagTable
from allocfs.vfs.index import NameIndex, Names, Span, entry_name
from allocfs.vfs.limits import Limits
from allocfs.vfs.nodes import QueriesDir

_NO_SLOTS = np.empty(0, dtype=np.intp)


class RecentQuery(NamedTuple):
    """A query directory that the kernel may hold."""

    directory: QueriesDir
    terms: str


class Catalogue:
    """The names of a backend's tags, indexed once for each tag table."""

    def __init__(
        self,
        backend: Backend,
        has_control: bool = False,
        max_queries: int = Limits().max_queries,
    ) -> None:
        """Index lazily: a mount that nobody lists costs nothing."""
        self._backend = backend
        self.has_control = has_control
        self._max_queries = max_queries
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
        if among is None:
            among = self._named_exactly(query)
        if among is not None:
            tags = replace(tags, slots=tags.in_order(among))
        if query is EVERYTHING:
            return tags.slots
        slots = matching_tags(query, tags)
        if query.accurate is not None:
            slots = slots[self._backend.accurate(slots) == query.accurate]
        return slots

    def _named_exactly(self, query: Query) -> Slots | None:
        """Return slots among which all matches are, if the query names names without wildcards.

        Then the time does not grow with the number of tags.
        """
        for condition in query.tag_part.names:
            exact = [pattern.exact for pattern in condition.patterns]
            if condition.wanted and None not in exact:
                spelled, index = self._spelling_and_index(condition.key)
                numbers = {index.numbers.get(spelled(name)) for name in exact if name} - {None}
                spans = [Span(number, number + 1) for number in numbers if number is not None]
                return np.concatenate([_NO_SLOTS, *map(index.slots, spans)])
        return None

    def _spelling_and_index(self, key: NameKey) -> tuple[Callable[[str], str], NameIndex]:
        match key:
            case "file":
                return path_of, self.names.files
            case "function":
                return entry_name, self.names.functions
            case "module":
                return entry_name, self.names.modules

    @property
    def queries(self) -> int:
        """How many queries are remembered."""
        return len(self._recent)

    def use_query(self, directory: QueriesDir, terms: str) -> RecentQuery | None:
        """Remember that a query was looked up; return one that was not for the longest time.

        That one is forgotten here, and the caller is to make the kernel forget it.
        """
        query = RecentQuery(directory, terms)
        self._recent[query] = None
        self._recent.move_to_end(query)
        return self._recent.popitem(last=False)[0] if self.queries > self._max_queries else None

    def queries_in_use(self, directory: QueriesDir) -> list[str]:
        """List the queries that were looked up of late in a directory."""
        return [query.terms for query in self._recent if query.directory == directory]
