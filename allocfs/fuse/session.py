"""The session with the kernel: mount, answer requests until the end, unmount."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pyfuse3

from allocfs.errors import MountFailed
from allocfs.fuse.handler import MOST_WAITING
from allocfs.fuse.operations import Operations
from allocfs.fuse.pages import PageDropper

# Least and most tasks of pyfuse3. More than one only take turns, which is 6 us of 46 for a lookup;
# but a request that waits for a late source keeps its task.
ONE_TASK = (1, 1)
SOME_WAIT = (1, MOST_WAITING + 2)


@contextmanager
def session(
    operations: Operations, mountpoint: str, options: set[str], pages: PageDropper
) -> Iterator[None]:
    """Mount, and unmount at the end. Raises MountFailed."""
    try:
        pyfuse3.init(operations, mountpoint, options)
    except RuntimeError as error:
        raise MountFailed(f"{mountpoint}: the kernel refused the mount: {error}") from error
    try:
        yield
    finally:
        pages.stop()
        # Always: a mount without a daemon to answer would block every program that looks at it.
        pyfuse3.close(unmount=True)  # libfuse detaches a busy mount lazily


async def answer_requests(may_wait: bool) -> None:
    """Answer requests until the mount ends; `may_wait` if some may wait for a late source."""
    await pyfuse3.main(*(SOME_WAIT if may_wait else ONE_TASK))


def terminate() -> None:
    """End answer_requests()."""
    pyfuse3.terminate()


class MountFlags(Protocol):
    """The mount options that libfuse acts on."""

    @property
    def allow_other(self) -> bool: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def no_exec(self) -> bool: ...


def fuse_options(flags: MountFlags, source: str | None) -> set[str]:
    """Return the options of a mount for libfuse, ASCII as pyfuse3 demands."""
    wanted = {
        "subtype=allocfs",
        f"fsname={_escaped(source or 'allocfs')}",
        "default_permissions",  # the kernel checks the modes, and no handler need
        "nosuid",
        "nodev",
        "noatime",
    }
    chosen = {"allow_other": flags.allow_other, "ro": flags.read_only, "noexec": flags.no_exec}
    return wanted | {name for name, on in chosen.items() if on}


def _escaped(name: str) -> str:
    """Write a name so that libfuse's option parser gives back its bytes.

    It splits at commas, and takes a backslash with three octal digits for a byte.
    """
    plain = re.compile(rb"[!-~]")
    return "".join(
        chr(byte) if plain.match(bytes([byte])) and byte not in b",\\" else f"\\{byte:03o}"
        for byte in os.fsencode(name)
    )
