"""What a path of the mount stands for: nodes, which are values.

Two lookups of one path give equal nodes, so a node can be forgotten and made again.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from allocfs.query.language import EVERYTHING, Query

SUBTREE = ".records"
HELP = ".help"
ABOUT = ("abi.h", "content_id", "schema.json", "source", "stats", "version")
CONTROL = "control"


class Form(StrEnum):
    """How a file represents its tags; the value is the directory that holds the tree."""

    RECORDS = ""
    COUNTERS = "counters"
    TEXT = "text"
    JSON = "json"


class Group(StrEnum):
    """The directories in which tags are grouped by a name."""

    FILE = "by-file"
    FUNCTION = "by-function"
    MODULE = "by-module"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a part of the tree is about: which tags, in which form."""

    form: Form = Form.RECORDS
    terms: str | None = None
    query: Query = EVERYTHING

    @property
    def path(self) -> str:
        """The path of the directory that holds this part of the tree."""
        query = "" if self.terms is None else f"query/{self.terms}"
        return posixpath.join("/", self.form.value, query).rstrip("/")


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

    form: Form

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{Scope(self.form).path}/query"


@dataclass(frozen=True, slots=True)
class GroupDir:
    """`by-file` or a directory below it, `by-function` or `by-module`."""

    scope: Scope
    group: Group
    below: str = ""

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return posixpath.join(self.scope.path or "/", self.group.value, self.below).rstrip("/")


@dataclass(frozen=True, slots=True)
class TagFile:
    """A file of tags: those of one name, those below a directory, or all of the scope."""

    scope: Scope
    group: Group | None = None
    name: str = ""
    subtree: bool = False

    @property
    def path(self) -> str:
        """The path from the mount point."""
        if self.group is None:
            return f"{self.scope.path}/records"
        name = posixpath.join(self.name, SUBTREE) if self.subtree else self.name
        return f"{self.scope.path}/{self.group.value}/{name}"


@dataclass(frozen=True, slots=True)
class AllocinfoFile:
    """`/allocinfo`, the text as the kernel has it."""

    path: str = "/allocinfo"


@dataclass(frozen=True, slots=True)
class HelpFile:
    """`query/.help`, the grammar of queries."""

    form: Form

    @property
    def path(self) -> str:
        """The path from the mount point."""
        return f"{QueriesDir(self.form).path}/{HELP}"


@dataclass(frozen=True, slots=True)
class AboutDir:
    """`/.allocfs`, what the mount says of itself."""

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

Dir = ScopeDir | QueriesDir | GroupDir | AboutDir
File = TagFile | AllocinfoFile | HelpFile | AboutFile
Node = Dir | File
ROOT = ScopeDir(Scope())


class Entry(NamedTuple):
    """A name in a directory; `tags` is how many tags a TagFile holds if listing tells."""

    name: str
    node: Node
    tags: int | None = None
