"""The selector: a lookup by exact names selects the same tags as comparing all of them."""

from __future__ import annotations

import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.formats.table import RECORDS
from allocfs.query.language import parse
from allocfs.query.selection import matching_tags
from allocfs.tags.table import Flags, Slots, TagTable
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.nodes import Scope, TagFile
from allocfs.vfs.select import Selector
from tests.conftest import TAGS


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
        assert Selector(store).slots(Scope(terms=terms, query=query)).tolist() == expected
        store.unload("ext4")
        store.unload("xfs")
        store.load("ext4")
        store.load("xfs")


def test_everything_is_all_that_is_loaded(store: CodetagStore) -> None:
    store.unload("xfs")
    assert Selector(store).slots(Scope()).tolist() == [0, 1, 2, 3, 4, 7]


class CountingStore(CodetagStore):
    """A store that counts how often its accuracy is asked for."""

    accuracy_reads = 0

    def accurate(self, slots: Slots) -> Flags:
        self.accuracy_reads += 1
        return super().accurate(slots)


def test_one_open_judges_accuracy_once() -> None:
    store = CountingStore(TagTable.from_tags(TAGS), cpus=4)
    terms = "accurate=yes,sort=-bytes"
    file = TagFile(Scope(RECORDS, terms, parse(terms)))
    selector = Selector(store)
    assert len(selector.judge(file, selector.bind(BoundFile(file), file)).slots) == len(TAGS)
    assert store.accuracy_reads == 1
