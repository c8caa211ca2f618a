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
from allocfs.moments.catalogue import Catalogue, Record
from allocfs.moments.snapshots import MemoryStorage, Snapshots, Storage
from allocfs.moments.when import Between, SinceRead, varies
from allocfs.tags.spelling import NAME_MAX
from allocfs.vfs import xattrs
from allocfs.vfs.about import about_files
from allocfs.vfs.allocinfo import IoctlFile
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.branch import Branch
from allocfs.vfs.branches import Branches
from allocfs.vfs.files import Account
from allocfs.vfs.limits import Budget, Limits, Reservation
from allocfs.vfs.moments import MomentNames
from allocfs.vfs.nodes import (
    CONTROL,
    CONTROL_FILE,
    AxisDir,
    Dir,
    Entry,
    File,
    MomentLink,
    Node,
    QueriesDir,
    ScopeDir,
    TagFile,
)
from allocfs.vfs.queries import RecentQueries, RecentQuery
from allocfs.vfs.sinceread import SinceReadView
from allocfs.vfs.snapshotdir import SnapshotDir
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
    "SinceReadView",
    "Stats",
    "View",
]

_ENTRY_BYTES = 256  # the memory of an entry of a listing, with its name


class Listing(NamedTuple):
    """A directory at one moment."""

    entries: list[Entry]
    reservation: Reservation


class Filesystem:
    """Every question that can be asked of a path, in terms of nodes and views."""

    def __init__(
        self,
        backend: Backend,
        limits: Limits | None = None,
        record: Record | None = None,
        storage: Storage | None = None,
    ) -> None:
        """Serve a backend, the moments of a record, and snapshots in a storage, or in memory."""
        self.limits = limits or Limits()
        self.memory_budget = Budget(self.limits.max_kept)
        self.stats = Stats()
        self._backend = backend
        snapshots = Snapshots(
            storage or MemoryStorage(self.memory_budget.reserve), self.limits.max_snapshots
        )
        self._catalogue = Catalogue(snapshots, record)
        self.snapshots = SnapshotDir(backend, snapshots)
        about = about_files(backend, self._counts)
        about["history"] = lambda: self._catalogue.record.text().encode()
        if backend.control is not None:
            about[CONTROL] = backend.control.usage.encode
        account = Account(self.stats, self.memory_budget)
        self._branches = Branches(backend, about, self._catalogue, account)
        self._present = self._branches.present
        self._queries = RecentQueries(self.limits.max_queries)
        moments = MomentNames(self._catalogue)
        self._tree = Tree(self._branches, moments, self._queries, backend.control is not None)

    @property
    def content_id(self) -> int:
        """The number that changes whenever modules come or go."""
        return self._backend.tags.content_id

    @property
    def staleness(self) -> float:
        """How stale names may be, in seconds, if no request calls renew()."""
        return self._backend.staleness

    def values_id(self, bound: BoundFile) -> int | None:
        """Return a number that changes when a value of a file does, None where they always change.

        Raises SourceFailed or SourceLate while there are no values.
        """
        return self._branch(bound).backend.values_id()

    def time_ns(self, node: Node) -> int | None:
        """Return when the values of a moment were taken, in ns since 1970, None of the others."""
        taken = node.scope.taken
        return taken.utc_ns if taken else None

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
        return self._branches.of(directory.scope).selector.any_below(directory)

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
            self._branch(bound).selector.bind(bound, bound.file)

    def is_current(self, bound: BoundFile) -> bool:
        """Tell whether a path still selects the tags of a bound file."""
        file = bound.file
        if bound.branch is None or not isinstance(file, TagFile):
            return True
        branch = self._branches.of(file.scope)
        return branch is bound.branch and branch.selector.is_current(bound, file)

    def is_gone(self, bound: BoundFile) -> bool:
        """Tell whether none of the tags of a bound file is loaded any more."""
        return self._branch(bound).selector.is_gone(bound)

    def has_fixed_size(self, file: File) -> bool:
        """Tell whether st_size follows from the number of tags, which no value decides."""
        return isinstance(file, TagFile) and self._fixed_record_size(file) > 0

    def has_records(self, file: File) -> bool:
        """Tell whether a file has records of one size."""
        return isinstance(file, TagFile) and file.record_size > 0

    def is_polled(self, file: File) -> bool:
        """Tell whether each open of a file has contents of its own, which its reads move on."""
        return isinstance(file.scope.when, SinceRead)

    def size(self, bound: BoundFile, tags: int | None = None) -> int:
        """Return st_size in bytes where it is fixed, else 0; nothing is summed for it.

        `tags` is the number of tags of the file, if known. Raises NameNotFound if the file
        stands for a name of which no tag is loaded.
        """
        file = bound.file
        record_size = self._fixed_record_size(file) if isinstance(file, TagFile) else 0
        if not isinstance(file, TagFile) or not record_size:
            return 0
        count = len(self._branch(bound).selector.bind(bound, file).slots) if tags is None else tags
        limit = file.scope.query.limit
        if limit is not None:
            count = min(count, limit)
        return count * record_size

    def open(self, bound: BoundFile) -> View:
        """Open a file whose sums are taken at each read.

        Size conditions are judged here, nothing else is summed. Text and JSON are rendered once, at
        the first read.
        """
        if isinstance(bound.file, TagFile) and self.is_polled(bound.file):
            return SinceReadView(bound.file, self._branches)
        return self._branch(bound).files.live(bound)

    def open_cached(self, bound: BoundFile) -> View:
        """Open a file whose contents stay: each sum is taken at its first read.

        Raises TooMuchMemory.
        """
        return self._branch(bound).files.cached(bound)

    def give_back(self) -> None:
        """Drop the cached selections of files that may not be open any more."""
        self._branches.forget()

    def xattr(self, bound: BoundFile, name: str) -> bytes:
        """Return one of a file's xattr_names; counting the records may sum, as opening does.

        Raises NameNotFound if the file stands for a name of which no tag is loaded.
        """
        assert isinstance(bound.file, TagFile)
        return xattrs.value(name, bound, bound.file, self._branch(bound))

    def xattr_names(self, node: Node) -> list[str]:
        """List the extended attributes that a node has."""
        return xattrs.names(node) if isinstance(node, TagFile) else []

    def ioctl_file(self, bound: BoundFile) -> IoctlFile:
        """Return the state of the kernel's ioctls for one open file `allocinfo`."""
        branch = self._branch(bound)
        return IoctlFile(branch.backend, branch.files.encoder)

    def link_target(self, link: MomentLink) -> str:
        """Return the name that a link stands for now. Raises NoSuchMoment."""
        found = self._tree.lookup(link.parent, link.name)
        return found.target if isinstance(found, MomentLink) else link.target

    def forget_moments(self) -> None:
        """Free the branches of moments, one of which is gone."""
        self._branches.drop()

    def write(self, node: Node, data: bytes) -> None:
        """Act on lines written to `control`, once all of them are understood."""
        control = self._backend.control
        if control is None or node != CONTROL_FILE:
            raise ReadOnly(f"{node.path}: this file cannot be written")
        for act in parse_lines(data, control):
            act()

    def _branch(self, bound: BoundFile) -> Branch:
        """Return the branch of a file, fixed at its first use."""
        if not isinstance(bound.branch, Branch):
            bound.branch = self._branches.of(bound.file.scope)
            assert isinstance(bound.branch, Branch)
        elif bound.branch is not self._present:
            bound.branch.backend.renew()  # the present was renewed when the request came
        return bound.branch

    @staticmethod
    def _fixed_record_size(file: TagFile) -> int:
        """Return the bytes that each tag adds to a file, 0 where values decide its size."""
        scope = file.scope
        is_group_of_changes = scope.query.group is not None and isinstance(scope.when, Between)
        if scope.query.selects_by_value or varies(scope.when) or is_group_of_changes:
            return 0
        return file.record_size

    def _counts(self) -> dict[str, int]:
        own = {
            "queries": len(self._queries),
            "snapshots": len(self._catalogue.snapshots.names()),
            "samples": len(self._catalogue.record.names()),
            "kept_bytes": self.memory_budget.used,
        }
        return {**self.stats.counts(), **own, **self.stats.error_counts()}
