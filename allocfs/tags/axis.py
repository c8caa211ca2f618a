"""The names that every codetag has: its source file, its function and its module."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from allocfs.tags.spelling import module_name, paths_of

if TYPE_CHECKING:  # numpy takes long to import, and the query language does without it
    from allocfs.tags.table import NameColumn, TagTable


class Axis(StrEnum):
    """A kind of name; the value is its key in queries and its column in a TagTable."""

    FILE = "file"
    FUNCTION = "function"
    MODULE = "module"

    @property
    def directory(self) -> str:
        """The directory of the mount that lists these names."""
        return f"by-{self.value}"

    def column(self, table: TagTable) -> NameColumn:
        """Return the column of these names."""
        match self:
            case Axis.FILE:
                return table.file
            case Axis.FUNCTION:
                return table.function
            case Axis.MODULE:
                return table.module

    def spellings(self, values: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the names by which a query finds each value of the column.

        A file has two: the kernel's spelling, and its path below `by-file/`.
        """
        match self:
            case Axis.FILE:
                return [values, paths_of(values)]
            case Axis.FUNCTION:
                return [values]
            case Axis.MODULE:
                return [tuple(map(module_name, values))]
