"""What a client may make the daemon keep, and the count of it."""

from __future__ import annotations

from typing import NamedTuple

from allocfs.errors import TooMuchKept


class Limits(NamedTuple):
    """The limits of a mount; each is a mount option."""

    max_open: int = 16384  # open files, and directories being listed
    max_queries: int = 256  # query directories remembered
    max_kept: int = 256 << 20  # bytes of text, held sums and listings


class Budget:
    """How many bytes may be kept for clients, and how many are."""

    def __init__(self, limit: int) -> None:
        """Keep nothing yet."""
        self.limit = limit
        self.used = 0

    def charge(self, nbytes: int) -> Charge:
        """Count bytes for as long as the charge lives.

        Raises TooMuchKept, and counts nothing, if they are more than there is room for.
        """
        if self.used + nbytes > self.limit:
            raise TooMuchKept(
                f"{nbytes} bytes more than the {self.used} kept now would exceed max_kept="
                f"{self.limit}: close files, or mount with a larger max_kept"
            )
        return Charge(self, nbytes)


class Charge:
    """Bytes that count towards a budget: until this goes, with what it is kept beside."""

    __slots__ = ("_budget", "_nbytes")

    def __init__(self, budget: Budget, nbytes: int) -> None:
        """Count them."""
        self._budget = budget
        self._nbytes = nbytes
        budget.used += nbytes

    # Not a method to call: whoever drops the bytes, however that comes, drops this too.
    def __del__(self) -> None:
        self._budget.used -= self._nbytes
