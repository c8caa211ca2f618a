"""What every request goes through: the model's exceptions become errno, the rest is logged."""

from __future__ import annotations

import errno
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pyfuse3

from allocfs import errors, ioctl

log = logging.getLogger(__name__)

ERRNO: dict[type[errors.AllocfsError], int] = {
    errors.NameNotFound: errno.ENOENT,
    errors.NameTooLong: errno.ENAMETOOLONG,
    errors.BadQuery: errno.EINVAL,
    errors.BadControl: errno.EINVAL,
    errors.TagGone: errno.ESTALE,
    errors.SourceFailed: errno.EIO,
    errors.ReadOnly: errno.EROFS,
    errors.LimitReached: errno.EMFILE,
    ioctl.NoSuchCommand: errno.ENOTTY,
    ioctl.BadArgument: errno.EINVAL,
    ioctl.NoMoreRecords: errno.ENOENT,
}
_LOGGED = (errors.BadQuery, errors.BadControl)

Self = TypeVar("Self")
P = ParamSpec("P")
R = TypeVar("R")


class Renewed(Protocol):
    """Whatever answers from a source that changes."""

    def renew(self) -> None:
        """Take in what has changed at the source."""
        ...


Asked = TypeVar("Asked", bound=Renewed)


def handler(
    method: Callable[Concatenate[Self, P], R],
) -> Callable[Concatenate[Self, P], Coroutine[Any, Any, R]]:
    """Make a pyfuse3 handler of a method that raises the model's exceptions."""

    async def handle(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except pyfuse3.FUSEError:
            raise
        except Exception as error:
            raise pyfuse3.FUSEError(errno_of(method.__name__, error)) from error

    return functools.update_wrapper(handle, method)


def request(
    method: Callable[Concatenate[Asked, P], R],
) -> Callable[Concatenate[Asked, P], Coroutine[Any, Any, R]]:
    """Make a handler that answers from the source as it is when the request arrives."""

    def answer(self: Asked, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.renew()
        return method(self, *args, **kwargs)

    return handler(functools.update_wrapper(answer, method))


def direct(method: Callable[P, R]) -> Callable[P, R]:
    """Make a method raise OSError for whatever it raises."""

    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except pyfuse3.FUSEError as error:
            raise OSError(error.errno, str(error)) from error
        except Exception as error:
            raise OSError(errno_of(method.__name__, error), str(error)) from error

    return functools.update_wrapper(answer, method)


def errno_of(request: str, error: Exception) -> int:
    """Choose the errno of an exception, and log what somebody should know of."""
    for kind, number in ERRNO.items():
        if isinstance(error, kind):
            if isinstance(error, _LOGGED):
                log.warning("%s", error)
            return number
    log.error("%s failed unexpectedly", request, exc_info=error)
    return errno.EIO
