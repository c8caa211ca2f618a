"""The one place that selects the tags of a file.

A selection has three steps, because they differ in their validity and their cost. Names and
lines decide once for each content_id. Accuracy can change at any time, but takes no sum. The
counters decide at one instant, and only they are summed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from allocfs.backend.base import Backend
from allocfs.errors import NameNotFound
from allocfs.formats.records import RecordEncoder
from allocfs.query.language import EVERYTHING, Query
from allocfs.query.selection import accurate_tags, judge_counters, matching_tags
from allocfs.tags.axis import Axis
from allocfs.tags.table import Slots
from allocfs.vfs.index import Names, Span, entry_of
from allocfs.vfs.nodes import AxisDir, Scope, TagFile
from allocfs.vfs.selectioncache import SelectionCache
from allocfs.vfs.sums import Selection
from allocfs.vfs.templates import Templates

_NO_SLOTS = np.empty(0, dtype=np.intp)


class Selector:
    """The selections of files over one backend."""

    def __init__(
        self, backend: Backend, encoder: Callable[[], RecordEncoder] | None = None
    ) -> None:
        """Index nothing yet; `encoder` gives the encoder of the backend's present table."""
        self._backend = backend
        self._encoder = encoder
        self._names = Names(backend.tags.table)
        self._cache = SelectionCache()

    @property
    def names(self) -> Names:
        """The names of all tags of the backend's present table, loaded or not."""
        table = self._backend.tags.table
        if self._names.table is not table:
            self._names = Names(table)
        return self._names

    def by_name(self, file: TagFile) -> Selection:
        """Select by names, lines and accuracy; nothing is summed.

        Raises NameNotFound if the file stands for a name of which no tag is loaded.
        Directories and queries may be empty.
        """
        selection = self._by_name(file)
        query = file.scope.query
        if query.accurate is not None:
            slots = accurate_tags(query, self._backend, selection.slots)
            selection = Selection(selection.content_id, slots)
        if not len(selection.slots) and file.axis is not None and not file.subtree:
            raise NameNotFound(f"{file.path}: none of its tags is loaded now")
        return selection

    def select(self, file: TagFile) -> Selection:
        """Select in full: the counters are judged now, and the order and limit applied.

        Raises NameNotFound as by_name() does.
        """
        selection = self.by_name(file)
        query = file.scope.query
        if query is EVERYTHING:
            return selection
        slots = judge_counters(query, self._backend, selection.slots)
        return Selection(selection.content_id, slots)

    def slots(self, query: Query, among: Slots | None = None) -> Slots:
        """Return the loaded slots that meet a query's conditions on names, lines and accuracy.

        They are in the kernel's order; `among` narrows them to slots that need not be loaded.
        """
        return accurate_tags(query, self._backend, self._matching(query, among))

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
        tags = self._backend.tags
        selection = self._cache.get(file, tags)
        if selection is None:
            named = None if file.axis is None else self._named(file, file.axis)
            slots = self._matching(file.scope.query, named)
            templates = Templates(self._encoder(), slots) if self._encoder else None
            selection = Selection(tags.content_id, slots, templates)
            self._cache.add(file, selection)
        return selection

    def _matching(self, query: Query, among: Slots | None) -> Slots:
        """Select by names and lines."""
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

    def _any(self, scope: Scope, slots: Slots) -> bool:
        return len(self.slots(scope.query, slots)) > 0
