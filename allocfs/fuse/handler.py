"""The frame of every request: the model's exceptions become errno, all others are logged."""

from __future__ import annotations

import errno
import functools
import logging
from collections.abc import Callable, Coroutine
from time import perf_counter_ns
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pyfuse3

from allocfs import errors
from allocfs.vfs.filesystem import Stats

log = logging.getLogger("allocfs.fuse")

ERRNO: dict[type[errors.AllocfsError], int] = {
    errors.NameNotFound: errno.ENOENT,
    errors.NameTooLong: errno.ENAMETOOLONG,
    errors.BadQuery: errno.EINVAL,
    errors.BadControl: errno.EINVAL,
    errors.BadName: errno.EINVAL,
    errors.NameTaken: errno.EEXIST,
    errors.SnapshotFailed: errno.EIO,
    errors.TagGone: errno.ESTALE,
    errors.Superseded: errno.ESTALE,
    errors.NotCacheable: errno.EINVAL,
    errors.SourceFailed: errno.EIO,
    errors.SourceLate: errno.EAGAIN,
    errors.ReadOnly: errno.EROFS,
    errors.TooManyOpen: errno.EMFILE,
    errors.TooMuchMemory: errno.ENOMEM,
    errors.TooManySnapshots: errno.EDQUOT,
    errors.NoSuchCommand: errno.ENOTTY,
    errors.BadArgument: errno.EINVAL,
    errors.NoMoreRecords: errno.ENOENT,
}
MOST_WAITING = 256  # requests for a source that is late
_LOGGED = (
    errors.BadQuery,
    errors.BadControl,
    errors.BadName,
    errors.NoSuchMoment,
    errors.SnapshotFailed,
    errors.LimitReached,
)

P = ParamSpec("P")
R = TypeVar("R")


class Counted(Protocol):
    """An object that answers requests and counts them."""

    @property
    def stats(self) -> Stats:
        """The counts."""
        ...


class Renewed(Counted, Protocol):
    """An object that answers from a source that changes."""

    def renew(self) -> None:
        """Take in all changes of the source."""
        ...


Served = TypeVar("Served", bound=Counted)
Asked = TypeVar("Asked", bound=Renewed)


def handler(
    method: Callable[Concatenate[Served, P], R],
) -> Callable[Concatenate[Served, P], Coroutine[Any, Any, R]]:
    """Make a pyfuse3 handler of a method that raises the model's exceptions."""

    async def handle(self: Served, /, *args: P.args, **kwargs: P.kwargs) -> R:
        begun = perf_counter_ns()
        try:
            while True:
                try:
                    return method(self, *args, **kwargs)
                except errors.SourceLate as late:
                    try:
                        await _wait(late, self.stats)
                    finally:
                        # The wait blocked no other request, so it is not counted.
                        begun = perf_counter_ns()
        except Exception as error:
            number = errno_of(method.__name__, error)
            _count(error, number, self.stats)
            raise pyfuse3.FUSEError(number) from error
        finally:
            self.stats.slowest_ns = max(self.stats.slowest_ns, perf_counter_ns() - begun)

    return functools.update_wrapper(handle, method)


async def _wait(late: errors.SourceLate, stats: Stats) -> None:
    """Wait for a source, while others are answered; raise `late` if too many wait already."""
    if stats.waiting >= MOST_WAITING:
        raise late
    stats.waiting += 1
    try:
        await late.answer()
    finally:
        stats.waiting -= 1


def request(
    method: Callable[Concatenate[Asked, P], R],
) -> Callable[Concatenate[Asked, P], Coroutine[Any, Any, R]]:
    """Make a handler that answers from the source as it is when the request arrives."""

    def answer(self: Asked, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.renew()
        return method(self, *args, **kwargs)

    return handler(functools.update_wrapper(answer, method))


def direct(method: Callable[P, R], stats: Stats) -> Callable[P, R]:
    """Make a method raise OSError for every exception, BlockingIOError if it has to wait."""

    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        begun = perf_counter_ns()
        try:
            return method(*args, **kwargs)
        except errors.SourceLate as late:
            raise BlockingIOError(ERRNO[type(late)], str(late)) from late
        except Exception as error:
            number = errno_of(method.__name__, error)
            _count(error, number, stats)
            raise OSError(number, str(error)) from error
        finally:
            took = perf_counter_ns() - begun
            if took > stats.slowest_ns:  # noqa: PLR1730  max() takes longer than all the rest
                stats.slowest_ns = took

    return functools.update_wrapper(answer, method)


def _count(error: Exception, number: int, stats: Stats) -> None:
    """Count an error that a client gets; at a Superseded the kernel tries again by itself."""
    if not isinstance(error, errors.Superseded):
        stats.errors[number] += 1


def errno_of(request: str, error: Exception) -> int:
    """Choose the errno of an exception; log limits, bad input and unexpected exceptions."""
    if isinstance(error, pyfuse3.FUSEError):
        return int(error.errno)
    for kind, number in ERRNO.items():
        if isinstance(error, kind):
            if isinstance(error, _LOGGED):
                log.warning("%s", error, extra={"kind": kind.__name__})
            return error.number if isinstance(error, errors.SnapshotFailed) else number
    log.error("%s failed unexpectedly", request, exc_info=error)
    return errno.EIO
