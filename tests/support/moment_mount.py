"""A file system over a store with a fake clock, and the model of its moments beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocfs.backend.counterstore import CodetagStore
from allocfs.moments.history import History
from allocfs.moments.moment import take
from allocfs.tags.slots import codetags_of
from allocfs.tags.table import Codetag, TagTable
from allocfs.vfs.filesystem import BoundFile, Filesystem, View
from allocfs.vfs.limits import Limits
from allocfs.vfs.nodes import (
    ROOT,
    AllocinfoFile,
    Dir,
    MomentLink,
    MomentsDir,
    Node,
    ScopeDir,
    TagFile,
)
from tests.support.moment_fakes import FakeClock
from tests.support.moment_model import INACCURATE, TAGS, Key, Known, Values, known, signed

CPUS = 4
MOST_BYTES = 2**63 - 2**20  # of a codetag; sums and differences of several do overflow
MOST_SAMPLES = 5
MOST_SNAPSHOTS = 3
Event = tuple[int, int, int, int]  # slot, CPU, bytes, calls


class Source(CodetagStore):
    """A store whose values are of the time of a fake clock."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(TagTable.from_tags(TAGS), CPUS, np.array(INACCURATE, dtype=np.intp))
        self.clock = clock

    def values_ns(self) -> int:
        """Return the time of the fake clock."""
        return self.clock()


class ModelledMount:
    """A file system, its source, and what the model knows of its moments by name."""

    def __init__(self) -> None:
        self.clock = FakeClock(10**9)
        self.source = Source(self.clock)
        self.history = History(MOST_SAMPLES, self.clock)
        limits = Limits(max_snapshots=MOST_SNAPSHOTS)
        self.filesystem = Filesystem(self.source, limits, self.history)
        self.counted = dict.fromkeys(keys_of(TAGS), (0, 0))
        self.snapshots: dict[str, Known] = {}
        self.samples: dict[str, Known] = {}

    def count(self, events: list[Event]) -> None:
        """Count the events of loaded codetags; those that lead to an overflow are left out."""
        keys = keys_of(TAGS)
        for slot, cpu, nbytes, calls in events:
            before = self.counted[keys[slot]]
            after = before[0] + nbytes, before[1] + calls
            if self.source.tags.rank[slot] >= 0 and abs(after[0]) < MOST_BYTES:
                self.source.count(*(np.array([number]) for number in (slot, cpu, nbytes, calls)))
                self.counted[keys[slot]] = after

    def toggle(self, module: str) -> None:
        """Load or unload a module."""
        if any(key.tag.module == module for key in self.now().values):
            self.source.unload(module)
        else:
            self.source.load(module)
        for key in self.counted:
            if key.tag.module == module:
                self.counted[key] = 0, 0

    def now(self) -> Known:
        """Return the values of now, and compare them with the events that were counted."""
        moment = known(self.read("allocinfo"), self.clock())
        loaded = codetags_of(self.source.table, self.source.tags.slots)
        assert list(moment.values) == keys_of(loaded)
        for key, value in moment.values.items():
            nbytes, calls = self.counted[key]
            assert (value.bytes, value.calls) == (signed(nbytes), calls % 2**64)
        return moment

    def sample(self) -> None:
        """Take a sample, which is none if the last one is of the same time."""
        moment = self.now()
        self.history.add(take(self.source))
        if not self.samples or list(self.samples.values())[-1].boot_ns < moment.boot_ns:
            self.samples[self.history.names()[-1]] = moment
        for name in list(self.samples)[:-MOST_SAMPLES]:
            del self.samples[name]
        assert self.history.names() == list(self.samples)

    def moment(self, name: str) -> Known:
        """Return what the model knows of a moment."""
        return self.now() if name == "now" else (self.snapshots | self.samples)[name]

    def node(self, path: str) -> Node:
        """Look a path up, from the root; a symbolic link is followed."""
        self.filesystem.renew()
        node: Node = ROOT
        for name in filter(None, path.split("/")):
            assert isinstance(node, Dir)
            node = self.filesystem.lookup(node, name)
            if isinstance(node, MomentLink):
                target = self.filesystem.link_target(node)
                node = self.filesystem.lookup(node.parent, target)
        return node

    def directory(self, path: str) -> Dir:
        """Look a directory up."""
        node = self.node(path)
        assert isinstance(node, Dir)
        return node

    def open(self, path: str, cached: bool = False) -> View:
        """Open a file, and compare its size with the one that its tags tell, if they do."""
        file = self.node(path)
        assert isinstance(file, TagFile | AllocinfoFile)
        bound = BoundFile(file)
        filesystem = self.filesystem
        view = filesystem.open_cached(bound) if cached else filesystem.open(bound)
        if filesystem.has_fixed_size(file):
            assert filesystem.size(bound) == view.size()
        return view

    def read(self, path: str, cached: bool = False) -> bytes:
        """Read a whole file."""
        return contents(self.open(path, cached))

    def names_below(self, path: str) -> Iterator[tuple[str, int]]:
        """List the files of a directory and of those below it, with the numbers of their tags."""
        directory = self.directory(path)
        for name, node, tags in self.filesystem.listing(directory).entries:
            if isinstance(node, ScopeDir | MomentsDir):
                continue
            if isinstance(node, TagFile):
                assert tags is not None
                yield f"{path}/{name}", tags
            else:
                yield from self.names_below(f"{path}/{name}")


def keys_of(tags: list[Codetag]) -> list[Key]:
    """Number the codetags that are equal."""
    return [Key(tag, tags[:place].count(tag)) for place, tag in enumerate(tags)]


def contents(view: View) -> bytes:
    """Read all of a view, in pieces that split records."""
    size = view.size()
    data = b"".join(view.read(offset, 1000) for offset in range(0, size, 1000))
    assert (len(data), view.read(size, 1)) == (size, b"")
    return data


def next_difference(view: View) -> bytes:
    """Read a difference of `diff/last-read` twice, the first time not to its end."""
    begun = view.read(0, 10)
    data = view.read(0, 1 << 20)
    assert data.startswith(begun)
    return data


class Cursor:
    """An open file of `diff/last-read`, the values up to which it was shown, and their sums."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.shown: Values = {}

    def before(self) -> Values:
        """Return the values that were shown, in the order of the first list."""
        return {key: self.shown[key] for key in keys_of(TAGS) if key in self.shown}

    def show(self, keys: list[Key], now: Values) -> None:
        """Note that some codetags were shown."""
        for key in keys:
            self.shown.pop(key, None)
        self.shown.update((key, now[key]) for key in keys if key in now)
