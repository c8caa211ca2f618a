"""The limits on the memory and handles that clients can take, and the account of them."""

from __future__ import annotations

from typing import NamedTuple

from allocfs.errors import TooMuchMemory


class Limits(NamedTuple):
    """The limits of a mount; each is a mount option."""

    max_open: int = 16384  # open files, and directories being listed
    max_queries: int = 256  # query directories remembered
    max_kept: int = 256 << 20  # bytes of text, held sums, listings and snapshots
    max_snapshots: int = 64


class Budget:
    """The bytes reserved for clients, and the most there may be."""

    def __init__(self, limit: int) -> None:
        """Keep nothing yet."""
        self.limit = limit
        self.used = 0

    def reserve(self, nbytes: int) -> Reservation:
        """Reserve bytes for as long as the reservation lives.

        Raises TooMuchMemory, and reserves nothing, if that would exceed the limit.
        """
        if self.used + nbytes > self.limit:
            raise TooMuchMemory(
                f"{nbytes} bytes more than the {self.used} kept now would exceed max_kept="
                f"{self.limit}: close files, or mount with a larger max_kept"
            )
        return Reservation(self, nbytes)


class Reservation:
    """A reservation of bytes in a Budget.

    It ends when this object is collected, so store it next to the data that it accounts for.
    """

    __slots__ = ("_budget", "_nbytes")

    def __init__(self, budget: Budget, nbytes: int) -> None:
        """Count them."""
        self._budget = budget
        self._nbytes = nbytes
        budget.used += nbytes

    # There is no method to release it: no code path can then forget to.
    def __del__(self) -> None:
        self._budget.used -= self._nbytes
