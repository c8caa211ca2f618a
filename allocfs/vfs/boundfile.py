"""A file bound to the selection that its inode stands for."""

from __future__ import annotations

from allocfs.vfs.nodes import File
from allocfs.vfs.sums import Selection


class BoundFile:
    """A file as one lookup found it.

    The selection of a file of tags is fixed at its first use and belongs to the inode. If the
    path selects other tags later, its next lookup gives another BoundFile, and this one goes on
    for the clients that hold it: with its own tags, and TagGone for those unloaded meanwhile.
    """

    __slots__ = ("file", "selection")

    def __init__(self, file: File) -> None:
        """Select nothing yet: a listing binds thousands of files of which few are used."""
        self.file = file
        self.selection: Selection | None = None
