"""Nodes: the files and directories of the mount, as values.

Two lookups of one path give equal nodes, so a node can be forgotten and made again.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Literal, NamedTuple

from allocfs.formats.records import TREND_SIZE
from allocfs.formats.table import RECORDS, Format
from allocfs.moments.moment import Taken
from allocfs.moments.when import NOW, When, Window, taken_at
from allocfs.query.language import EVERYTHING, Query
from allocfs.tags.axis import Axis

SUBTREE = ".records"
HELP = ".help"
ABOUT = ("abi.h", "content_id", "history", "schema.json", "source", "stats", "version")
CONTROL = "control"
ABOUT_MOMENT = ("content_id", "source", "time")
MomentKind = Literal["snapshots", "history", "diff", "trend"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the tree: a selection of tags in one format, with the values of some time.

    `top` is the directory that has this format of these values, None for the one of the present.
    """

    format: Format = RECORDS
    terms: str | None = None
    query: Query = EVERYTHING
    when: When = NOW
    top: str | None = None

    @property
    def is_moment(self) -> bool:
        """Whether the values are not those of the present."""
        return self.when != NOW

    @property
    def taken(self) -> Taken | None:
        """The time of the values, as of taken_at()."""
        return taken_at(self.when)

    @property
    def path(self) -> str:
        """The path of the directory that holds this part of the tree."""
        top = f"/{self.format.directory}" if self.top is None else self.top
        query = "" if self.terms is None else f"query/{self.terms}"
        return posixpath.join(top, query).rstrip("/")


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
    """`query/`, in which every well-formed query exists; its scope has no terms."""

    scope: Scope

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{self.scope.path}/query"


@dataclass(frozen=True, slots=True)
class MomentsDir:
    """A directory of moments, or of what changed between them, in one format."""

    scope: Scope
    kind: MomentKind

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{self.scope.path}/{self.kind}"


@dataclass(frozen=True, slots=True)
class MomentLink:
    """A symbolic link from a name such as `-10m` to the moment that it stands for now."""

    parent: MomentsDir
    name: str
    target: str

    @property
    def scope(self) -> Scope:
        """The part of the tree that it is in."""
        return self.parent.scope

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{self.parent.path}/{self.name}"


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
    def record_size(self) -> int:
        """The size of the records in bytes, 0 if the file has none."""
        size = self.scope.format.record_size or 0
        return TREND_SIZE if size and isinstance(self.scope.when, Window) else size

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
    """`/allocinfo`, the text as the kernel has it, of the present or of a moment."""

    scope: Scope = Scope()

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{self.scope.path}/allocinfo"


@dataclass(frozen=True, slots=True)
class HelpFile:
    """`query/.help`, the grammar of queries."""

    scope: Scope

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{QueriesDir(self.scope).path}/{HELP}"


@dataclass(frozen=True, slots=True)
class AboutDir:
    """`.allocfs`, the files about the mount itself, or about a moment."""

    scope: Scope = Scope()

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{self.scope.path}/.allocfs"


@dataclass(frozen=True, slots=True)
class AboutFile:
    """A file of `.allocfs`."""

    name: str
    scope: Scope = Scope()

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{AboutDir(self.scope).path}/{self.name}"


CONTENT_ID = AboutFile("content_id")
CONTROL_FILE = AboutFile(CONTROL)
ALLOCINFO = AllocinfoFile()

Dir = ScopeDir | QueriesDir | AxisDir | AboutDir | MomentsDir
File = TagFile | AllocinfoFile | HelpFile | AboutFile
Node = Dir | File | MomentLink
ROOT = ScopeDir(Scope())


class Entry(NamedTuple):
    """A name in a directory; `tags` is the number of tags of a TagFile, if known."""

    name: str
    node: Node
    tags: int | None = None
