"""Put a mount together: open its source, mount it, and serve it until it is unmounted."""

from __future__ import annotations

import logging
from collections.abc import Callable

import trio

from allocfs.backend.base import may_be_late
from allocfs.backend.simulated import SimulatedStore
from allocfs.backend.static import StaticCapture
from allocfs.fuse import extension
from allocfs.fuse.attributes import Access
from allocfs.fuse.operations import Operations
from allocfs.fuse.periodic import PeriodicFiles
from allocfs.fuse.session import answer_requests, fuse_options, session, terminate
from allocfs.mount import memory, privileges
from allocfs.mount.daemon import STOP_SIGNALS
from allocfs.mount.options import MountOptions
from allocfs.mount.privileges import Capability
from allocfs.mount.sources import Source, open_source
from allocfs.vfs.filesystem import Filesystem

log = logging.getLogger(__name__)

GIVE_BACK_EVERY = 10  # seconds, if anything was asked in them


def serve(
    options: MountOptions, source: str | None, mountpoint: str, ready: Callable[[], None]
) -> None:
    """Mount and serve until unmounted or signalled; call ready() once the mount is usable.

    Raises SourceFailed, BadCapture or OptionError before anything is mounted, MountFailed if
    mounting failed.
    """
    memory.use_one_heap()
    opened = open_source(source, options)
    operations = _operations(Filesystem(opened.backend, opened.controlled, options.limits), options)
    with session(operations, mountpoint, fuse_options(options, source)):
        privileges.drop(_needed(opened))
        memory.collect_young_garbage_only()
        operations.files.answer_directly()
        if not extension.active():
            operations.files.answered = True
            log.warning("the extension _fuseops is not in use: no ioctl, max_age answers opens")
        trio.run(_run, opened, operations, ready)


def _operations(filesystem: Filesystem, options: MountOptions) -> Operations:
    """Choose the serving mode: live, or by periods of max_age."""
    access = Access(options.uid, options.gid, options.mode, options.directory_mode)
    if not options.max_age:
        return Operations(filesystem, access)
    periodic = PeriodicFiles(filesystem, options.max_age)
    return Operations(filesystem, access, periodic, answer_open=options.ioctl)


def _needed(opened: Source) -> list[Capability]:
    """Choose what root keeps: to unmount, and to read a source that is read again."""
    if isinstance(opened.backend, SimulatedStore | StaticCapture):
        return [Capability.SYS_ADMIN]
    return [Capability.SYS_ADMIN, Capability.DAC_READ_SEARCH]


async def _run(opened: Source, operations: Operations, ready: Callable[[], None]) -> None:
    """Answer requests, beside what the source runs, until unmounted or told to stop."""
    async with trio.open_nursery() as nursery:
        serving = trio.CancelScope()
        await nursery.start(_terminate_on_signal, serving)
        if opened.run is not None:
            nursery.start_soon(opened.run, operations.watched)
        nursery.start_soon(_announce, ready)
        nursery.start_soon(_give_memory_back, operations)
        with serving:
            await answer_requests(may_be_late(opened.backend))
        nursery.cancel_scope.cancel()


async def _give_memory_back(operations: Operations) -> None:
    asked: tuple[int, ...] = ()
    while True:
        await trio.sleep(GIVE_BACK_EVERY)
        if operations.stats.asked() != asked:
            asked = operations.stats.asked()
            operations.give_back()


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
