"""The command mount.allocfs: check what was asked, mount, and leave a daemon behind."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence

from allocfs.errors import AllocfsError, MountFailed, NotPermitted, OptionError, UsageError
from allocfs.logs import one_line, start_logging
from allocfs.mount.arguments import Request, read_command
from allocfs.mount.checks import check_fuse, check_mountpoint, check_snapshots
from allocfs.mount.daemon import Outcome, Ready, Stderr, Work, in_background, stop_by_exception
from allocfs.mount.lock import MountLock
from allocfs.mount.mountpoint import detach_dead, is_dead
from allocfs.mount.options import MountOptions
from allocfs.programs import drop_relative_path

log = logging.getLogger("allocfs.mount")

ALLOCINFO = "/proc/allocinfo"

# mount(8)'s exit codes.
MISUSE = 1
SYSTEM_ERROR = 2
INTERNAL_ERROR = 4
INTERRUPTED = 8
FAILED = 32

Serve = Callable[[MountOptions, str | None, str, Ready], None]


def main(argv: Sequence[str] | None = None, serve: Serve | None = None) -> int:
    """Run the command; return one of mount(8)'s exit codes.

    `serve(options, source, mountpoint, ready)` mounts and returns when unmounted.
    """
    drop_relative_path()
    try:
        outcome = _mount(read_command(argv), serve)
    except (Exception, KeyboardInterrupt) as error:
        outcome = outcome_of(error)
    if outcome.message:
        print(f"mount.allocfs: {one_line(outcome.message)}", file=sys.stderr)
    return outcome.code


def outcome_of(error: BaseException, reason: str = "") -> Outcome:
    """Choose the exit code and message of an exception; `reason` is what libfuse said."""
    match error:
        case UsageError() | OptionError() | NotPermitted():
            return Outcome(MISUSE, str(error))
        case MountFailed() if reason:
            return Outcome(FAILED, f"cannot mount: {reason}")
        case AllocfsError():
            return Outcome(FAILED, str(error))
        case KeyboardInterrupt():
            return Outcome(INTERRUPTED, "interrupted: nothing is mounted")
        case ImportError():
            return Outcome(SYSTEM_ERROR, f"{error}: install allocfs with its dependencies again")
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return Outcome(SYSTEM_ERROR, f"{place}{error.strerror or error}")
        case BaseExceptionGroup(exceptions=(only,)):  # how trio raises what ends a nursery
            return outcome_of(only, reason)
    return _internal_error(error)


def _internal_error(error: BaseException) -> Outcome:
    if not logging.root.handlers:
        start_logging(None, foreground=False)
    log.critical("internal error", exc_info=error)
    what = f"{type(error).__name__}: {error}"
    return Outcome(
        INTERNAL_ERROR, f"internal error: {what}: report it with what --log-file then holds"
    )


def _mount(request: Request, serve: Serve | None) -> Outcome:
    check_fuse(request.options)
    check_snapshots(request.options, request.mountpoint)
    if request.fake:
        return _check_only(request)
    detach_dead(request.mountpoint)
    with MountLock(request.mountpoint) as lock:
        check_mountpoint(request.mountpoint)
        return _run(request, serve, lock)


def _check_only(request: Request) -> Outcome:
    from allocfs.mount.sources import open_source  # noqa: PLC0415  numpy is slow to import

    if not is_dead(request.mountpoint):
        check_mountpoint(request.mountpoint)
    open_source(request.source, request.options)
    return Outcome(0)


def _run(request: Request, serve: Serve | None, lock: MountLock) -> Outcome:
    def announce() -> None:
        lock.release()
        if request.source is None:
            print(f"mount.allocfs: {one_line(_simulation(request.mountpoint))}", file=sys.stderr)
        if request.verbose:
            mounted = f"{request.source or 'allocfs'} mounted on {request.mountpoint}"
            print(f"mount.allocfs: {one_line(mounted)}", flush=True)

    work = _work(request, serve)
    if request.foreground:
        return work(announce)
    outcome = in_background(work)
    if outcome.code:
        # A daemon that was killed while it mounted could not clean up.
        with contextlib.suppress(MountFailed):
            detach_dead(request.mountpoint)
    else:
        announce()
    return outcome


def _simulation(mountpoint: str) -> str:
    """Say that the numbers are not those of this kernel, to a user who gave no SOURCE."""
    note = f"{mountpoint} shows a simulated store, since no SOURCE was given"
    if not os.path.exists(ALLOCINFO):
        return note
    return f"{note}; for this kernel: umount {mountpoint}; mount.allocfs {ALLOCINFO} {mountpoint}"


def _work(request: Request, serve: Serve | None) -> Work:
    """Make of serve() a task that never raises."""

    def work(ready: Ready) -> Outcome:
        stderr = Stderr()

        def usable() -> None:
            stderr.release()
            ready()

        try:
            stop_by_exception()
            start_logging(request.log_file, request.foreground)
            serving = serve or _serve()
            serving(request.options, request.source, request.mountpoint, usable)
        except BaseException as error:
            return outcome_of(error, stderr.reason())
        finally:
            stderr.release()
        return Outcome(0)

    return work


def _serve() -> Serve:
    # Not before the arguments are checked: pyfuse3, trio and numpy take long to import.
    from allocfs.mount.serve import serve  # noqa: PLC0415

    return serve
