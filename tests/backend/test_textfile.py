"""Files of text: read completely, and parsed again only if the list of tags has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.backend import textfile
from allocfs.backend.textfile import next_listing
from allocfs.errors import BadCapture, SourceFailed
from tests.support.source_fakes import text


def test_the_table_is_the_same_object_while_the_list_is_the_same() -> None:
    first = next_listing(text(["", "xfs"], 1), "x", None)
    second = next_listing(text(["", "xfs"], 2), "x", first)
    assert second.table is first.table
    assert second.sums.bytes[:2].tolist() == [2000, 2001]
    third = next_listing(text([""], 3), "x", second)
    assert third.table is not first.table
    assert len(third.table) == 87


def test_a_bad_text_is_refused_by_line() -> None:
    first = next_listing(text([""], 1), "x", None)
    with pytest.raises(BadCapture, match=r"^x:90: expected bytes"):
        next_listing(text([""], 2) + b"nonsense\n", "x", first)


def test_a_text_is_read_to_its_end_whatever_its_size_is_said_to_be() -> None:
    assert textfile.read_text("/proc/self/stat").endswith(b"\n")


def test_only_a_file_has_a_text(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="is not a file"):
        textfile.read_text(str(tmp_path))


def test_a_text_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textfile, "MOST_BYTES", 2 << 20)
    path = tmp_path / "text"
    path.write_bytes(bytes(2 << 20))
    assert len(textfile.read_text(str(path))) == 2 << 20
    path.write_bytes(bytes((2 << 20) + 1))
    with pytest.raises(SourceFailed, match="is above 2 MiB"):
        textfile.read_text(str(path))
