"""The attributes of nodes, and for how long the kernel may go by them."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import pyfuse3

from allocfs.backend.base import unnoticed
from allocfs.errors import NameNotFound
from allocfs.fuse.periodic import PeriodicFiles
from allocfs.vfs.filesystem import Filesystem
from allocfs.vfs.nodes import CONTROL, AboutFile, Dir, File, GroupDir, Node, TagFile
from allocfs.vfs.tree import exists

NAMES_VALID = 60.0  # seconds; that a name is gone is found out at getattr and open
TAGS_VALID = 10.0  # seconds, or until the tags change
MOST_VALID = 8192  # nodes at once: to tell the kernel that the tags changed takes 3 us for each
CONTROL_MODE = 0o600


@dataclass(frozen=True)
class Access:
    """Who may read: owner, group, and the permission bits of files and directories."""

    uid: int
    gid: int
    file_mode: int = 0o400
    dir_mode: int = 0o500
    control_uid: int = field(default_factory=os.getuid)


class Attributes:
    """Describes nodes to the kernel, and tells it when a description has changed."""

    def __init__(
        self, filesystem: Filesystem, access: Access, periodic: PeriodicFiles | None
    ) -> None:
        """Describe the nodes of a file system to those whom `access` admits."""
        self._filesystem = filesystem
        self._access = access
        self._periodic = periodic
        self._changed_ns = time.time_ns()
        self._tags_valid = min(TAGS_VALID, unnoticed(filesystem.backend))
        self._tags_until: OrderedDict[int, float] = OrderedDict()  # by inode, oldest first

    def of(
        self, inode: int, node: Node, tags: int | None = None, asked: bool = False
    ) -> pyfuse3.EntryAttributes:
        """Describe a node; `tags` is how many tags it holds, if known.

        Only where attributes are asked for is a file rendered or judged for its size, and
        only with max_age. Raises NameNotFound if the node stands for a name of which nothing
        is loaded now.
        """
        attributes = self._common(inode)
        if isinstance(node, Dir):
            attributes.st_mode = stat.S_IFDIR | self._access.dir_mode
            attributes.st_nlink = 2
            if isinstance(node, GroupDir):
                self._describe_group(attributes, node, asked)
        elif node == AboutFile(CONTROL):
            attributes.st_mode = stat.S_IFREG | CONTROL_MODE
            attributes.st_uid = self._access.control_uid
        else:
            attributes.st_mode = stat.S_IFREG | self._access.file_mode
            if self._periodic is None:
                self._describe_live(attributes, node, tags)
            else:
                self._describe_held(attributes, node, asked)
        return attributes

    def forget(self, inode: int) -> None:
        """Take back what is remembered of a node that the kernel has dropped."""
        self._tags_until.pop(inode, None)

    def drop_expired(self) -> None:
        """Take back what was remembered of promises that have expired."""
        now = time.monotonic()
        while self._tags_until:
            oldest = next(iter(self._tags_until))
            if self._tags_until[oldest] > now:
                return
            del self._tags_until[oldest]

    def tags_changed(self) -> None:
        """Make the kernel ask again for all that followed from the tags as they were."""
        self._changed_ns = time.time_ns()
        now = time.monotonic()
        for inode, until in self._tags_until.items():
            if until > now:
                _invalidate(inode)
        self._tags_until.clear()

    def _common(self, inode: int) -> pyfuse3.EntryAttributes:
        attributes = pyfuse3.EntryAttributes()
        attributes.st_ino = inode
        attributes.st_nlink = 1
        attributes.st_uid, attributes.st_gid = self._access.uid, self._access.gid
        attributes.st_atime_ns = self._changed_ns
        attributes.st_mtime_ns = self._changed_ns
        attributes.st_ctime_ns = self._changed_ns
        attributes.st_blksize = 4096
        attributes.attr_timeout = attributes.entry_timeout = NAMES_VALID
        return attributes

    def _describe_group(
        self, attributes: pyfuse3.EntryAttributes, directory: GroupDir, asked: bool
    ) -> None:
        if asked and not exists(self._filesystem.known, directory):
            raise NameNotFound(f"{directory.path}: nothing below it is loaded now")
        self._goes_by_tags(attributes)

    def _goes_by_tags(self, attributes: pyfuse3.EntryAttributes) -> None:
        self._tags_until.pop(attributes.st_ino, None)
        self.drop_expired()
        if self._tags_valid and len(self._tags_until) < MOST_VALID:
            attributes.attr_timeout = self._tags_valid
            self._tags_until[attributes.st_ino] = time.monotonic() + self._tags_valid
        else:
            attributes.attr_timeout = 0

    def _describe_live(
        self, attributes: pyfuse3.EntryAttributes, file: File, tags: int | None
    ) -> None:
        attributes.st_size = self._filesystem.size(file, tags)
        if isinstance(file, TagFile):
            self._goes_by_tags(attributes)

    def _describe_held(self, attributes: pyfuse3.EntryAttributes, file: File, asked: bool) -> None:
        assert self._periodic is not None
        period, inode = self._periodic.period(), attributes.st_ino
        attributes.attr_timeout = 0
        if asked:
            # From here on the file holds what it is told to, even if a module comes or goes.
            attributes.st_size, held = self._periodic.measure(inode, file)
            attributes.st_mtime_ns = held.mtime_ns
            if not isinstance(file, AboutFile):
                attributes.attr_timeout = period.remaining
        elif told := self._periodic.told(inode):
            # Another size would end the file for whoever is reading it.
            attributes.st_size, attributes.st_mtime_ns = told


def _invalidate(inode: int) -> None:
    try:
        pyfuse3.invalidate_inode(inode, attr_only=True)
    except OSError as error:
        if error.errno != errno.ENOENT:  # the kernel has forgotten it meanwhile
            raise
