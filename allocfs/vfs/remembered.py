"""The selections that names decided, each made once for those who open the same files."""

from __future__ import annotations

from allocfs.tags.table import TagList
from allocfs.vfs.nodes import TagFile
from allocfs.vfs.view import FreshSums

MOST_REMEMBERED = 4096  # files
MOST_OF_QUERIES = 256  # of those; there is no end of queries


class Remembered:
    """Sums of now by file, for as long as the list of tags stays the same.

    Pollers open the same files again and again, and many clients the same files at once.
    """

    def __init__(self) -> None:
        """Remember nothing."""
        self._tags: TagList | None = None
        self.clear()

    def get(self, file: TagFile, tags: TagList) -> FreshSums | None:
        """Return what is remembered of a file, if it was made of these tags."""
        if self._tags is not tags:
            self._tags = tags
            self.clear()
        return self._by_file.get(file)

    def add(self, file: TagFile, fresh: FreshSums) -> None:
        """Remember what was made of the tags that were asked for last."""
        of_query = file.scope.terms is not None
        if len(self._by_file) < MOST_REMEMBERED and self._of_queries + of_query <= MOST_OF_QUERIES:
            self._by_file[file] = fresh
            self._of_queries += of_query

    def clear(self) -> None:
        """Begin anew, so that it is the files opened lately that are remembered."""
        self._by_file: dict[TagFile, FreshSums] = {}
        self._of_queries = 0
