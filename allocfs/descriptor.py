"""A file descriptor with an owner, which closes it."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self


class Descriptor:
    """An open file descriptor; as a context manager it closes it."""

    def __init__(self, fd: int) -> None:
        """Take over an open file descriptor."""
        self.fd = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)
