"""Live texts of later kernels: served as far as they are understood, with a notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.backend.livetext import LiveText
from allocfs.backend.procfs import TextBackend, TextReader
from allocfs.backend.static import StaticCapture
from allocfs.errors import BadCapture
from allocfs.formats.text import parse
from tests.support.source_fakes import pairs, replace, text

LATER = text(["", "xfs"], 1).replace(b"version: 2.0", b"version: 3.1")
SECOND = 1_000_000_000


def with_nodes(instant: int) -> bytes:
    """Add lines of NUMA nodes, with values of an instant."""
    header, names, *lines = text(["", "xfs"], instant).splitlines(keepends=True)
    node = b"        nid0 %d %d\n" % (instant, instant)
    return header + names + b"".join(line + node for line in lines)


def test_unknown_parts_of_a_live_text_are_told_in_source(tmp_path: Path) -> None:
    path, now = tmp_path / "allocinfo", [0]
    replace(path, LATER)
    backend = TextBackend(str(path), 1.0, 4, lambda: now[0])
    tags = backend.tags
    assert pairs(backend.describe())["notice"] == "unknown header version 3.1"
    replace(path, text(["", "xfs"], 2) + b"total 12\n" * 12)
    now[0] += SECOND
    backend.renew()
    assert pairs(backend.describe())["notice"] == "ignored 12 lines such as 'total 12'"
    replace(path, text(["", "xfs"], 3))
    now[0] += SECOND
    backend.renew()
    assert "notice" not in backend.describe()
    assert backend.tags is tags
    assert backend.sums(tags.slots[:1]).bytes.tolist() == [3000]


def test_nodes_are_values_too() -> None:
    live = LiveText("x")
    first = live.take(with_nodes(1))
    for instant in range(2, 5):
        listing = live.take(with_nodes(instant))
        assert listing.table is first.table
        assert listing.pairs is not None
        assert set(listing.pairs) == {f"nid0_bytes:{instant} nid0_calls:{instant}"}
        assert parse(live.text, "capture").pairs == listing.pairs


def test_a_reader_has_the_text_as_a_capture_has_it(tmp_path: Path) -> None:
    path = tmp_path / "allocinfo"
    path.write_bytes(LATER + b"x\n")
    reader = TextReader(str(path))
    assert reader.read().notice.startswith("unknown header version 3.1; ignored 1 line")
    assert reader.text == text(["", "xfs"], 1)


def test_a_text_of_an_older_version_is_a_capture_again_after_a_strange_line() -> None:
    old = text([""], 1).replace(b"version: 2.0", b"version: 1.0")
    live = LiveText("x")
    new = text([""], 1)
    for content, taken in ((old, old), (old + b"x\n", new), (old, new), (old, old)):
        live.take(content)
        assert live.text == taken


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (b"x" * 100 + b"\n", "x:1: expected bytes"),
        (b"", "x:1: expected codetags, found an empty file"),
        (b"allocinfo - version: 3.1\n", "x:1: expected `allocinfo - version:` 1.x or 2.x"),
        (LATER[:-9], "x:108: expected a newline after"),
    ],
)
def test_a_live_text_without_a_codetag_or_its_end_is_refused(damaged: bytes, message: str) -> None:
    with pytest.raises(BadCapture, match=message):
        LiveText("x").take(damaged)


@pytest.mark.parametrize(
    ("capture", "place"), [(LATER, "1"), (text([""], 1) + b"x\n", "90"), (with_nodes(1), "4")]
)
def test_a_capture_stays_strict(tmp_path: Path, capture: bytes, place: str) -> None:
    path = tmp_path / "capture.txt"
    path.write_bytes(capture)
    with pytest.raises(BadCapture, match=f"capture.txt:{place}: expected .*, found"):
        StaticCapture(str(path))
