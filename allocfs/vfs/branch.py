"""A branch of the tree: the files and names over one backend."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from allocfs.backend.base import Backend
from allocfs.query.language import EVERYTHING, Query
from allocfs.query.states import CHANGED
from allocfs.vfs.files import About, Account, Files
from allocfs.vfs.select import PLAIN, Rules, Selector


class Branch:
    """The model of one backend: the present, a moment, a difference, or groups of one of these."""

    def __init__(
        self, backend: Backend, about: About, account: Account, rules: Rules = PLAIN
    ) -> None:
        """Serve a backend."""
        self.backend = backend
        self.about = about
        self.rules = rules
        self.files = Files(backend, about, account, rules)

    @property
    def selector(self) -> Selector:
        """The selections of files of tags."""
        return self.files.selector


def rows_of(query: Query) -> Query:
    """Return the part of a query that acts on the rows of a group."""
    rows = query.row_query
    return EVERYTHING if rows == EVERYTHING else rows


@lru_cache(maxsize=256)
def changed(query: Query) -> Query:
    """Return the query for those of its tags whose values differ."""
    return replace(query, states=query.states | {CHANGED})
