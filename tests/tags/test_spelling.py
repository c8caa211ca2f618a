"""The spelling of names: paths of source files, and percent escapes."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.tags.spelling import escape, module_name, path_of, paths_of, unescape


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("mm/slub.c", "mm/slub.c"),
        ("./include/linux/slab.h", "include/linux/slab.h"),
        ("drivers/iommu/amd/../iommu-pages.h", "drivers/iommu/iommu-pages.h"),
        ("/root/module/hello.c", "root/module/hello.c"),
        ("//a//b///c.c", "a/b/c.c"),
        ("a/./b/.", "a/b"),
        ("a/b/", "a/b"),
        ("../../x.c", "x.c"),
        ("a/../../x.c", "x.c"),
        ("...", "..."),
        ("a/..b", "a/..b"),
    ],
)
def test_a_path_has_no_dots_and_starts_with_a_name(file: str, path: str) -> None:
    assert path_of(file) == path


@pytest.mark.parametrize("file", ["", ".", "/", "//", "..", "a/..", "./"])
def test_a_file_whose_name_leaves_nothing_still_has_a_path(file: str) -> None:
    assert path_of(file) == "%2E"


@given(st.lists(st.sampled_from(["", ".", "..", "...", "a", "b.c"])).map("/".join))
def test_every_component_of_a_path_can_be_looked_up(file: str) -> None:
    assert not {"", ".", ".."} & set(path_of(file).split("/"))
    assert path_of(path_of(file)) == path_of(file)


def test_the_paths_of_a_table_are_in_the_order_of_its_names() -> None:
    files = ("./b.c", "a.c", "a/../b.c")
    paths = paths_of(files)
    assert paths == ("b.c", "a.c", "b.c")
    assert paths[1] is files[1]


def test_built_in_code_has_the_name_of_the_kernel_image() -> None:
    assert [module_name(module) for module in ("", "xfs")] == ["vmlinux", "xfs"]


@given(st.text().filter(lambda text: "\0" not in text))
def test_what_another_encoder_escapes_is_unescaped(text: str) -> None:
    assert unescape(quote(text, safe="")) == text


@given(st.text().filter(lambda text: "\0" not in text))
def test_escaping_changes_special_characters_only(text: str) -> None:
    assert escape(text, "/%") == text.replace("%", "%25").replace("/", "%2F")
    assert unescape(escape(text, "/%,|")) == text


def test_escapes_are_read_in_either_case() -> None:
    assert unescape("%2f%C3%a9%2C") == "/é,"


@pytest.mark.parametrize("text", ["%", "a%", "%2", "%zz", "%2G", "%%41", "%+1", "% 1", "%٣٣"])
def test_a_percent_sign_without_two_hex_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="two hex digits"):
        unescape(text)


@pytest.mark.parametrize("text", ["%FF", "%C3", "%A9", "é%A9", "%C3-%A9", "%ED%A0%80"])
def test_escaped_bytes_that_are_not_utf8_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        unescape(text)


def test_an_escaped_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="%00"):
        unescape("a%00b")
