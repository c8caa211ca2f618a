"""Pseudonyms: consistent, of unknown names alone, and nothing else of a capture changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.formats.pseudonyms import Pseudonyms, anonymize, known
from allocfs.formats.text import parse
from allocfs.formats.textlines import HEADER
from allocfs.tags.table import Codetag
from tests import support

CAPTURES = sorted(support.CAPTURES.glob("linux-*.txt"))
NAMES = st.from_regex("[a-z_0-9]{1,12}", fullmatch=True)
FILES = st.lists(st.one_of(st.sampled_from(["drivers", "net", "mm", "..", "."]), NAMES), max_size=4)
TAGS = st.builds(
    lambda above, name, function, module: Codetag(
        "/".join([*above, f"{name}.c"]), 7, function, module
    ),
    FILES,
    NAMES,
    NAMES,
    st.one_of(st.just(""), NAMES),
)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_of_a_public_kernel_stays_as_it_is(path: Path) -> None:
    text = path.read_bytes()
    pseudonyms = Pseudonyms(b"key")
    lines = anonymize(parse(text, "a capture"), pseudonyms).splitlines()
    assert lines[2:] == text.splitlines()[2:]
    assert not any(pseudonyms.replaced.values())


def test_the_shipped_names_are_those_of_the_captures() -> None:
    names = {kind: set(getattr(known(), kind)) for kind in ("files", "functions", "modules")}
    found: dict[str, set[str]] = {kind: set() for kind in names}
    for path in CAPTURES:
        table = parse(path.read_bytes(), path.name).table
        found["files"] |= set(table.file.values)
        found["functions"] |= set(table.function.values)
        found["modules"] |= set(table.module.values) - {""}
    assert names == found


@given(st.lists(TAGS, min_size=1, max_size=8))
def test_unknown_names_are_replaced_and_known_ones_stay(tags: list[Codetag]) -> None:
    text = (
        HEADER
        + "".join(
            f"{n:12d} {1:8d} {tag.file}:{tag.line} {f'[{tag.module}] ' if tag.module else ''}"
            f"func:{tag.function} \n"
            for n, tag in enumerate(tags)
        ).encode()
    )
    pseudonyms = Pseudonyms(b"key")
    shown = parse(anonymize(parse(text, "a text"), pseudonyms), "another")
    given_names: dict[Codetag, Codetag] = {}
    for slot, tag in enumerate(tags):
        found = shown.table.tag(slot)
        assert shown.sums.bytes[slot] == slot
        assert given_names.setdefault(tag, found) == found
        assert (found.function == tag.function) == (tag.function in known().functions)
        assert (found.module == tag.module) == (not tag.module or tag.module in known().modules)
        assert (found.file == tag.file) == (tag.file in known().files)
    assert len(set(given_names.values())) == len(given_names)


def test_a_path_keeps_its_shape() -> None:
    pseudonyms = Pseudonyms(b"key")
    path = pseudonyms.of_file("drivers/net/acme/core/../gpu.tab.c")
    assert re.fullmatch(
        r"drivers/net/directory_[0-9a-f]{10}/directory_[0-9a-f]{10}/\.\./file_[0-9a-f]{10}\.c", path
    )
    assert pseudonyms.of_file("/home/bob/x") == pseudonyms.of_file("/home/bob/x")
    assert pseudonyms.of_file("/home/bob/x").count("/") == 3
    assert Pseudonyms(b"other").of_file("/home/bob/x") != pseudonyms.of_file("/home/bob/x")


def test_pairs_and_headers_that_may_tell_names_are_left_out() -> None:
    text = (
        b"allocinfo - version: 2.0\n# host: alice\n# partial: what grep found on alice\n"
        b"5 1 mm/slub.c:9 func:alloc_slab_page owner:alice accumulated:7 accurate:no"
        b" approx:yes bounds:4..6 nid0_bytes:5 \n"
    )
    pseudonyms = Pseudonyms(b"key")
    shown = anonymize(parse(text, "a text"), pseudonyms)
    assert b"alice" not in shown
    assert shown.splitlines()[2:] == [
        b"# partial: 1 codetags",
        b"           5        1 mm/slub.c:9 func:alloc_slab_page accurate:no approx:yes"
        b" bounds:4..6 accumulated:7 nid0_bytes:5 ",
    ]
    assert pseudonyms.pairs_left_out == 1
