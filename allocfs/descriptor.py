"""Objects that close themselves, and a file descriptor with such an owner."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Resource(ABC):
    """An object that is closed at the end of a with statement."""

    @abstractmethod
    def close(self) -> None:
        """Give up all that it holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Descriptor(Resource):
    """An open file descriptor."""

    def __init__(self, fd: int) -> None:
        """Take over an open file descriptor."""
        self.fd = fd

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)
