"""Open files and listings, by the handles that the kernel holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from allocfs.nodes import File
from allocfs.view import View

T = TypeVar("T")


class Waiter(Protocol):
    """Whoever waits in poll() for a file to change."""

    def notify(self) -> None:
        """Wake them, so that they poll again."""
        ...


@dataclass(slots=True)
class OpenFile:
    """A view, and the content_id that a poll() of it was last told of."""

    node: File
    view: View
    content_id: int
    waiter: Waiter | None = None

    def wake(self) -> None:
        """Wake whoever waits; each Waiter may be notified once."""
        if self.waiter is not None:
            self.waiter.notify()
            self.waiter = None


class Handles(Generic[T]):
    """Things by handle; handles count up from 1 and are not used again."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._held: dict[int, T] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, handle: int) -> T:
        return self._held[handle]

    def values(self) -> list[T]:
        """Return all that is held."""
        return list(self._held.values())

    def add(self, thing: T) -> int:
        """Hold a thing; return its handle."""
        self._last += 1
        self._held[self._last] = thing
        return self._last

    def drop(self, handle: int) -> None:
        """Hold a thing no longer."""
        del self._held[handle]
