"""The names of the mount: which path is which view.

What a node needs to know of the tags it gets from `Known`, so nothing here holds tags,
counters or open files.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from typing import Protocol

from allocfs.errors import NameNotFound, NameTooLong
from allocfs.query.language import Query, parse
from allocfs.tags.spelling import NAME_MAX
from allocfs.tags.table import Slots
from allocfs.vfs.index import Directory, NameIndex, Names, Span
from allocfs.vfs.nodes import (
    ABOUT,
    CONTROL,
    HELP,
    SUBTREE,
    AboutDir,
    AboutFile,
    AllocinfoFile,
    Dir,
    Entry,
    Form,
    Group,
    GroupDir,
    HelpFile,
    Node,
    QueriesDir,
    Scope,
    ScopeDir,
    TagFile,
)


class Known(Protocol):
    """The tags as the tree sees them."""

    @property
    def names(self) -> Names:
        """The names of all tags, loaded or not."""
        ...

    @property
    def has_control(self) -> bool:
        """Whether the backend takes control lines."""
        ...

    def matching(self, query: Query, among: Slots | None) -> Slots:
        """Return the loaded slots that match a query's tag part, in the kernel's order."""
        ...

    def queries_in_use(self, directory: QueriesDir) -> list[str]:
        """List the queries that were looked up of late in a directory."""
        ...


def lookup(known: Known, parent: Dir, name: str) -> Node:
    """Find a name in a directory.

    Raises NameNotFound, NameTooLong, and BadQuery for a malformed name in `query/`.
    """
    if len(os.fsencode(name)) > NAME_MAX:
        raise NameTooLong(f"{parent.path}: a name of more than {NAME_MAX} bytes")
    match parent:
        case ScopeDir(scope):
            node = dict(_scope_entries(scope)).get(name)
        case QueriesDir(form):
            node = HelpFile(form) if name == HELP else _query_dir(form, name)
        case GroupDir(group=Group.FILE):
            node = _lookup_source(known, parent, name)
        case GroupDir():
            node = _lookup_name(known, parent, name)
        case AboutDir():
            node = AboutFile(name) if name in _about_names(known) else None
    if node is None:
        raise NameNotFound(f"{parent.path}: no {name!r} here")
    return node


def entries(known: Known, parent: Dir) -> Iterator[Entry]:
    """List a directory; nothing is summed for it."""
    match parent:
        case ScopeDir(scope):
            return (Entry(name, node) for name, node in _scope_entries(scope))
        case QueriesDir(form):
            names = known.queries_in_use(parent)
            help_entry = Entry(HELP, HelpFile(form))
            return iter([help_entry, *(Entry(name, _query_dir(form, name)) for name in names)])
        case GroupDir(group=Group.FILE):
            return _source_entries(known, parent)
        case GroupDir():
            return _name_entries(known, parent)
        case AboutDir():
            return (Entry(name, AboutFile(name)) for name in _about_names(known))


def exists(known: Known, directory: GroupDir) -> bool:
    """Tell whether a directory has anything below it, or is passed through by a spelling."""
    if not directory.below:
        return True
    found = known.names.directory(directory.below)
    if found is None:
        return False
    passing = known.names.passing.get(directory.below)
    return _any(known, directory.scope, known.names.files.slots(found.span)) or (
        passing is not None and _any(known, directory.scope, passing)
    )


def slots_of(known: Known, file: TagFile) -> Slots:
    """Return the slots whose tags a file holds as far as names decide, in kernel order."""
    if file.group is None:
        return known.matching(file.scope.query, None)
    return known.matching(file.scope.query, _named_slots(known.names, file))


def _named_slots(names: Names, file: TagFile) -> Slots:
    """Return the slots, loaded or not, of the name that a file stands for."""
    index = _index(names, file.group)
    if not file.subtree:
        number = index.numbers.get(file.name)
        return index.slots(Span(0, 0) if number is None else Span(number, number + 1))
    directory = names.directory(file.name)
    return index.slots(directory.span if directory else Span(0, 0))


def _index(names: Names, group: Group | None) -> NameIndex:
    match group:
        case Group.FUNCTION:
            return names.functions
        case Group.MODULE:
            return names.modules
        case _:
            return names.files


def _scope_entries(scope: Scope) -> Iterator[tuple[str, Node]]:
    if scope == Scope():
        yield "allocinfo", AllocinfoFile()
    yield "records", TagFile(scope)
    for group in Group:
        yield group.value, GroupDir(scope, group)
    if scope.terms is None:
        yield "query", QueriesDir(scope.form)
    if scope == Scope():
        yield from ((form.value, ScopeDir(Scope(form))) for form in Form if form.value)
        yield ".allocfs", AboutDir()


def _query_dir(form: Form, terms: str) -> ScopeDir:
    return ScopeDir(Scope(form, terms, parse(terms)))


def _about_names(known: Known) -> list[str]:
    return sorted([*ABOUT, CONTROL]) if known.has_control else list(ABOUT)


def _lookup_source(known: Known, parent: GroupDir, name: str) -> Node | None:
    if name == SUBTREE:
        return TagFile(parent.scope, Group.FILE, parent.below, subtree=True)
    path = posixpath.join(parent.below, name)
    directory = GroupDir(parent.scope, Group.FILE, path)
    if known.names.directory(path) is None:
        return _existing(known, TagFile(parent.scope, Group.FILE, path))
    return directory if exists(known, directory) else None


def _lookup_name(known: Known, parent: GroupDir, name: str) -> Node | None:
    return _existing(known, TagFile(parent.scope, parent.group, name))


def _any(known: Known, scope: Scope, slots: Slots) -> bool:
    return len(known.matching(scope.query, slots)) > 0


def _existing(known: Known, file: TagFile) -> TagFile | None:
    return file if len(slots_of(known, file)) else None


def _source_entries(known: Known, parent: GroupDir) -> Iterator[Entry]:
    here = known.names.directory(parent.below)
    if here is None:
        return
    until = known.names.files.counts_until(known.matching(parent.scope.query, None))
    subtree = TagFile(parent.scope, Group.FILE, parent.below, subtree=True)
    yield Entry(SUBTREE, subtree, int(until[here.span.last] - until[here.span.first]))
    for name, below in here.entries.items():
        path = posixpath.join(parent.below, name)
        is_directory = isinstance(below, Directory)
        span = below.span if isinstance(below, Directory) else Span(below, below + 1)
        count = int(until[span.last] - until[span.first])
        if count and is_directory:
            yield Entry(name, GroupDir(parent.scope, Group.FILE, path))
        elif count:
            yield Entry(name, TagFile(parent.scope, Group.FILE, path), count)


def _name_entries(known: Known, parent: GroupDir) -> Iterator[Entry]:
    index = _index(known.names, parent.group)
    until = index.counts_until(known.matching(parent.scope.query, None))
    counts = (until[1:] - until[:-1]).tolist()
    for name, count in zip(index.names, counts, strict=True):
        if count:
            yield Entry(name, TagFile(parent.scope, parent.group, name), count)
