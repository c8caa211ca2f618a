"""The clients that wait in poll() for content_id to change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, Protocol

MOST_POLLERS = 4096  # of those whose end the kernel does not report


class Waiter(Protocol):
    """A client that waits in poll() for a file to change."""

    def notify(self) -> None:
        """Wake the client, so that it polls again."""
        ...


class Poller(NamedTuple):
    """An open file, or a thread where the kernel does not say which open file it is."""

    handle: int
    thread: int


@dataclass(slots=True)
class _State:
    content_id: int  # the one that the poller was told last
    waiter: Waiter | None = None


class Pollers:
    """The content_id that each poller was last told, so that each is told of each change once.

    Without open and release the kernel never reports that a poller has gone, so of the threads
    that poll only the newest MOST_POLLERS are kept. An unknown poller is told of a change if
    content_id has changed since the mount.
    """

    def __init__(self, content_id: int) -> None:
        """Begin at the content_id of the mount's beginning."""
        self._first = content_id
        self._files: dict[Poller, _State] = {}
        self._threads: OrderedDict[Poller, _State] = OrderedDict()

    def __len__(self) -> int:
        return len(self._files) + len(self._threads)

    def opened(self, handle: int, content_id: int) -> None:
        """Note the content_id at the open of a file."""
        self._files[Poller(handle, 0)] = _State(content_id)

    def closed(self, handle: int) -> None:
        """Forget an open file."""
        self._files.pop(Poller(handle, 0), None)

    def changed(self, poller: Poller, content_id: int, waiter: Waiter | None) -> bool:
        """Tell a poller, once, of a new content_id; keep its waiter for the next one."""
        state = self._state(poller)
        state.waiter = waiter or state.waiter
        changed = state.content_id != content_id
        state.content_id = content_id
        return changed

    def any_waiting(self) -> bool:
        """Tell whether a client waits."""
        return any(state.waiter is not None for state in self._all())

    def wake(self) -> None:
        """Wake all waiting clients; each Waiter is good for one notification."""
        for state in self._all():
            if state.waiter is not None:
                state.waiter.notify()
                state.waiter = None

    def _state(self, poller: Poller) -> _State:
        if poller.handle:
            return self._files.setdefault(poller, _State(self._first))
        state = self._threads.setdefault(poller, _State(self._first))
        self._threads.move_to_end(poller)
        if len(self._threads) > MOST_POLLERS:
            self._threads.popitem(last=False)
        return state

    def _all(self) -> Iterator[_State]:
        return chain(self._files.values(), self._threads.values())
