"""The serving modes: how old the contents of files may be, and where they are cached."""

from __future__ import annotations

from typing import Protocol

import pyfuse3

from allocfs.fuse.promises import Promises
from allocfs.vfs.filesystem import Filesystem, View
from allocfs.vfs.nodes import File, TagFile


class ServingMode(Protocol):
    """The contents and attributes of files: LiveFiles, or periodic.PeriodicFiles."""

    direct_io: bool
    """Whether reads bypass the page cache."""

    def open(self, inode: int, file: File) -> View:
        """Return the contents of a file that is opened."""
        ...

    def describe_entry(
        self, attributes: pyfuse3.EntryAttributes, file: File, tags: int | None
    ) -> None:
        """Set size and times for a lookup; `tags` is the number of tags, if known."""
        ...

    def describe_file(self, attributes: pyfuse3.EntryAttributes, file: File) -> None:
        """Set size and times for getattr."""
        ...

    def forget(self, inode: int) -> None:
        """Drop a file that the kernel has dropped."""
        ...


class LiveFiles:
    """Every read arrives here and gets the counters of now; only fixed sizes are told."""

    direct_io = True

    def __init__(self, filesystem: Filesystem, promises: Promises) -> None:
        """Promise sizes that follow from the list of tags."""
        self._filesystem = filesystem
        self._promises = promises

    def open(self, inode: int, file: File) -> View:
        """Select the tags of a file; its sums are taken at each read."""
        return self._filesystem.open(file)

    def describe_entry(
        self, attributes: pyfuse3.EntryAttributes, file: File, tags: int | None
    ) -> None:
        """Set the size, 0 where it depends on counters."""
        attributes.st_size = self._filesystem.size(file, tags)
        if isinstance(file, TagFile):
            attributes.attr_timeout = self._promises.make(attributes.st_ino)

    def describe_file(self, attributes: pyfuse3.EntryAttributes, file: File) -> None:
        """Set the size, 0 where it depends on counters."""
        self.describe_entry(attributes, file, None)

    def forget(self, inode: int) -> None:
        """Hold nothing by inode."""
