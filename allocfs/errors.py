"""What can go wrong, as exceptions of the model; fuse.py alone turns them into errno."""

from __future__ import annotations

from collections.abc import Awaitable, Callable


class AllocfsError(Exception):
    """Say in one sentence what was wrong, where, and what to do."""


class NameNotFound(AllocfsError):
    """A path names nothing that is loaded now (ENOENT)."""


class NameTooLong(AllocfsError):
    """A name is longer than any name here can be (ENAMETOOLONG)."""


class BadQuery(AllocfsError):
    """A query directory's name is not a query (EINVAL)."""


class BadControl(AllocfsError):
    """A line written to `.allocfs/control` is not understood (EINVAL)."""


class TagGone(AllocfsError):
    """A record's module was unloaded after the file was opened (ESTALE)."""


class SourceFailed(AllocfsError):
    """The source of the counters cannot be read now (EIO)."""


class SourceLate(AllocfsError):
    """The source has not answered yet; whoever can wait awaits `answer()` and tries again.

    That raises SourceFailed if the source takes too long. Who cannot wait is told EAGAIN.
    """

    def __init__(self, message: str, answer: Callable[[], Awaitable[None]]) -> None:
        """Say what is waited for, and how to wait."""
        super().__init__(message)
        self.answer = answer


class BadCapture(SourceFailed):
    """A line of /proc/allocinfo text is malformed; the message starts with `file:line:`."""


class OptionError(AllocfsError):
    """A mount option is unknown, or its value is out of range."""


class LimitReached(AllocfsError):
    """A limit set at mount time would be exceeded."""


class TooManyOpen(LimitReached):
    """More files and directories would be open than max_open (EMFILE)."""


class TooMuchKept(LimitReached):
    """More bytes would be kept for clients than max_kept (ENOMEM)."""


class ReadOnly(AllocfsError):
    """Something other than `.allocfs/control` was to be written or changed (EROFS)."""


class MountFailed(AllocfsError):
    """The file system could not be mounted."""
