"""A poller that gets only the differences since its last call."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from allocfs.client.records import DIFFERENCE, RecordFile
from allocfs.descriptor import Resource
from allocfs.formats.records import Records

_NO_LAST_READ = "a mount with max_age has no differences to the last read"


class Changes(Resource):
    """The successive differences of some records, as an iterator without an end.

    The first one is the difference to nothing: the records whose values are not zero. So the sum of
    all differences is the present values. A call that raises OSError loses nothing: the next call
    returns its difference.
    """

    def __init__(self, path: str) -> None:
        """Open a file below `diff/last-read/`; nothing is summed yet."""
        with _explained(path):
            self._file = RecordFile(path)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Records:
        """Read the differences since the last call, perhaps none; dtype DIFFERENCE."""
        with _explained(self._file.path):
            return self._file.read().view(DIFFERENCE)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Give the reason of EINVAL; the query is good, so there is only one."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise OSError(errno.EINVAL, _NO_LAST_READ, path) from None
        raise
