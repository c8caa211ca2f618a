"""The pairs of a live text: values that change without a change of the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.backend.procfs import TextBackend
from allocfs.backend.static import StaticCapture
from allocfs.errors import SourceFailed
from tests.support.source_fakes import replace, text

ALL = ["", "xfs", "ext4"]
SECOND = 1_000_000_000


def with_pairs(instant: int, modules: list[str] = ALL) -> bytes:
    """Add pairs whose values are other ones at each instant."""
    lines = text(modules, instant).decode().split("\n")[:-1]
    paired = [f"{line}error_size:{instant + n} " for n, line in enumerate(lines[2:])]
    return "\n".join([*lines[:2], *paired, ""]).encode()


class Source:
    """A text backend over a file that is replaced, and a clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 100 * SECOND
        replace(path, with_pairs(0))
        self.backend = TextBackend(str(path), 1.0, 4, lambda: self.now)

    def renew(self, content: bytes) -> None:
        replace(self.path, content)
        self.now += SECOND
        self.backend.renew()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path / "allocinfo")


def test_pairs_that_change_in_each_pass_change_no_list(source: Source) -> None:
    backend = source.backend
    tags, slots = backend.tags, backend.tags.slots
    passes = backend.extra_stats()["passes"]
    for instant in range(1, 101):
        source.renew(with_pairs(instant))
        pairs = backend.pairs(slots[:2])
        assert pairs == [f"error_size:{instant}", f"error_size:{instant + 1}"]
        assert backend.sums(slots[:1]).bytes.tolist() == [1000 * instant]
    assert backend.tags is tags
    assert backend.tags.content_id == 1
    assert backend.all_loaded_since(1, slots)
    assert backend.extra_stats()["passes"] == passes + 100


def test_pairs_that_come_and_go_change_no_list(source: Source) -> None:
    backend = source.backend
    tags = backend.tags
    source.renew(text(ALL, 1))
    assert backend.pairs(tags.slots) is None
    source.renew(with_pairs(2))
    assert backend.pairs(tags.slots[:1]) == ["error_size:2"]
    assert backend.tags is tags


def test_pairs_are_those_of_their_tags_after_a_module_was_unloaded(source: Source) -> None:
    backend = source.backend
    before = backend.tags.slots
    source.renew(with_pairs(7, ["", "ext4"]))
    assert backend.tags.content_id == 2
    lines = range(len(backend.tags.slots))
    assert backend.pairs(backend.tags.slots) == [f"error_size:{7 + n}" for n in lines]
    gone = [slot for slot in before if slot not in backend.tags.slots]
    assert backend.pairs(before[gone]) == [""] * len(gone)


def test_a_failed_source_has_no_pairs(source: Source) -> None:
    source.renew(b"")
    with pytest.raises(SourceFailed):
        source.backend.pairs(source.backend.tags.slots)


def test_a_capture_has_its_pairs(tmp_path: Path) -> None:
    path = tmp_path / "capture.txt"
    path.write_bytes(with_pairs(5))
    backend = StaticCapture(str(path))
    assert backend.pairs(backend.tags.slots[[3, 1]]) == ["error_size:8", "error_size:6"]
