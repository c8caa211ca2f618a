"""A cache of selections, shared by clients that open the same file."""

from __future__ import annotations

from allocfs.tags.table import TagList
from allocfs.vfs.nodes import TagFile
from allocfs.vfs.sums import Selection

MOST_FILES = 4096
MOST_OF_QUERIES = 256  # of those; there is no end of queries


class SelectionCache:
    """Selections by file, for as long as the list of tags stays the same.

    Pollers open the same files again and again, and many clients the same files at once.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._tags: TagList | None = None
        self.clear()

    def get(self, file: TagFile, tags: TagList) -> Selection | None:
        """Return the selection of a file, if it is cached and was made of these tags."""
        if self._tags is not tags:
            self._tags = tags
            self.clear()
        return self._by_file.get(file)

    def add(self, file: TagFile, selection: Selection) -> None:
        """Cache a selection made of the tags of the last get()."""
        of_query = file.scope.terms is not None
        if len(self._by_file) < MOST_FILES and self._of_queries + of_query <= MOST_OF_QUERIES:
            self._by_file[file] = selection
            self._of_queries += of_query

    def clear(self) -> None:
        """Empty the cache, so that the files opened lately fill it anew."""
        self._by_file: dict[TagFile, Selection] = {}
        self._of_queries = 0
