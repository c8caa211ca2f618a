"""The division of codetags into the rows of a group."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from allocfs.formats.textlines import head
from allocfs.query.groups import Group, GroupKey
from allocfs.tags.slots import codetags_of
from allocfs.tags.spelling import module_name, path_of, paths_of
from allocfs.tags.table import Codetag, Ints, NameColumn, Slots, TagTable


class Grouping(NamedTuple):
    """Rows, in the order of their first codetags: row n has the next `sizes[n]` members.

    Fields of a row that the group does not fix are empty.
    """

    rows: list[Codetag]
    members: Slots
    sizes: Ints


class _Form(NamedTuple):
    """The fields of a row, their names, and its name in a line of text."""

    row: Callable[[Codetag], Codetag]
    names: tuple[str, ...]
    head: Callable[[Codetag], str]


_FORMS = {
    GroupKey.MODULE: _Form(
        lambda tag: Codetag("", 0, "", tag.module), ("module",), lambda row: module_name(row.module)
    ),
    GroupKey.FILE: _Form(
        lambda tag: Codetag(path_of(tag.file), 0, ""), ("file",), lambda row: row.file
    ),
    GroupKey.FUNCTION: _Form(
        lambda tag: Codetag("", 0, tag.function), ("function",), lambda row: f"func:{row.function}"
    ),
    GroupKey.SITE: _Form(lambda tag: tag, Codetag._fields, head),
    GroupKey.ALL: _Form(lambda _: Codetag("", 0, ""), (), lambda _: "all"),
}


def divide(group: Group, table: TagTable, slots: Slots) -> Grouping:
    """Divide some codetags into rows."""
    _, first, group_of, sizes = np.unique(
        _numbers(group, table, slots), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    row_of = np.argsort(order)[group_of]
    row = _form(group).row
    return Grouping(
        list(map(row, codetags_of(table, slots[first[order]]))),
        slots[np.argsort(row_of, kind="stable")],
        sizes[order].astype(np.int64),
    )


def field_names(group: Group) -> tuple[str, ...]:
    """Name the fields of a row that a group fixes."""
    return _form(group).names


def heads(group: Group, rows: Iterable[Codetag]) -> list[str]:
    """Name rows as a line of text does, in the place of the codetag."""
    return list(map(_form(group).head, rows))


def starts_of(sizes: Ints) -> Ints:
    """Return the number of elements before each row."""
    starts: Ints = np.cumsum(sizes) - sizes
    return starts


def directory(file: str, depth: int | None) -> str:
    """Return the directory of a source file, `.` if it has none, or its first components."""
    components = posixpath.dirname(path_of(file)).split("/")
    return "/".join(components[:depth]) or "."


def _form(group: Group) -> _Form:
    if group.key != GroupKey.DIR:
        return _FORMS[group.key]
    return _Form(
        lambda tag: Codetag(directory(tag.file, group.depth), 0, ""),
        ("file",),
        lambda row: f"{row.file}/",
    )


def _numbers(group: Group, table: TagTable, slots: Slots) -> Ints | Slots:
    """Return equal numbers for the codetags of one row."""
    match group.key:
        case GroupKey.MODULE:
            return table.module.ids[slots].astype(np.int64)
        case GroupKey.FUNCTION:
            return table.function.ids[slots].astype(np.int64)
        case GroupKey.FILE:
            return _by_file(table, slots, paths_of(table.file.values))
        case GroupKey.DIR:
            names = (directory(file, group.depth) for file in table.file.values)
            return _by_file(table, slots, names)
        case GroupKey.SITE:
            return _by_all_names(table, slots)
        case GroupKey.ALL:
            return np.zeros(len(slots), dtype=np.int64)


def _by_file(table: TagTable, slots: Slots, names: Iterable[str]) -> Ints:
    """Number codetags by a name of their source file."""
    return NameColumn.from_names(names).ids[table.file.ids[slots]].astype(np.int64)


def _by_all_names(table: TagTable, slots: Slots) -> Ints | Slots:
    numbers: Ints | Slots = np.zeros(len(slots), dtype=np.int64)
    for ids in (table.file.ids, table.line, table.function.ids, table.module.ids):
        names, name_of = np.unique(ids[slots], return_inverse=True)
        # The numbers stay below the number of slots, so that the product fits in 64 bits.
        numbers = np.unique(numbers * len(names) + name_of, return_inverse=True)[1]
    return numbers
