"""The mount without FUSE: the facade of the model.

An adapter (fuse/, or a test) needs this module and `nodes` alone. Threads: one; nothing here
awaits. The inode numbers, handles and errno of FUSE are not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from allocfs.backend.base import Backend
from allocfs.backend.control import parse_lines
from allocfs.errors import ReadOnly
from allocfs.tags.spelling import NAME_MAX
from allocfs.vfs.about import about_files
from allocfs.vfs.allocinfo import IoctlFile
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.files import Files
from allocfs.vfs.limits import Budget, Limits, Reservation
from allocfs.vfs.nodes import (
    CONTROL,
    CONTROL_FILE,
    AxisDir,
    Dir,
    Entry,
    File,
    Node,
    QueriesDir,
    ScopeDir,
    TagFile,
)
from allocfs.vfs.queries import RecentQueries, RecentQuery
from allocfs.vfs.stats import Stats
from allocfs.vfs.tree import Tree
from allocfs.vfs.view import View

__all__ = [
    "NAME_MAX",
    "BoundFile",
    "Filesystem",
    "IoctlFile",
    "Listing",
    "RecentQuery",
    "Reservation",
    "Stats",
    "View",
]

XATTRS = ("user.allocfs.content_id", "user.allocfs.record_size", "user.allocfs.records")
_ENTRY_BYTES = 256  # the memory of an entry of a listing, with its name


class Listing(NamedTuple):
    """A directory at one moment."""

    entries: list[Entry]
    reservation: Reservation


class Filesystem:
    """Every question that can be asked of a path, in terms of nodes and views."""

    def __init__(self, backend: Backend, limits: Limits | None = None) -> None:
        """Serve a backend."""
        self.limits = limits or Limits()
        self.memory_budget = Budget(self.limits.max_kept)
        self.stats = Stats()
        self._backend = backend
        self._about = about_files(backend, self._counts)
        if backend.control is not None:
            self._about[CONTROL] = backend.control.usage.encode
        self._files = Files(backend, self.stats, self._about, self.memory_budget)
        self._selector = self._files.selector
        self._queries = RecentQueries(self.limits.max_queries)
        self._tree = Tree(self._selector, self._queries, backend.control is not None)

    @property
    def content_id(self) -> int:
        """The number that changes whenever modules come or go."""
        return self._backend.tags.content_id

    @property
    def staleness(self) -> float:
        """How stale names may be, in seconds, if no request calls renew()."""
        return self._backend.staleness

    def values_id(self) -> int | None:
        """Return a number that changes when any value does, None where values always change.

        Raises SourceFailed or SourceLate while there are no values.
        """
        return self._backend.values_id()

    def accept_late(self) -> None:
        """Let the next renew() make do with a late answer of the source, if it came just now."""
        self._backend.accept_late()

    def renew(self) -> None:
        """Take in all changes of the source; call it first in each request."""
        self._backend.renew()

    def on_change(self, subscriber: Callable[[], None]) -> None:
        """Call a subscriber after each change of content_id."""
        self._backend.on_change(subscriber)

    def lookup(self, parent: Dir, name: str) -> Node:
        """Find a name in a directory.

        Raises NameNotFound, NameTooLong, and BadQuery for a malformed name in `query/`.
        """
        return self._tree.lookup(parent, name)

    def listing(self, directory: Dir) -> Listing:
        """List a directory; nothing is summed for it. Raises TooMuchMemory."""
        entries = list(self._tree.entries(directory))
        return Listing(entries, self.memory_budget.reserve(len(entries) * _ENTRY_BYTES))

    def exists(self, directory: AxisDir) -> bool:
        """Tell whether a directory has a file below it, or a spelling passes through it."""
        return self._selector.any_below(directory)

    def note_query(self, parent: Dir, node: Node) -> RecentQuery | None:
        """Note a lookup that found a query; return the one that the kernel has to forget."""
        if isinstance(parent, QueriesDir) and isinstance(node, ScopeDir) and node.scope.terms:
            return self._queries.add(parent, node.scope.terms)
        return None

    def bind(self, bound: BoundFile) -> None:
        """Select the tags that a bound file stands for by name, unless it has them.

        Raises NameNotFound if the file stands for a name of which no tag is loaded.
        """
        if isinstance(bound.file, TagFile):
            self._selector.bind(bound, bound.file)

    def is_current(self, bound: BoundFile) -> bool:
        """Tell whether a path still selects the tags of a bound file."""
        return not isinstance(bound.file, TagFile) or self._selector.is_current(bound, bound.file)

    def is_gone(self, bound: BoundFile) -> bool:
        """Tell whether none of the tags of a bound file is loaded any more."""
        return self._selector.is_gone(bound)

    def has_fixed_size(self, file: File) -> bool:
        """Tell whether st_size follows from the number of tags, which no value decides."""
        return isinstance(file, TagFile) and self._fixed_record_size(file) > 0

    def has_records(self, file: File) -> bool:
        """Tell whether a file has records of one size."""
        return isinstance(file, TagFile) and file.scope.format.record_size is not None

    def size(self, bound: BoundFile, tags: int | None = None) -> int:
        """Return st_size in bytes where it is fixed, else 0; nothing is summed for it.

        `tags` is the number of tags of the file, if known. Raises NameNotFound if the file
        stands for a name of which no tag is loaded.
        """
        file = bound.file
        record_size = self._fixed_record_size(file) if isinstance(file, TagFile) else 0
        if not isinstance(file, TagFile) or not record_size:
            return 0
        count = len(self._selector.bind(bound, file).slots) if tags is None else tags
        limit = file.scope.query.limit
        if limit is not None:
            count = min(count, limit)
        return count * record_size

    def open(self, bound: BoundFile) -> View:
        """Open a file whose sums are taken at each read.

        Size conditions are judged here, nothing else is summed. Text and JSON are rendered once, at
        the first read.
        """
        return self._files.live(bound)

    def open_cached(self, bound: BoundFile) -> View:
        """Open a file whose contents stay: each sum is taken at its first read.

        Raises TooMuchMemory.
        """
        return self._files.cached(bound)

    def give_back(self) -> None:
        """Drop the cached selections of files that may not be open any more."""
        self._selector.forget()

    def xattr(self, bound: BoundFile, name: str) -> bytes:
        """Return one of a file's xattr_names; counting the records may sum, as opening does.

        Raises NameNotFound if the file stands for a name of which no tag is loaded.
        """
        file = bound.file
        assert isinstance(file, TagFile)
        match name:
            case "user.allocfs.content_id":
                return b"%d" % self.content_id
            case "user.allocfs.record_size":
                return b"%d" % (file.scope.format.record_size or 0)
            case _:
                return b"%d" % len(self._files.selection(bound, file).slots)

    def xattr_names(self, node: Node) -> list[str]:
        """List the extended attributes that a node has."""
        if not isinstance(node, TagFile):
            return []
        fixed = self.has_records(node)
        return [name for name in XATTRS if fixed or not name.endswith("record_size")]

    def ioctl_file(self) -> IoctlFile:
        """Return the state of the kernel's ioctls for one open file of `/allocinfo`."""
        return IoctlFile(self._backend, self._files.encoder)

    def write(self, node: Node, data: bytes) -> None:
        """Act on lines written to `control`, once all of them are understood."""
        control = self._backend.control
        if control is None or node != CONTROL_FILE:
            raise ReadOnly(f"{node.path}: this file cannot be written")
        for act in parse_lines(data, control):
            act()

    @staticmethod
    def _fixed_record_size(file: TagFile) -> int:
        """Return the bytes that each tag adds to a file, 0 where values decide its size."""
        scope = file.scope
        return 0 if scope.query.selects_by_value else (scope.format.record_size or 0)

    def _counts(self) -> dict[str, int]:
        own = {"queries": len(self._queries), "kept_bytes": self.memory_budget.used}
        return {**self.stats.counts(), **own, **self.stats.error_counts()}
