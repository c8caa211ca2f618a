"""Every exception of allocfs. The errno that a file-system client gets is in parentheses.

AllocfsError
    NameTooLong (ENAMETOOLONG) ReadOnly (EROFS)             NameNotFound (ENOENT)
        NoSuchMoment
    BadQuery (EINVAL)          BadControl (EINVAL)          TagGone (ESTALE)
    NotCacheable (EINVAL)      BadName (EINVAL)             NameTaken (EEXIST)
    SnapshotFailed (EIO, or the number that the disk gave)
    SourceLate (EAGAIN)        Superseded (ESTALE, seen by the kernel alone)
    SourceFailed (EIO)
        BadCapture
    LimitReached
        TooManyOpen (EMFILE)   TooMuchMemory (ENOMEM)       TooManySnapshots (EDQUOT)
    IoctlError
        NoSuchCommand (ENOTTY) BadArgument (EINVAL)         NoMoreRecords (ENOENT)
    OptionError, UsageError, MountFailed
        NotPermitted (a MountFailed)

`fuse/handler.py` has the table of the numbers; `vfs/stale.py` decides on ESTALE.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable


class AllocfsError(Exception):
    """A failure whose message says in one sentence its cause, its place, and the remedy."""


class NameNotFound(AllocfsError):
    """A path names nothing that is loaded now."""


class NoSuchMoment(NameNotFound):
    """A path names a snapshot, a sample or a capture that does not exist; the log says which do."""


class NameTooLong(AllocfsError):
    """A name is longer than any name here can be."""


class BadQuery(AllocfsError):
    """A query directory's name is not a query."""


class BadControl(AllocfsError):
    """A line written to `.allocfs/control` is not a command, or the command cannot be obeyed."""


class BadName(AllocfsError):
    """A name is not one that a snapshot can have."""


class NameTaken(AllocfsError):
    """A snapshot has that name already."""


class SnapshotFailed(AllocfsError):
    """A snapshot cannot be kept, renamed or removed on the disk.

    `number` is the errno of the client, such as ENOSPC or EROFS.
    """

    number = errno.EIO

    def __init__(self, message: str, number: int = errno.EIO) -> None:
        """Name the file, and keep the errno."""
        super().__init__(message)
        self.number = number


class NotCacheable(AllocfsError):
    """A read through the page cache would not see the whole file (EINVAL: use read())."""


class Superseded(AllocfsError):
    """A path selects other tags than when it was looked up (ESTALE, at which the VFS retries)."""


class TagGone(AllocfsError):
    """A record's module was unloaded after the file was opened."""


class SourceFailed(AllocfsError):
    """The source of the counters cannot be read now."""


class SourceLate(AllocfsError):
    """The source has not answered yet. Await `answer()`, then try again.

    `answer()` raises SourceFailed if the source takes too long. A client that cannot wait gets
    EAGAIN.
    """

    def __init__(self, message: str, answer: Callable[[], Awaitable[None]]) -> None:
        """Name the source, and give the way to wait for it."""
        super().__init__(message)
        self.answer = answer


class BadCapture(SourceFailed):
    """A line of /proc/allocinfo text is malformed; the message starts with `file:line:`."""


class OptionError(AllocfsError):
    """An option is unknown, or its value is out of range."""


class UsageError(AllocfsError):
    """The command line is malformed."""


class LimitReached(AllocfsError):
    """A limit set at mount time would be exceeded."""


class TooManyOpen(LimitReached):
    """More files and directories would be open than max_open."""


class TooMuchMemory(LimitReached):
    """The open files would take more bytes than max_kept."""


class TooManySnapshots(LimitReached):
    """More snapshots would be kept than max_snapshots."""


class ReadOnly(AllocfsError):
    """A change was asked for of a file other than `.allocfs/control`."""


class IoctlError(AllocfsError):
    """An ioctl on `/allocinfo` failed as the kernel's would."""


class NoSuchCommand(IoctlError):
    """An ioctl is none of the three, or its argument is of another size."""


class BadArgument(IoctlError):
    """A filter has unknown bits, or no size can meet it."""


class NoMoreRecords(IoctlError):
    """No record matches at or after a position."""


class MountFailed(AllocfsError):
    """The file system could not be mounted."""


class NotPermitted(MountFailed):
    """The user may not mount, or not there."""
