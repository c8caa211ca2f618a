"""Nodes: the files and directories of the mount, as values.

Two lookups of one path give equal nodes, so a node can be forgotten and made again.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import NamedTuple

from allocfs.formats.table import RECORDS, Format
from allocfs.query.language import EVERYTHING, Query
from allocfs.tags.axis import Axis

SUBTREE = ".records"
HELP = ".help"
ABOUT = ("abi.h", "content_id", "schema.json", "source", "stats", "version")
CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the tree: a selection of tags in one format."""

    format: Format = RECORDS
    terms: str | None = None
    query: Query = EVERYTHING

    @property
    def path(self) -> str:
        """The path of the directory that holds this part of the tree."""
        query = "" if self.terms is None else f"query/{self.terms}"
        return posixpath.join("/", self.format.directory, query).rstrip("/")


@dataclass(frozen=True, slots=True)
class ScopeDir:
    """A directory that has `records`, `by-file` and the like; the root is one."""

    scope: Scope

    @property
    def path(self) -> str:
        """The path from the mount point, starting with a slash."""
        return self.scope.path or "/"


@dataclass(frozen=True, slots=True)
class QueriesDir:
    """`query/`, in which every well-formed query exists."""

    format: Format

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{Scope(self.format).path}/query"


@dataclass(frozen=True, slots=True)
class AxisDir:
    """`by-file` or a directory below it, `by-function` or `by-module`."""

    scope: Scope
    axis: Axis
    below: str = ""

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return posixpath.join(self.scope.path or "/", self.axis.directory, self.below).rstrip("/")


@dataclass(frozen=True, slots=True)
class TagFile:
    """A file of tags: those of one name, those below a directory, or all of the scope."""

    scope: Scope
    axis: Axis | None = None
    name: str = ""
    subtree: bool = False

    @property
    def path(self) -> str:
        """The path from the mount point."""
        if self.axis is None:
            return f"{self.scope.path}/records"
        name = posixpath.join(self.name, SUBTREE) if self.subtree else self.name
        return f"{self.scope.path}/{self.axis.directory}/{name}"

    @property
    def parent(self) -> ScopeDir | AxisDir:
        """The directory that has this file."""
        if self.axis is None:
            return ScopeDir(self.scope)
        if self.subtree:
            return AxisDir(self.scope, self.axis, self.name)
        return AxisDir(self.scope, self.axis, posixpath.dirname(self.name))

    @property
    def entry(self) -> str:
        """The name in that directory."""
        return posixpath.basename(self.path)


@dataclass(frozen=True, slots=True)
class AllocinfoFile:
    """`/allocinfo`, the text as the kernel has it."""

    path: str = "/allocinfo"


@dataclass(frozen=True, slots=True)
class HelpFile:
    """`query/.help`, the grammar of queries."""

    format: Format

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{QueriesDir(self.format).path}/{HELP}"


@dataclass(frozen=True, slots=True)
class AboutDir:
    """`/.allocfs`, the files about the mount itself."""

    path: str = "/.allocfs"


@dataclass(frozen=True, slots=True)
class AboutFile:
    """A file of `/.allocfs`."""

    name: str

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"/.allocfs/{self.name}"


CONTENT_ID = AboutFile("content_id")
CONTROL_FILE = AboutFile(CONTROL)

Dir = ScopeDir | QueriesDir | AxisDir | AboutDir
File = TagFile | AllocinfoFile | HelpFile | AboutFile
Node = Dir | File
ROOT = ScopeDir(Scope())


class Entry(NamedTuple):
    """A name in a directory; `tags` is the number of tags of a TagFile, if known."""

    name: str
    node: Node
    tags: int | None = None
