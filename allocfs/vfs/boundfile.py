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

    __slots__ = ("branch", "file", "selection")

    def __init__(self, file: File) -> None:
        """Select nothing yet: a listing binds thousands of files of which few are used."""
        self.file = file
        self.branch: object = None  # the branch in which the slots of the selection have a meaning
        self.selection: Selection | None = None

    def release(self) -> None:
        """Let go of the selection: the next use selects the tags of then."""
        self.branch = None
        self.selection = None
