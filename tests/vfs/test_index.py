"""The index of names: the tree of source files, functions and modules."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from allocfs.tags.axis import Axis
from allocfs.tags.table import Codetag, TagTable
from allocfs.vfs.index import Directory, Names, Span, entry_name


def names_of(*files: str) -> Names:
    return Names(TagTable.from_tags([Codetag(file, 1, "f") for file in files]))


def test_both_spellings_of_a_file_have_one_path() -> None:
    names = names_of("drivers/iommu/amd/../iommu-pages.h", "drivers/iommu/iommu-pages.h")
    assert names.index(Axis.FILE).names == ["drivers/iommu/iommu-pages.h"]
    assert names.index(Axis.FILE).slots(Span(0, 1)).tolist() == [0, 1]


def test_a_directory_spans_the_files_below_it_and_no_others() -> None:
    names = names_of("mm/slub.c", "mm-x/a.c", "mm/kasan/b.c", "mm.c", "lib/c.c")
    mm = names.directory("mm")
    assert mm is not None
    assert [names.index(Axis.FILE).names[n] for n in range(*mm.span)] == [
        "mm/kasan/b.c",
        "mm/slub.c",
    ]
    assert sorted(names.root.entries) == ["lib", "mm", "mm-x", "mm.c"]


def test_a_directory_that_a_spelling_leaves_again_exists() -> None:
    names = names_of("a/b/c/../../x.h")
    assert names.directory("a/b/c") == Directory(Span(0, 0), {})
    assert names.directory("a/b") == Directory(Span(0, 0), {})
    assert names.directory("a/d") is None
    assert names.passing["a/b"].tolist() == [0]


def test_a_file_below_a_file_leaves_both_reachable() -> None:
    names = names_of("a", "a/b")
    a = names.directory("a")
    assert a is not None
    assert a.span == Span(0, 2)
    assert a.entries == {"b": 1}


def test_built_in_code_is_vmlinux() -> None:
    table = TagTable.from_tags([Codetag("a.c", 1, "f"), Codetag("b.c", 1, "f", "xfs")])
    assert Names(table).index(Axis.MODULE).names == ["vmlinux", "xfs"]


def test_names_that_no_directory_could_hold_are_escaped() -> None:
    assert [entry_name(name) for name in ("a/b", ".", "..", "f")] == ["a%2Fb", "%2E", "%2E%2E", "f"]


paths = st.lists(
    st.lists(st.sampled_from(["a", "b", "a.c", "a-b"]), min_size=1, max_size=4).map("/".join),
    min_size=1,
    max_size=20,
)


@given(paths)
def test_counts_until_agrees_with_counting_one_by_one(files: list[str]) -> None:
    names = names_of(*files)
    loaded = np.arange(0, len(files), 2)
    until = names.index(Axis.FILE).prefix_counts(loaded)
    for number, path in enumerate(names.index(Axis.FILE).names):
        expected = sum(files[slot] == path for slot in loaded)
        assert until[number + 1] - until[number] == expected


@given(paths)
def test_every_directory_holds_what_has_its_prefix(files: list[str]) -> None:
    names = names_of(*files)
    for directory in {path.rpartition("/")[0] for path in files} - {""}:
        found = names.directory(directory)
        assert found is not None
        expected = [
            slot
            for slot, path in enumerate(files)
            if path.startswith(directory + "/") or path == directory
        ]
        assert sorted(names.index(Axis.FILE).slots(found.span).tolist()) == expected
