"""The catalogue: a lookup by exact names selects the same tags as comparing all of them."""

from __future__ import annotations

import pytest

from allocfs.backend.codetag import CodetagStore
from allocfs.query.language import EVERYTHING, parse
from allocfs.query.selection import matching_tags
from allocfs.vfs.catalogue import Catalogue
from allocfs.vfs.nodes import Form, QueriesDir


@pytest.mark.parametrize(
    "terms",
    [
        "file=mm%2Fslub.c",
        "file=.%2Finclude%2Flinux%2Fslab.h",
        "file=include%2Flinux%2Fslab.h",
        "file=drivers%2Fiommu%2Famd%2F..%2Fiommu-pages.h",
        "file=drivers%2Fiommu%2Fiommu-pages.h|drivers%2Fiommu%2Famd%2F..%2Fiommu-pages.h",
        "file=nosuch.c",
        "file!=mm%2Fslub.c",
        "function=xlog_alloc|kmalloc",
        "module=vmlinux",
        "module=ext4|xfs,line=7",
        "module=xfs,file=mm%2Fslub.c",
        "function=xlog*,module=xfs",
    ],
)
def test_exact_names_narrow_without_changing_the_answer(store: CodetagStore, terms: str) -> None:
    query = parse(terms)
    for _ in range(2):
        expected = matching_tags(query, store.tags).tolist()
        assert Catalogue(store).matching(query, None).tolist() == expected
        store.unload("ext4")
        store.unload("xfs")
        store.load("ext4")
        store.load("xfs")


def test_everything_is_all_that_is_loaded(store: CodetagStore) -> None:
    store.unload("xfs")
    assert Catalogue(store).matching(EVERYTHING, None).tolist() == [0, 1, 2, 3, 4, 7]


def test_the_oldest_query_gives_way(store: CodetagStore) -> None:
    catalogue, directory = Catalogue(store, max_queries=9), QueriesDir(Form.TEXT)
    for number in range(9):
        assert catalogue.use_query(directory, f"line={number}") is None
    assert catalogue.use_query(directory, "line=0") is None
    oldest = catalogue.use_query(directory, "line=9999")
    assert oldest is not None
    assert oldest.terms == "line=1"
    assert len(catalogue.queries_in_use(directory)) == 9 == catalogue.queries
    assert catalogue.queries_in_use(QueriesDir(Form.RECORDS)) == []
