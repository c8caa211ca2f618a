"""The contents of files: a view for each kind of file, live or cached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from allocfs.backend.base import Backend
from allocfs.formats.records import RecordEncoder
from allocfs.formats.table import RECORDS, TEXT, Render
from allocfs.formats.textlines import HEADER
from allocfs.query.help import HELP
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.limits import Budget
from allocfs.vfs.nodes import AboutFile, AllocinfoFile, HelpFile, TagFile
from allocfs.vfs.select import Selector
from allocfs.vfs.stats import Stats
from allocfs.vfs.sums import CachedSums, LiveSums, Selection, SumSource
from allocfs.vfs.view import (
    CountersView,
    RecordsView,
    RenderedView,
    View,
    WholeView,
)


class Serving(Protocol):
    """The age of a file's contents: of each read, or of the first."""

    def sums(self, selection: Selection) -> SumSource:
        """Return the sums of a selection."""
        ...

    def rendered(self, render: Callable[[], bytes]) -> View:
        """Return the view of a file without records of one size."""
        ...


class Live:
    """Contents of the moment of each read."""

    def __init__(self, backend: Backend, budget: Budget) -> None:
        """Sum and render over a backend."""
        self._backend = backend
        self._budget = budget

    def sums(self, selection: Selection) -> SumSource:
        """Return sums that each read takes anew."""
        return LiveSums(self._backend, selection)

    def rendered(self, render: Callable[[], bytes]) -> View:
        """Return a view that a read from the start renders anew."""
        return RenderedView(render, self._budget)


class Cached:
    """Contents that stay as they were at the first read."""

    def __init__(self, backend: Backend, budget: Budget) -> None:
        """Sum and render over a backend."""
        self._backend = backend
        self._budget = budget

    def sums(self, selection: Selection) -> SumSource:
        """Return sums that are taken once. Raises TooMuchMemory."""
        return CachedSums(LiveSums(self._backend, selection), self._budget)

    def rendered(self, render: Callable[[], bytes]) -> View:
        """Return a view that is rendered once."""
        return WholeView(render, self._budget)


class Files:
    """The views of files over one backend."""

    def __init__(
        self, backend: Backend, stats: Stats, about: Mapping[str, Callable[[], bytes]]
    ) -> None:
        """Count in `stats`; `about` renders the files of `/.allocfs`."""
        self.selector = Selector(backend, self.encoder)
        self._backend = backend
        self._stats = stats
        self._about = about
        self._encoder = RecordEncoder.from_table(backend.tags.table)

    def view(self, bound: BoundFile, serving: Serving) -> View:
        """Open a file. Raises NameNotFound if it stands for a name of which no tag is loaded."""
        match bound.file:
            case TagFile() as file:
                return self._view_of_tags(file, serving.sums(self.selection(bound, file)), serving)
            case AllocinfoFile():
                return serving.rendered(self._allocinfo)
            case HelpFile() | AboutFile() as file:
                return serving.rendered(lambda: self.constant(file))

    def selection(self, bound: BoundFile, file: TagFile) -> Selection:
        """Return the tags of a file now: of its inode, as far as the counters of now meet it."""
        return self.selector.judge(file.scope.query, self.selector.bind(bound, file))

    def constant(self, file: HelpFile | AboutFile) -> bytes:
        """Render a file that has no tags."""
        return HELP.encode() if isinstance(file, HelpFile) else self._about[file.name]()

    def encoder(self) -> RecordEncoder:
        """Return the encoder of the backend's present table."""
        table = self._backend.tags.table
        if self._encoder.table is not table:
            self._encoder = RecordEncoder.from_table(table)
        return self._encoder

    def _view_of_tags(self, file: TagFile, sums: SumSource, serving: Serving) -> View:
        format_ = file.scope.format
        if format_.render is not None:
            render = format_.render
            return serving.rendered(lambda: self._render(render, sums))
        if format_ is RECORDS:
            return RecordsView(sums, self._stats, self.encoder())
        return CountersView(sums, self._stats)

    def _render(self, render: Render, source: SumSource) -> bytes:
        slots = source.selection.slots
        sums = source.sums(0, len(slots))
        self._stats.records_served += len(slots)
        return render(self._backend.tags.table, slots, sums, self._backend.pairs(slots))

    def _allocinfo(self) -> bytes:
        """Render the text of /proc/allocinfo: the tags loaded now, not at open."""
        tags = self._backend.tags
        live = LiveSums(self._backend, Selection(tags.content_id, tags.slots))
        assert TEXT.render is not None
        return HEADER + self._render(TEXT.render, live)
