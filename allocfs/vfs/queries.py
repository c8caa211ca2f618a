"""The queries that the kernel may hold as directories: the newest ones, as many as allowed."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from allocfs.vfs.nodes import QueriesDir


class RecentQuery(NamedTuple):
    """A query directory that the kernel may hold."""

    directory: QueriesDir
    terms: str


class RecentQueries:
    """The queries that were looked up last."""

    def __init__(self, most: int) -> None:
        """Hold no more than `most`."""
        self._most = most
        self._queries: OrderedDict[RecentQuery, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._queries)

    def add(self, directory: QueriesDir, terms: str) -> RecentQuery | None:
        """Note a lookup; return the query that it displaces, which the kernel has to forget."""
        query = RecentQuery(directory, terms)
        self._queries[query] = None
        self._queries.move_to_end(query)
        return self._queries.popitem(last=False)[0] if len(self) > self._most else None

    def terms_in(self, directory: QueriesDir) -> list[str]:
        """List the terms of the queries of one directory, oldest first."""
        return [query.terms for query in self._queries if query.directory == directory]
