"""The attributes of nodes, and for how long the kernel may go by them."""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import dataclass, field

import pyfuse3

from allocfs.filesystem import Filesystem
from allocfs.nodes import CONTROL, AboutFile, Dir, Node, TagFile

NAMES_VALID = 60.0  # seconds; that a name is gone is found out at getattr and open
SIZES_VALID = 1.0  # seconds, or until the tags change


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

    def __init__(self, filesystem: Filesystem, access: Access) -> None:
        """Describe the nodes of a file system to those whom `access` admits."""
        self._filesystem = filesystem
        self._access = access
        self._changed_ns = time.time_ns()
        self._sizes_until: dict[int, float] = {}  # by inode, in time.monotonic()

    def of(self, inode: int, node: Node, tags: int | None = None) -> pyfuse3.EntryAttributes:
        """Describe a node; `tags` is how many tags it holds, if known.

        Raises NameNotFound if the node stands for a name of which nothing is loaded now.
        """
        attributes = self._common(inode)
        attributes.attr_timeout = NAMES_VALID
        attributes.entry_timeout = NAMES_VALID if self._stays(node) else 0
        if isinstance(node, Dir):
            attributes.st_mode = stat.S_IFDIR | self._access.dir_mode
            attributes.st_nlink = 2
            return attributes
        attributes.st_mode = stat.S_IFREG | self._access.file_mode
        attributes.st_size = self._filesystem.size(node, tags)
        if isinstance(node, TagFile):
            attributes.attr_timeout = SIZES_VALID
            self._sizes_until[inode] = time.monotonic() + SIZES_VALID
        elif node == AboutFile(CONTROL):
            attributes.st_mode = stat.S_IFREG | 0o600
            attributes.st_uid = self._access.control_uid
        return attributes

    def forget(self, inode: int) -> None:
        """Take back what is remembered of a node that the kernel has dropped."""
        self._sizes_until.pop(inode, None)

    def tags_changed(self) -> None:
        """Make the kernel ask again for every size that it still takes for valid."""
        self._changed_ns = time.time_ns()
        now = time.monotonic()
        for inode, until in self._sizes_until.items():
            if until > now:
                _invalidate(inode)
        self._sizes_until.clear()

    def _common(self, inode: int) -> pyfuse3.EntryAttributes:
        attributes = pyfuse3.EntryAttributes()
        attributes.st_ino = inode
        attributes.st_nlink = 1
        attributes.st_uid, attributes.st_gid = self._access.uid, self._access.gid
        attributes.st_atime_ns = self._changed_ns
        attributes.st_mtime_ns = self._changed_ns
        attributes.st_ctime_ns = self._changed_ns
        attributes.st_blksize = 4096
        return attributes

    def _stays(self, node: Node) -> bool:
        """Tell whether the kernel may keep a name.

        A query seen for the first time may be the only one of its kind. Without a timeout
        the kernel forgets it, and what is below it, as soon as nobody uses it.
        """
        scope = getattr(node, "scope", None)
        return scope is None or scope.terms is None or self._filesystem.known.is_warm(scope.terms)


def _invalidate(inode: int) -> None:
    try:
        pyfuse3.invalidate_inode(inode, attr_only=True)
    except OSError as error:
        if error.errno != errno.ENOENT:  # the kernel has forgotten it meanwhile
            raise
