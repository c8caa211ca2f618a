"""The contents of files: a view for each kind of file, live or cached."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from allocfs.backend.base import Backend
from allocfs.formats.records import RecordEncoder
from allocfs.formats.table import RECORDS, TEXT, Format, Render
from allocfs.formats.textlines import header
from allocfs.query.doubt import doubt
from allocfs.query.help import HELP
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.limits import Budget
from allocfs.vfs.nodes import AboutFile, AllocinfoFile, HelpFile, TagFile
from allocfs.vfs.select import PLAIN, Rules, Selector
from allocfs.vfs.stats import Stats
from allocfs.vfs.sums import CachedSums, FixedSums, LiveSums, Selection, SumSource
from allocfs.vfs.view import (
    CountersView,
    RecordsView,
    TrendView,
    View,
    WholeView,
)

log = logging.getLogger("allocfs.vfs")

About = Mapping[str, Callable[[], bytes]]


class Account(NamedTuple):
    """The counts and the memory of a mount, that all its branches share."""

    stats: Stats
    budget: Budget


class Files:
    """The views of files over one backend."""

    def __init__(
        self, backend: Backend, about: About, account: Account, rules: Rules = PLAIN
    ) -> None:
        """Count in an account; `about` renders the files of `.allocfs`; `rules` as in Selector."""
        self.selector = Selector(backend, self.encoder, rules)
        self._rules = rules
        self._backend = backend
        self._stats, self._budget = account
        self._about = about
        self._encoder = RecordEncoder.from_table(backend.tags.table)

    def live(self, bound: BoundFile) -> View:
        """Open a file whose records are summed by each read.

        Raises NameNotFound if it stands for a name of which no tag is loaded.
        """
        return self._view(bound, lambda live: live)

    def cached(self, bound: BoundFile) -> View:
        """Open a file whose records are summed once. Raises NameNotFound and TooMuchMemory."""
        kind = FixedSums if self._rules.changes_only else CachedSums
        return self._view(bound, lambda live: kind(live, self._budget))

    def selection(self, bound: BoundFile, file: TagFile) -> Selection:
        """Return the tags of a file now: of its inode, as far as the counters of now meet it."""
        return self.selector.judge(file, self.selector.bind(bound, file))

    def doubtful(self, bound: BoundFile, file: TagFile) -> int:
        """Count the tags of which rounded bytes decide whether a query by size has them."""
        return len(self.selector.doubtful(bound, file))

    def constant(self, file: HelpFile | AboutFile) -> bytes:
        """Render a file that has no tags."""
        return HELP.encode() if isinstance(file, HelpFile) else self._about[file.name]()

    def encoder(self) -> RecordEncoder:
        """Return the encoder of the backend's present table."""
        table = self._backend.tags.table
        if self._encoder.table is not table:
            self._encoder = RecordEncoder.from_table(table)
        return self._encoder

    def _view(self, bound: BoundFile, sums_of: Callable[[LiveSums], SumSource]) -> View:
        match bound.file:
            case TagFile() as file:
                live = LiveSums(self._backend, self.selection(bound, file))
                self._warn_of_doubt(bound, file)
                return self._view_of_tags(file.scope.format, live, sums_of)
            case AllocinfoFile():
                return WholeView(self._allocinfo, self._budget)
            case HelpFile() | AboutFile() as file:
                return WholeView(lambda: self.constant(file), self._budget)

    def _view_of_tags(
        self, format_: Format, live: LiveSums, sums_of: Callable[[LiveSums], SumSource]
    ) -> View:
        if format_.render is not None:
            render = format_.render
            return WholeView(lambda: self._render(render, self._source(live)), self._budget)
        if self._backend.has_trends:
            return TrendView(sums_of(live), self._stats, self._backend)
        if format_ is RECORDS:
            return RecordsView(sums_of(live), self._stats, self.encoder())
        return CountersView(sums_of(live), self._stats, self._backend)

    def _warn_of_doubt(self, bound: BoundFile, file: TagFile) -> None:
        if count := self.doubtful(bound, file):
            log.warning("%s: %s", file.path, doubt(count), extra={"kind": "doubt"})

    def _source(self, live: LiveSums) -> SumSource:
        """Return the sums for a rendering."""
        return FixedSums(live, self._budget) if self._rules.changes_only else live

    def _render(self, render: Render, source: SumSource) -> bytes:
        slots = source.selection.slots
        sums = source.sums(0, len(slots))
        self._stats.records_served += len(slots)
        return render(self._backend.rows(slots, sums))

    def _allocinfo(self) -> bytes:
        """Render the text of /proc/allocinfo: the tags loaded now, not at open."""
        tags = self._backend.tags
        live = LiveSums(self._backend, Selection(tags.content_id, tags.slots))
        assert TEXT.render is not None
        return header(self._backend.partial) + self._render(TEXT.render, live)
