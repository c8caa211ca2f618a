"""The one place that selects the tags of a file.

A selection has three steps, because they differ in their validity and their cost. Names and
lines decide once for each content_id. Accuracy can change at any time, but takes no sum. Pairs and
counters decide at one instant, and only counters are summed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from allocfs.backend.base import Backend
from allocfs.errors import NameNotFound
from allocfs.formats.records import RecordEncoder
from allocfs.formats.table import COUNTERS
from allocfs.query.doubt import doubtful, is_by_size
from allocfs.query.language import EVERYTHING, NO_SUM_PART, Query
from allocfs.query.selection import (
    accurate_tags,
    judge_counters,
    matching_tags,
    needs_values,
)
from allocfs.tags.axis import Axis
from allocfs.tags.table import Slots
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.index import Names, Span, entry_of, names_of
from allocfs.vfs.nodes import AxisDir, Scope, TagFile
from allocfs.vfs.selectioncache import SelectionCache
from allocfs.vfs.stale import are_all_gone, require_loaded
from allocfs.vfs.sums import Selection
from allocfs.vfs.templates import Templates

_NO_SLOTS = np.empty(0, dtype=np.intp)


class Rules(NamedTuple):
    """The ways in which a branch of the tree selects unlike the present.

    `query_of` gives, for the query of a path, the one that is judged. `varies` tells that values
    decide which tags there are, so that a directory lists the names of those that there are now.
    `changes_only` tells that these are the tags whose values differ.
    """

    query_of: Callable[[Query], Query] | None = None
    varies: bool = False
    changes_only: bool = False


PLAIN = Rules()


class Selector:
    """The selections of files over one backend."""

    def __init__(
        self,
        backend: Backend,
        encoder: Callable[[], RecordEncoder] | None = None,
        rules: Rules = PLAIN,
    ) -> None:
        """Index nothing yet; `encoder` gives the encoder of the backend's present table."""
        self._backend = backend
        self._rules = rules
        self._encoder = encoder
        self._names = names_of(backend.tags.table)
        self._cache = SelectionCache()

    @property
    def names(self) -> Names:
        """The names of all tags of the backend's present table, loaded or not.

        Raises SourceLate.
        """
        self._backend.require_tags()
        table = self._backend.tags.table
        if self._names.table is not table:
            self._names = names_of(table)
        return self._names

    def by_name(self, file: TagFile) -> Selection:
        """Select, sort and limit as far as no value decides; nothing is summed.

        Raises NameNotFound if the file stands for a name of which no tag is loaded.
        Directories and queries may be empty.
        """
        selection = self._by_name(file)
        query = self.query(file.scope)
        if query.accurate is not None:
            slots = accurate_tags(query, self._backend, selection.slots)
            selection = selection._replace(slots=slots, templates=None)
        if query is not EVERYTHING and not needs_values(query):
            slots = judge_counters(query, self._backend, selection.slots)
            selection = selection._replace(slots=slots, templates=None)
        if not len(selection.slots) and file.axis is not None and not file.subtree:
            raise NameNotFound(f"{file.path}: none of its tags is loaded now")
        return selection

    def named(self, file: TagFile) -> Slots:
        """Return the loaded slots that a file has by names and lines, in the kernel's order."""
        return self._by_name(file).slots

    def bind(self, bound: BoundFile, file: TagFile) -> Selection:
        """Return the selection by name that a bound file stands for, made at its first use."""
        if bound.selection is None:
            bound.selection = self.by_name(file)
        return bound.selection

    def is_current(self, bound: BoundFile, file: TagFile) -> bool:
        """Tell whether a path still selects the tags of a bound file, none of them reloaded."""
        then = bound.selection
        if then is None:
            return True
        self._backend.require_tags()
        if (
            self.query(file.scope) is EVERYTHING
            and then.content_id == self._backend.tags.content_id
        ):
            return True
        try:
            now = self.by_name(file)
        except NameNotFound:
            return False
        if now is not then:
            if not _same(now, then, file) or not self._all_loaded(then):
                return False
            bound.selection = now  # the next comparison is one of identity
        return True

    def is_gone(self, bound: BoundFile) -> bool:
        """Tell whether a bound file had tags, and none of them is loaded any more."""
        then = bound.selection
        return then is not None and are_all_gone(self._backend, then.content_id, then.slots)

    def query(self, scope: Scope) -> Query:
        """Return the query that is judged for a part of the tree."""
        query_of = self._rules.query_of
        return scope.query if query_of is None else query_of(scope.query)

    def judge(self, file: TagFile, selection: Selection) -> Selection:
        """Judge the pairs and counters of a selection, if the query asks for that, sort and limit.

        Raises TagGone if one of its tags was unloaded.
        """
        query = self.query(file.scope)
        if query is EVERYTHING or not needs_values(query):
            return selection
        require_loaded(self._backend, selection.content_id, selection.slots)
        slots = judge_counters(query, self._backend, selection.slots)
        return selection._replace(slots=slots, templates=None)

    def doubtful(self, bound: BoundFile, file: TagFile) -> Slots:
        """Return the tags of which rounded bytes decide whether a query by size has them."""
        query = self.query(file.scope)
        if not is_by_size(query):
            return _NO_SLOTS
        selection = self.bind(bound, file)
        if self._backend.rounding(selection.slots) is None:
            return _NO_SLOTS
        require_loaded(self._backend, selection.content_id, selection.slots)
        of_size = replace(query, sum_part=NO_SUM_PART, sort=None, limit=None)
        slots = judge_counters(of_size, self._backend, selection.slots)
        return doubtful(query, self._backend, slots)

    def slots(self, scope: Scope, among: Slots | None = None) -> Slots:
        """Return the loaded slots that meet a query's conditions on names, lines and accuracy.

        They are in the kernel's order; `among` narrows them to slots that need not be loaded.
        """
        query = self.query(scope)
        return accurate_tags(query, self._backend, self._matching(query, among))

    def listed(self, scope: Scope) -> Slots:
        """Return the loaded slots that a directory lists, by value where that varies.

        A limit is one of each file, so that it leaves out no name.
        """
        slots = self.slots(scope)
        if not self._rules.varies:
            return slots
        query = replace(self.query(scope), sort=None, limit=None)
        return judge_counters(query, self._backend, slots)

    def any_below(self, directory: AxisDir) -> bool:
        """Tell whether a directory has a file, or a spelling passes through it."""
        if not directory.below:
            return True
        found = self.names.directory(directory.below)
        if found is None:
            return False
        passing = self.names.passing.get(directory.below)
        below = self.names.index(Axis.FILE).slots(found.span)
        return self._any(directory.scope, below) or (
            passing is not None and self._any(directory.scope, passing)
        )

    def forget(self) -> None:
        """Drop the cached selections."""
        self._cache.clear()

    def _by_name(self, file: TagFile) -> Selection:
        self._backend.require_tags()
        tags = self._backend.tags
        selection = self._cache.get(file, tags)
        if selection is None:
            named = None if file.axis is None else self._named(file, file.axis)
            slots = self._matching(self.query(file.scope), named)
            templates = Templates(self._encoder(), slots) if self._encoder else None
            selection = Selection(tags.content_id, slots, templates, tags.rank)
            self._cache.add(file, selection)
        return selection

    def _matching(self, query: Query, among: Slots | None) -> Slots:
        """Select by names and lines."""
        self._backend.require_tags()
        tags = self._backend.tags
        if among is None:
            among = self._exact_candidates(query)
        if among is not None:
            tags = replace(tags, slots=tags.in_order(among))
        return tags.slots if query is EVERYTHING else matching_tags(query, tags)

    def _named(self, file: TagFile, axis: Axis) -> Slots:
        """Return the slots, loaded or not, of the name that a file stands for."""
        index = self.names.index(axis)
        if not file.subtree:
            number = index.numbers.get(file.name)
            return index.slots(Span(0, 0) if number is None else Span(number, number + 1))
        directory = self.names.directory(file.name)
        return index.slots(directory.span if directory else Span(0, 0))

    def _exact_candidates(self, query: Query) -> Slots | None:
        """Return slots among which all matches are, if the query has names without wildcards.

        Then the time does not grow with the number of tags.
        """
        for condition in query.tag_part.names:
            exact = [pattern.exact for pattern in condition.patterns]
            if condition.wanted and None not in exact:
                index = self.names.index(condition.axis)
                entries = {entry_of(condition.axis, name) for name in exact if name}
                numbers = [index.numbers[entry] for entry in entries if entry in index.numbers]
                spans = [Span(number, number + 1) for number in numbers]
                return np.concatenate([_NO_SLOTS, *map(index.slots, spans)])
        return None

    def _all_loaded(self, selection: Selection) -> bool:
        return self._backend.all_loaded_since(selection.content_id, selection.slots)

    def _any(self, scope: Scope, slots: Slots) -> bool:
        return len(self.slots(scope, slots)) > 0


def _same(now: Selection, then: Selection, file: TagFile) -> bool:
    """Tell whether two selections of a file have the same tags, and /counters the same numbers."""
    if not np.array_equal(now.slots, then.slots):
        return False
    return file.scope.format is not COUNTERS or np.array_equal(now.numbers(), then.numbers())
