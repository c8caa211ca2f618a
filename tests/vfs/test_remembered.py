"""The cache of selections: its entries and their lifetime."""

from __future__ import annotations

from allocfs.backend.codetag import CodetagStore
from allocfs.query.language import parse
from allocfs.vfs.nodes import Form, Group, Scope, TagFile
from allocfs.vfs.remembered import MOST_OF_QUERIES, MOST_REMEMBERED, Remembered
from allocfs.vfs.view import FreshSums, Selection


def fresh(store: CodetagStore) -> FreshSums:
    return FreshSums(store, Selection(store.content_id, store.tags.slots))


def of_query(line: int) -> TagFile:
    terms = f"line={line}"
    return TagFile(Scope(Form.RECORDS, terms, parse(terms)))


def test_a_file_is_remembered_while_the_tags_stay(store: CodetagStore) -> None:
    remembered, xfs, sums = Remembered(), TagFile(Scope(), Group.MODULE, "xfs"), fresh(store)
    tags = store.tags
    assert remembered.get(xfs, tags) is None
    remembered.add(xfs, sums)
    assert remembered.get(xfs, tags) is sums
    assert remembered.get(TagFile(Scope()), tags) is None
    store.unload("ext4")
    assert remembered.get(xfs, store.tags) is None


def test_queries_do_not_take_the_place_of_files(store: CodetagStore) -> None:
    remembered, sums, tags = Remembered(), fresh(store), store.tags
    remembered.get(of_query(0), tags)
    for line in range(MOST_REMEMBERED):
        remembered.add(of_query(line), sums)
    for name in map(str, range(MOST_REMEMBERED)):
        remembered.add(TagFile(Scope(), Group.FILE, name), sums)
    kept = [remembered.get(of_query(line), tags) is sums for line in range(MOST_REMEMBERED)]
    assert sum(kept) == MOST_OF_QUERIES
    names = [TagFile(Scope(), Group.FILE, str(n)) for n in range(MOST_REMEMBERED)]
    assert sum(remembered.get(name, tags) is sums for name in names) == (
        MOST_REMEMBERED - MOST_OF_QUERIES
    )
    remembered.clear()
    assert remembered.get(names[0], tags) is None
    remembered.add(of_query(5000), sums)
    assert remembered.get(of_query(5000), tags) is sums
