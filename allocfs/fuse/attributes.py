"""The attributes of nodes; a serving mode, live.py or periodic.py, adds the sizes of files."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field

import pyfuse3

from allocfs.errors import NameNotFound
from allocfs.fuse.inodes import Inode, node_of
from allocfs.fuse.promises import Promises
from allocfs.fuse.serving import ServingMode
from allocfs.vfs.filesystem import BoundFile, Filesystem
from allocfs.vfs.nodes import CONTROL_FILE, AxisDir, Dir, MomentLink, MomentsDir, Node

NAMES_VALID = 60.0  # seconds; a name that is gone is found out at getattr and open
CONTROL_MODE = 0o600


@dataclass(frozen=True)
class Access:
    """The owner and group of all nodes, and the permission bits of files and directories."""

    uid: int
    gid: int
    file_mode: int = 0o400
    dir_mode: int = 0o500
    control_uid: int = field(default_factory=os.getuid)


class Attributes:
    """Describes nodes to the kernel."""

    def __init__(
        self, filesystem: Filesystem, access: Access, mode: ServingMode, promises: Promises
    ) -> None:
        """Describe the nodes of a file system to the users whom `access` admits."""
        self._filesystem = filesystem
        self._access = access
        self._mode = mode
        self._promises = promises
        self._changed_ns = time.time_ns()
        self._is_owner = access.uid == access.control_uid

    def of_entry(
        self, number: int, inode: Inode, tags: int | None = None
    ) -> pyfuse3.EntryAttributes:
        """Describe an inode for lookup and readdir; `tags` is its number of tags, if known.

        Nothing is rendered or judged for a size. Raises NameNotFound if it stands for a name of
        which no tag is loaded.
        """
        attributes = self._common(number, node_of(inode))
        if isinstance(inode, BoundFile):
            self._mode.describe_entry(attributes, inode, tags)
        elif isinstance(inode, AxisDir):
            attributes.attr_timeout = self._promises.make(number)
        return attributes

    def of_inode(self, number: int, inode: Inode) -> pyfuse3.EntryAttributes:
        """Describe an inode for getattr: with its size of now, which may render or judge it.

        Raises NameNotFound as of_entry() does.
        """
        attributes = self._common(number, node_of(inode))
        if isinstance(inode, BoundFile):
            self._mode.describe_file(attributes, inode)
        elif isinstance(inode, AxisDir):
            if not self._filesystem.exists(inode):
                raise NameNotFound(f"{inode.path}: nothing below it is loaded now")
            attributes.attr_timeout = self._promises.make(number)
        return attributes

    def tags_changed(self) -> None:
        """Give all nodes the time of this change, and make the kernel ask for it."""
        self._changed_ns = time.time_ns()
        self._promises.revoke()

    def _common(self, number: int, node: Node) -> pyfuse3.EntryAttributes:
        attributes = pyfuse3.EntryAttributes()
        attributes.st_ino = number
        attributes.st_nlink = 1
        attributes.st_uid, attributes.st_gid = self._access.uid, self._access.gid
        time_ns = self._filesystem.time_ns(node) or self._changed_ns
        attributes.st_atime_ns = time_ns
        attributes.st_mtime_ns = time_ns
        attributes.st_ctime_ns = time_ns
        attributes.st_blksize = 4096
        attributes.attr_timeout = attributes.entry_timeout = NAMES_VALID
        if isinstance(node, Dir):
            attributes.st_mode = stat.S_IFDIR | self._access.dir_mode
            attributes.st_nlink = 2
            if isinstance(node, MomentsDir) and node.kind == "snapshots" and self._is_owner:
                attributes.st_mode |= stat.S_IWUSR
        elif isinstance(node, MomentLink):
            attributes.st_mode = stat.S_IFLNK | 0o777
            attributes.st_size = len(os.fsencode(node.target))
            attributes.attr_timeout = attributes.entry_timeout = 0
        elif node == CONTROL_FILE:
            attributes.st_mode = stat.S_IFREG | CONTROL_MODE
            attributes.st_uid = self._access.control_uid
        else:
            attributes.st_mode = stat.S_IFREG | self._access.file_mode
        return attributes
