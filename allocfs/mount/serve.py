"""Serve a mount: open its source, mount it, answer until it is unmounted."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial

import trio

from allocfs.backend.base import Backend
from allocfs.backend.replay import Replay
from allocfs.clock import age_clock_ns
from allocfs.fuse import extension
from allocfs.fuse.attributes import Access
from allocfs.fuse.live import DEFAULT_MAX_AGE, LiveFiles
from allocfs.fuse.operations import Operations
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.periodic import PeriodicFiles
from allocfs.fuse.promises import Promises
from allocfs.fuse.session import answer_requests, fuse_options, session, terminate
from allocfs.moments.archive import Archive
from allocfs.moments.catalogue import Record
from allocfs.moments.history import History
from allocfs.moments.sampler import add_sample, sample
from allocfs.moments.series import Series
from allocfs.mount import memory, privileges
from allocfs.mount.daemon import STOP_SIGNALS
from allocfs.mount.options import MountOptions
from allocfs.mount.privileges import Capability
from allocfs.mount.sources import open_source
from allocfs.vfs.filesystem import Filesystem

log = logging.getLogger("allocfs.mount")

GIVE_BACK_EVERY = 10  # seconds, if there were requests in them


def serve(
    options: MountOptions, source: str | None, mountpoint: str, ready: Callable[[], None]
) -> None:
    """Mount and serve until unmounted or signalled; call ready() once the mount is usable.

    Raises SourceFailed, BadCapture or OptionError before anything is mounted, MountFailed if
    mounting failed.
    """
    memory.use_one_heap()
    with closing(open_source(source, options)) as backend:
        _serve(backend, options, source, mountpoint, ready)


def _serve(
    backend: Backend,
    options: MountOptions,
    source: str | None,
    mountpoint: str,
    ready: Callable[[], None],
) -> None:
    pages = PageDropper()
    record = _record(backend, options)
    storage = Archive(options.snapshots) if options.snapshots else None
    filesystem = Filesystem(backend, options.limits, record, storage)
    operations = _operations(filesystem, options, pages)
    with session(operations, mountpoint, fuse_options(options, source), pages):
        privileges.drop(_capabilities(backend))
        memory.collect_young_garbage_only()
        if not extension.active():
            operations.answer_opens()
            log.warning("the extension _fuseops is not in use: no ioctl, max_age answers opens")
        operations.files.install_fast_path()
        trio.run(_run, backend, operations, partial(_sample, backend, record, options), ready)


def _operations(filesystem: Filesystem, options: MountOptions, pages: PageDropper) -> Operations:
    """Choose the serving mode: by periods of max_age, or live."""
    access = Access(options.uid, options.gid, options.mode, options.directory_mode)
    promises = Promises(filesystem.staleness)
    if options.max_age:
        periodic = PeriodicFiles(filesystem, options.max_age, pages)
        return Operations(filesystem, access, periodic, promises, answer_open=options.ioctl)
    max_age = DEFAULT_MAX_AGE if options.max_age is None else options.max_age
    live = LiveFiles(filesystem, promises, pages, max_age)
    return Operations(filesystem, access, live, promises)


def _capabilities(backend: Backend) -> list[Capability]:
    """Choose the capabilities that root keeps: to unmount, and to open a source again."""
    rereading = [Capability.DAC_READ_SEARCH] if backend.rereads_source else []
    return [Capability.SYS_ADMIN, *rereading]


def _record(backend: Backend, options: MountOptions) -> Record | None:
    """Choose the moments of history/: samples if these are asked for, else those of a series."""
    if options.history:
        return History(options.history.samples)
    return Series(backend.captures) if isinstance(backend, Replay) else None


async def _sample(backend: Backend, record: Record | None, options: MountOptions) -> None:
    """Take samples of the source, the first one at once, if there is a history."""
    if options.history and isinstance(record, History):
        await add_sample(backend, record, age_clock_ns())
        await sample(backend, record, options.history.interval)


async def _run(
    backend: Backend,
    operations: Operations,
    sampling: Callable[[], Awaitable[None]],
    ready: Callable[[], None],
) -> None:
    """Answer requests, beside the source's own work, until unmounted or told to stop."""
    async with trio.open_nursery() as nursery:
        serving = trio.CancelScope()
        await nursery.start(_terminate_on_signal, serving)
        nursery.start_soon(backend.run, operations.watched)
        nursery.start_soon(sampling)
        nursery.start_soon(_announce, ready)
        nursery.start_soon(_give_memory_back, operations)
        nursery.start_soon(operations.run)
        with serving:
            await answer_requests(backend.may_be_late)
        nursery.cancel_scope.cancel()


async def _give_memory_back(operations: Operations) -> None:
    activity: tuple[int, ...] = ()
    while True:
        await trio.sleep(GIVE_BACK_EVERY)
        if operations.stats.activity() != activity:
            activity = operations.stats.activity()
            operations.give_back()
            memory.give_back()


async def _announce(ready: Callable[[], None]) -> None:
    ready()


async def _terminate_on_signal(
    serving: trio.CancelScope,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """End the loop, and whatever waits for a source."""
    with trio.open_signal_receiver(*STOP_SIGNALS) as signals:
        task_status.started()
        async for _ in signals:
            terminate()
            serving.cancel()
