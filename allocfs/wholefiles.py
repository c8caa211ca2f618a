"""Write and rename files that are there whole or not at all, whatever ends the program.

A file without a name (O_TMPFILE) gets its name once its contents are on the disk. Where the file
system has no such files, a hidden one is written while signals wait.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WAITING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_NO_TMPFILE = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
_NO_NOREPLACE = (errno.ENOSYS, errno.EINVAL)
_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_PREFIX, _SUFFIX = ".", ".tmp"
_HIDDEN = re.compile(r"\.[a-z0-9_]{8}\.tmp")  # as tempfile makes them


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet. Raises FileExistsError, or another OSError."""
    try:
        with _unnamed(path.parent) as fd:
            _write(fd, data)
            _link(f"/proc/self/fd/{fd}", path, fd)
    except OSError as error:
        if error.errno not in _NO_TMPFILE or not path.parent.is_dir():
            raise
        _write_hidden(path, data, replace=False)
    _sync_directory(path.parent)


def write_over(path: Path, data: bytes) -> None:
    """Write a file in the place of another, or a new one. Raises OSError."""
    if path.exists() and not path.is_file():  # a device or a pipe, such as /dev/stdout
        path.write_bytes(data)
        return
    _write_hidden(path, data, replace=True)
    _sync_directory(path.parent)


def rename_new(old: Path, new: Path) -> None:
    """Give a file another name that no file has. Raises FileExistsError, or another OSError."""
    try:
        _rename_no_replace(old, new)
    except OSError as error:
        if error.errno not in _NO_NOREPLACE:
            raise
        _link(os.fspath(old), new)
        os.unlink(old)
    _sync_directory(new.parent)


def remove(path: Path) -> None:
    """Remove a file, and make that last. Raises OSError."""
    path.unlink()
    _sync_directory(path.parent)


def leftovers(directory: Path) -> list[Path]:
    """Find hidden files of writes that a kill ended. Raises OSError."""
    return [path for path in directory.iterdir() if _HIDDEN.fullmatch(path.name)]


@contextmanager
def _unnamed(directory: Path) -> Iterator[int]:
    fd = os.open(directory, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def _write_hidden(path: Path, data: bytes, replace: bool) -> None:
    with _signals_waiting():
        fd, temporary = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=path.parent)
        try:
            with open(fd, "wb", closefd=True) as file:
                _write(file.fileno(), data)
            if replace:
                os.chmod(temporary, 0o666 & ~_umask())
                os.replace(temporary, path)
                return
            _link(temporary, path)
        finally:
            if os.path.lexists(temporary):
                os.unlink(temporary)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.fsync(fd)


def _link(source: str, path: Path, fd: int | None = None) -> None:
    """Give a file a name; `fd` makes Python follow the link /proc/self/fd/N."""
    try:
        os.link(source, path, src_dir_fd=fd)  # unlike a rename it never replaces a file
    except FileExistsError:
        raise FileExistsError(
            errno.EEXIST, "exists already, and captures are not overwritten", str(path)
        ) from None


@contextmanager
def _signals_waiting() -> Iterator[None]:
    """Let signals that would end the program wait for the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _rename_no_replace(old: Path, new: Path) -> None:
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if renameat2(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), _RENAME_NOREPLACE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(new))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_directory(directory: Path) -> None:
    """Make the name of a new file last."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
