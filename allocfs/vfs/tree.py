"""The names of the mount: the node of each path, and the entries of each directory."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from allocfs.errors import NameNotFound, NameTooLong
from allocfs.formats.table import FORMATS, Format
from allocfs.query.language import parse
from allocfs.tags.axis import Axis
from allocfs.tags.spelling import NAME_MAX
from allocfs.vfs.index import Directory, Span
from allocfs.vfs.nodes import (
    ABOUT,
    CONTROL,
    HELP,
    SUBTREE,
    AboutDir,
    AboutFile,
    AllocinfoFile,
    AxisDir,
    Dir,
    Entry,
    HelpFile,
    Node,
    QueriesDir,
    Scope,
    ScopeDir,
    TagFile,
)
from allocfs.vfs.queries import RecentQueries
from allocfs.vfs.select import Selector


@dataclass(frozen=True, eq=False)
class Tree:
    """The directories over one selector."""

    selector: Selector
    queries: RecentQueries
    has_control: bool

    def lookup(self, parent: Dir, name: str) -> Node:
        """Find a name in a directory.

        Raises NameNotFound, NameTooLong, and BadQuery for a malformed name in `query/`.
        """
        if len(os.fsencode(name)) > NAME_MAX:
            raise NameTooLong(f"{parent.path}: a name of more than {NAME_MAX} bytes")
        node = self._find(parent, name)
        if node is None:
            raise NameNotFound(f"{parent.path}: no {name!r} here")
        return node

    def entries(self, parent: Dir) -> Iterator[Entry]:
        """List a directory; nothing is summed for it."""
        match parent:
            case ScopeDir(scope):
                return (Entry(name, node) for name, node in _scope_entries(scope))
            case QueriesDir(format):
                return self._query_entries(parent, format)
            case AxisDir(axis=Axis.FILE):
                return self._source_entries(parent)
            case AxisDir():
                return self._name_entries(parent)
            case AboutDir():
                return (Entry(name, AboutFile(name)) for name in self._about_names())

    def _find(self, parent: Dir, name: str) -> Node | None:
        match parent:
            case ScopeDir(scope):
                return dict(_scope_entries(scope)).get(name)
            case QueriesDir(format):
                return HelpFile(format) if name == HELP else _query_dir(format, name)
            case AxisDir(axis=Axis.FILE):
                return self._find_source(parent, name)
            case AxisDir(scope, axis):
                return self._existing(TagFile(scope, axis, name))
            case AboutDir():
                return AboutFile(name) if name in self._about_names() else None

    def _find_source(self, parent: AxisDir, name: str) -> Node | None:
        if name == SUBTREE:
            return TagFile(parent.scope, Axis.FILE, parent.below, subtree=True)
        path = posixpath.join(parent.below, name)
        directory = AxisDir(parent.scope, Axis.FILE, path)
        if self.selector.names.directory(path) is None:
            return self._existing(TagFile(parent.scope, Axis.FILE, path))
        return directory if self.selector.any_below(directory) else None

    def _existing(self, file: TagFile) -> TagFile | None:
        try:
            self.selector.by_name(file)
        except NameNotFound:
            return None
        return file

    def _about_names(self) -> list[str]:
        return sorted([*ABOUT, CONTROL]) if self.has_control else list(ABOUT)

    def _query_entries(self, parent: QueriesDir, format: Format) -> Iterator[Entry]:
        yield Entry(HELP, HelpFile(format))
        for terms in self.queries.terms_in(parent):
            yield Entry(terms, _query_dir(format, terms))

    def _source_entries(self, parent: AxisDir) -> Iterator[Entry]:
        here = self.selector.names.directory(parent.below)
        if here is None:
            return
        index = self.selector.names.index(Axis.FILE)
        before = index.prefix_counts(self.selector.slots(parent.scope.query))
        subtree = TagFile(parent.scope, Axis.FILE, parent.below, subtree=True)
        yield Entry(SUBTREE, subtree, int(before[here.span.last] - before[here.span.first]))
        for name, below in here.entries.items():
            path = posixpath.join(parent.below, name)
            span = below.span if isinstance(below, Directory) else Span(below, below + 1)
            count = int(before[span.last] - before[span.first])
            if count and isinstance(below, Directory):
                yield Entry(name, AxisDir(parent.scope, Axis.FILE, path))
            elif count:
                yield Entry(name, TagFile(parent.scope, Axis.FILE, path), count)

    def _name_entries(self, parent: AxisDir) -> Iterator[Entry]:
        index = self.selector.names.index(parent.axis)
        before = index.prefix_counts(self.selector.slots(parent.scope.query))
        counts = (before[1:] - before[:-1]).tolist()
        for name, count in zip(index.names, counts, strict=True):
            if count:
                yield Entry(name, TagFile(parent.scope, parent.axis, name), count)


def _scope_entries(scope: Scope) -> Iterator[tuple[str, Node]]:
    if scope == Scope():
        yield "allocinfo", AllocinfoFile()
    yield "records", TagFile(scope)
    for axis in Axis:
        yield axis.directory, AxisDir(scope, axis)
    if scope.terms is None:
        yield "query", QueriesDir(scope.format)
    if scope == Scope():
        yield from ((row.directory, ScopeDir(Scope(row))) for row in FORMATS if row.directory)
        yield ".allocfs", AboutDir()


def _query_dir(format: Format, terms: str) -> ScopeDir:
    return ScopeDir(Scope(format, terms, parse(terms)))
