"""The names of the mount: the node of each path, and the entries of each directory."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from allocfs.errors import NameNotFound, NameTooLong
from allocfs.formats.table import FORMATS
from allocfs.moments.when import Between, Now, Past, SinceRead, Window
from allocfs.query.language import parse
from allocfs.query.places import Place, require_place
from allocfs.tags.axis import Axis
from allocfs.tags.spelling import NAME_MAX
from allocfs.vfs.branches import Branches
from allocfs.vfs.index import Directory, Span
from allocfs.vfs.moments import MomentNames
from allocfs.vfs.nodes import (
    ABOUT,
    ABOUT_MOMENT,
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
    MomentsDir,
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
    """The directories over the branches of a mount."""

    branches: Branches
    moments: MomentNames
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
        """List a directory; nothing is summed for it, unless it is of a difference to now."""
        match parent:
            case ScopeDir(scope):
                return (Entry(name, node) for name, node in self._scope_entries(scope))
            case QueriesDir(scope):
                return self._query_entries(parent, scope)
            case AxisDir(axis=Axis.FILE):
                return self._source_entries(parent)
            case AxisDir():
                return self._name_entries(parent)
            case MomentsDir():
                return self.moments.entries(parent)
            case AboutDir(scope):
                names = self._about_names(scope)
                return (Entry(name, AboutFile(name, scope)) for name in names)

    def _find(self, parent: Dir, name: str) -> Node | None:
        match parent:
            case ScopeDir(scope):
                return dict(self._scope_entries(scope)).get(name)
            case QueriesDir(scope):
                return HelpFile(scope) if name == HELP else _query_dir(scope, name)
            case AxisDir(axis=Axis.FILE):
                return self._find_source(parent, name)
            case AxisDir(scope, axis):
                return self._existing(TagFile(scope, axis, name))
            case MomentsDir():
                return self.moments.find(parent, name)
            case AboutDir(scope):
                return AboutFile(name, scope) if name in self._about_names(scope) else None

    def _selector(self, scope: Scope) -> Selector:
        return self.branches.of(scope).selector

    def _find_source(self, parent: AxisDir, name: str) -> Node | None:
        if name == SUBTREE:
            return TagFile(parent.scope, Axis.FILE, parent.below, subtree=True)
        path = posixpath.join(parent.below, name)
        directory = AxisDir(parent.scope, Axis.FILE, path)
        selector = self._selector(parent.scope)
        if selector.names.directory(path) is None:
            return self._existing(TagFile(parent.scope, Axis.FILE, path))
        return directory if selector.any_below(directory) else None

    def _existing(self, file: TagFile) -> TagFile | None:
        try:
            self._selector(file.scope).by_name(file)
        except NameNotFound:
            return None
        return file

    def _about_names(self, scope: Scope) -> list[str]:
        if scope.is_moment:
            return list(ABOUT_MOMENT)
        return sorted([*ABOUT, CONTROL]) if self.has_control else list(ABOUT)

    def _query_entries(self, parent: QueriesDir, scope: Scope) -> Iterator[Entry]:
        yield Entry(HELP, HelpFile(scope))
        for terms in self.queries.terms_in(parent):
            yield Entry(terms, _query_dir(scope, terms))

    def _source_entries(self, parent: AxisDir) -> Iterator[Entry]:
        selector = self._selector(parent.scope)
        here = selector.names.directory(parent.below)
        if here is None:
            return
        index = selector.names.index(Axis.FILE)
        before = index.prefix_counts(selector.listed(parent.scope))
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
        selector = self._selector(parent.scope)
        index = selector.names.index(parent.axis)
        before = index.prefix_counts(selector.listed(parent.scope))
        counts = (before[1:] - before[:-1]).tolist()
        for name, count in zip(index.names, counts, strict=True):
            if count:
                yield Entry(name, TagFile(parent.scope, parent.axis, name), count)

    def _scope_entries(self, scope: Scope) -> Iterator[tuple[str, Node]]:
        is_top = scope.terms is None and scope.format.directory == ""
        if is_top and isinstance(scope.when, Now | Past):
            yield "allocinfo", AllocinfoFile(scope)
        yield "records", TagFile(scope)
        if scope.query.group is None:
            for axis in Axis:
                yield axis.directory, AxisDir(scope, axis)
        if scope.terms is None:
            yield "query", QueriesDir(scope)
            yield from self._directories(scope, is_top)

    def _directories(self, scope: Scope, is_top: bool) -> Iterator[tuple[str, Node]]:
        """List the directories of a scope without a query, beside those of its tags."""
        if not scope.is_moment:
            for kind in self.moments.kinds:
                yield kind, MomentsDir(scope, kind)
        if is_top:
            for row in FORMATS:
                if row.directory:
                    top = f"{scope.path}/{row.directory}" if scope.is_moment else None
                    yield row.directory, ScopeDir(replace(scope, format=row, top=top))
            if not isinstance(scope.when, SinceRead):  # each open file has an end of its own
                yield ".allocfs", AboutDir(scope)


def _query_dir(scope: Scope, terms: str) -> ScopeDir:
    query = parse(terms)
    match scope.when:
        case Between() | SinceRead():
            require_place(query, {Place.DIFF})
        case Window():
            require_place(query, {Place.TREND})
        case _:
            require_place(query)
    return ScopeDir(replace(scope, terms=terms, query=query))
