"""The selection cache: which files, and for how long."""

from __future__ import annotations

from allocfs.backend.counterstore import CodetagStore
from allocfs.formats.table import RECORDS
from allocfs.query.language import parse
from allocfs.tags.axis import Axis
from allocfs.vfs.nodes import Scope, TagFile
from allocfs.vfs.selectioncache import MOST_FILES, MOST_OF_QUERIES, SelectionCache
from allocfs.vfs.sums import Selection


def selection(store: CodetagStore) -> Selection:
    return Selection(store.content_id, store.tags.slots)


def of_query(line: int) -> TagFile:
    terms = f"line={line}"
    return TagFile(Scope(RECORDS, terms, parse(terms)))


def test_a_file_is_cached_while_the_tags_stay(store: CodetagStore) -> None:
    cache, xfs, chosen = SelectionCache(), TagFile(Scope(), Axis.MODULE, "xfs"), selection(store)
    tags = store.tags
    assert cache.get(xfs, tags) is None
    cache.add(xfs, chosen)
    assert cache.get(xfs, tags) is chosen
    assert cache.get(TagFile(Scope()), tags) is None
    store.unload("ext4")
    assert cache.get(xfs, store.tags) is None


def test_queries_do_not_take_the_place_of_files(store: CodetagStore) -> None:
    cache, chosen, tags = SelectionCache(), selection(store), store.tags
    cache.get(of_query(0), tags)
    for line in range(MOST_FILES):
        cache.add(of_query(line), chosen)
    for name in map(str, range(MOST_FILES)):
        cache.add(TagFile(Scope(), Axis.FILE, name), chosen)
    kept = [cache.get(of_query(line), tags) is chosen for line in range(MOST_FILES)]
    assert sum(kept) == MOST_OF_QUERIES
    names = [TagFile(Scope(), Axis.FILE, str(n)) for n in range(MOST_FILES)]
    assert sum(cache.get(name, tags) is chosen for name in names) == (MOST_FILES - MOST_OF_QUERIES)
    cache.clear()
    assert cache.get(names[0], tags) is None
    cache.add(of_query(5000), chosen)
    assert cache.get(of_query(5000), tags) is chosen
