"""The files of a source by their paths, mounted or not.

Every answer is a path. Where nothing is mounted the same file system is asked within this process.
"""

from __future__ import annotations

import os
from typing import Protocol

import trio

from allocfs.backend.base import Backend
from allocfs.backend.replay import Replay
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.errors import NameNotFound, SourceFailed, SourceLate
from allocfs.kernel.mounttable import FILESYSTEM_TYPE, MOUNTINFO, mount_entries
from allocfs.moments.catalogue import Record
from allocfs.moments.names import LAST
from allocfs.moments.series import Series
from allocfs.mount.sources import open_source
from allocfs.vfs.filesystem import BoundFile, Filesystem
from allocfs.vfs.nodes import ROOT, Dir, File, MomentLink, Node

ALLOCINFO = "/proc/allocinfo"
_MARK = ".allocfs/version"


class Tree(Protocol):
    """The files of a source; those of its newest values are below `present`."""

    source: str
    present: str

    def read(self, path: str) -> bytes:
        """Read a file below the root, such as `json/records`. Raises OSError or AllocfsError."""
        ...

    def names(self, path: str) -> list[str]:
        """List a directory below the root. Raises OSError or AllocfsError."""
        ...


class MountedTree:
    """The files of a mount, or of a directory in one."""

    present = ""

    def __init__(self, source: str) -> None:
        """Name the directory."""
        self.source = source

    def read(self, path: str) -> bytes:
        """Read a file. Raises OSError, and SourceFailed if the directory has no such files."""
        try:
            with open(os.path.join(self.source, path), "rb") as file:
                return file.read()
        except FileNotFoundError:
            top = path.split("/", 1)[0]
            if os.path.exists(os.path.join(self.source, top)):
                raise
            raise SourceFailed(
                f"{self.source} has no {top}/: name a mount, or a snapshot in one"
            ) from None

    def names(self, path: str) -> list[str]:
        """List a directory. Raises OSError."""
        return os.listdir(os.path.join(self.source, path))


class LocalTree:
    """The files over a backend, served within this process."""

    def __init__(self, source: str, backend: Backend, record: Record | None = None) -> None:
        """Serve a backend, and the moments of a record."""
        self.source = source
        self.present = f"history/{LAST}/" if isinstance(record, Series) else ""
        self._filesystem = Filesystem(backend, record=record)

    def read(self, path: str) -> bytes:
        """Read a file. Raises AllocfsError."""
        while True:
            try:
                return self._read(path)
            except SourceLate as late:
                trio.run(late.answer)

    def names(self, path: str) -> list[str]:
        """List a directory. Raises AllocfsError."""
        self._filesystem.renew()
        return [
            entry.name for entry in self._filesystem.listing(_directory(self._node(path))).entries
        ]

    def take(self, name: str) -> None:
        """Take a snapshot. Raises AllocfsError."""
        self._filesystem.snapshots.make(_directory(self._node("snapshots")), name)

    def _read(self, path: str) -> bytes:
        self._filesystem.renew()
        node = self._node(path)
        if not isinstance(node, File):
            raise NameNotFound(f"{path} is no file")
        view = self._filesystem.open_cached(BoundFile(node))
        return view.read(0, view.size())

    def _node(self, path: str) -> Node:
        node: Node = ROOT
        for name in filter(None, path.split("/")):
            node = self._filesystem.lookup(_directory(node), name)
            if isinstance(node, MomentLink):
                target = self._filesystem.link_target(node)
                node = self._filesystem.lookup(node.parent, target)
        return node


def open_tree(source: str) -> Tree:
    """Open a mount, a directory in one, or any SOURCE that could be mounted.

    Raises SourceFailed, or BadCapture naming file and line.
    """
    if os.path.isdir(source) and mount_of(source):
        return MountedTree(source)
    backend = open_source(source, SourceOptions())
    return LocalTree(
        source, backend, Series(backend.captures) if isinstance(backend, Replay) else None
    )


def default_source() -> str:
    """Return the source that is meant where none is named: the kernel's, else the first mount.

    Raises SourceFailed, saying what to name.
    """
    if os.access(ALLOCINFO, os.R_OK):
        return ALLOCINFO
    for entry in mount_entries(MOUNTINFO):
        point = os.fsdecode(entry.point)
        if entry.type == FILESYSTEM_TYPE and os.path.exists(os.path.join(point, _MARK)):
            return point
    raise SourceFailed(
        f"{ALLOCINFO} is not there, or not for this user, and no allocfs is mounted: name a SOURCE,"
        " which is a mount, a capture, or a directory of captures"
    )


def mount_of(path: str) -> str | None:
    """Return the mount of allocfs that a path is in, None if it is in none."""
    here = os.path.realpath(path)
    while not os.path.ismount(here):
        here = os.path.dirname(here)
    return here if os.path.exists(os.path.join(here, _MARK)) else None


def _directory(node: Node) -> Dir:
    if not isinstance(node, Dir):
        raise NameNotFound(f"{node.path} is no directory")
    return node
