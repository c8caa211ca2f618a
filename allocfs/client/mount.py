"""A mount: its records now, its moments, and the differences between them."""

from __future__ import annotations

import errno
import os

from allocfs.client.changes import Changes
from allocfs.client.moments import Difference, Moment, MomentNames, Snapshot
from allocfs.client.queries import Condition, records_path
from allocfs.client.records import StrPath, read_records
from allocfs.client.trends import Trend
from allocfs.formats.records import Records
from allocfs.moments.names import ALL, NOW
from allocfs.query.places import Place


class Mount:
    """A mount of allocfs by its path; nothing is kept open.

    Methods that take a query take it as text, as conditions by keyword, or as both. A name in a
    keyword is a pattern, in which `/`, `,`, `|` and `%` are ordinary characters; an iterable gives
    alternatives. All of them raise OSError, and BadQuery if the query is malformed.
    """

    def __init__(self, path: StrPath) -> None:
        """Find a mount. Raises OSError, FileNotFoundError if none is there."""
        self.path = os.path.abspath(os.fspath(path))
        self._names = MomentNames(self.path)
        try:
            os.stat(f"{self.path}/.allocfs/version")
        except (FileNotFoundError, NotADirectoryError):
            reason = "no mount of allocfs is there"
            raise FileNotFoundError(errno.ENOENT, reason, self.path) from None

    def __repr__(self) -> str:
        return f"Mount({self.path!r})"

    def records(self, query: str | None = None, **conditions: Condition) -> Records:
        """Read the records of now that a query selects; shape (n,), dtype RECORD.

        Raises TagGone if a module is unloaded meanwhile.
        """
        return read_records(records_path(self.path, query, conditions))

    def moment(self, name: str) -> Moment:
        """Find a moment: a snapshot, a sample, `now`, `first`, `last`, or by age or time.

        An age is such as `-10m`, a time such as `@2026-11-25T10:00:00Z`. Raises FileNotFoundError,
        naming the moments that there are.
        """
        return self._names.find(name)

    def snapshot(self, name: str) -> Snapshot:
        """Take a snapshot. Raises FileExistsError, and OSError for a name that none can have."""
        return self._names.take(name)

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots in the order of their names."""
        return self._names.snapshots()

    def history(self) -> list[Moment]:
        """Return the samples, or the captures of a series, the oldest first."""
        return self._names.history()

    def diff(self, before: str | Moment, after: str | Moment = NOW) -> Difference:
        """Return the difference of two moments. Raises FileNotFoundError as moment() does."""
        return Difference(self._names, self._exact(before), self._exact(after))

    def trend(self, window: str = ALL) -> Trend:
        """Return the trends over the samples of the last so much time. Raises FileNotFoundError."""
        return Trend(self.path, window)

    def changes(self, query: str | None = None, **conditions: Condition) -> Changes:
        """Return an iterator over the differences since its last element."""
        directory = f"{self.path}/diff/last-read"
        return Changes(records_path(directory, query, conditions, {Place.DIFF}))

    def _exact(self, moment: str | Moment) -> str:
        return self._names.find(moment).name if isinstance(moment, str) else moment.name
