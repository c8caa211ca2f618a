"""Take samples of a source at regular times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from allocfs.backend.base import Backend
from allocfs.clock import age_clock_ns
from allocfs.errors import SourceFailed, SourceLate
from allocfs.moments.history import History
from allocfs.moments.moment import Moment, take

_NS = 1_000_000_000


async def sample(
    backend: Backend,
    history: History,
    interval: float,
    clock: Callable[[], int] = age_clock_ns,
    sleep: Callable[[float], Awaitable[None]] = trio.sleep,
) -> None:
    """Add a sample at each multiple of an interval, in seconds, of the boot clock, until cancelled.

    A sample whose time has passed is not made up for. One that fails is a gap.
    """
    period_ns = round(interval * _NS)
    while True:
        due_ns = (clock() // period_ns + 1) * period_ns
        while (now_ns := clock()) < due_ns:
            await sleep((due_ns - now_ns) / _NS)
        await add_sample(backend, history, due_ns)


async def add_sample(backend: Backend, history: History, due_ns: int) -> None:
    """Add a sample of now, or a gap if the source fails; `due_ns` is the time of the gap."""
    try:
        history.add(await _taken(backend))
    except SourceFailed as error:
        history.note_gap(str(error), due_ns)


async def _taken(backend: Backend) -> Moment:
    """Take a moment, once the source has answered. Raises SourceFailed."""
    while True:
        backend.renew()
        try:
            return take(backend)
        except SourceLate as late:
            await late.answer()
