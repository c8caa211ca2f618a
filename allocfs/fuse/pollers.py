"""Who waits in poll() for content_id to change."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple, Protocol

MOST_POLLERS = 4096  # of those that cannot be seen to leave


class Waiter(Protocol):
    """Whoever waits in poll() for a file to change."""

    def notify(self) -> None:
        """Wake them, so that they poll again."""
        ...


class Poller(NamedTuple):
    """An open file, or a thread where the kernel does not say which open file it is."""

    handle: int
    thread: int


@dataclass(slots=True)
class _State:
    told: int  # the content_id that the poller knows of
    waiter: Waiter | None = None


class Pollers:
    """What each poller was last told, so that each is told of each change once.

    Of those that poll without an open, nobody says when they are done: the oldest are
    forgotten. Who is not known is told of a change if there ever was one.
    """

    def __init__(self, content_id: int) -> None:
        """Begin at the content_id of the mount's beginning."""
        self._first = content_id
        self._states: OrderedDict[Poller, _State] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def opened(self, handle: int, content_id: int) -> None:
        """Note what an open file can know of."""
        self._states[Poller(handle, 0)] = _State(content_id)

    def closed(self, handle: int) -> None:
        """Forget an open file."""
        self._states.pop(Poller(handle, 0), None)

    def changed(self, poller: Poller, content_id: int, waiter: Waiter | None) -> bool:
        """Tell a poller, once, that content_id is another; keep who waits for the next."""
        state = self._states.setdefault(poller, _State(self._first))
        self._states.move_to_end(poller)
        if len(self._states) > MOST_POLLERS:
            self._states.popitem(last=False)
        state.waiter = waiter or state.waiter
        changed = state.told != content_id
        state.told = content_id
        return changed

    def any_waiting(self) -> bool:
        """Tell whether there is anybody to wake."""
        return any(state.waiter is not None for state in self._states.values())

    def wake(self) -> None:
        """Wake all who wait; each Waiter is good for one notification."""
        for state in self._states.values():
            if state.waiter is not None:
                state.waiter.notify()
                state.waiter = None
