"""Files of text: read completely, and parsed again only if the list of tags has changed."""

from __future__ import annotations

import gzip
import lzma
import sys
from pathlib import Path

import pytest

from allocfs.backend import textfile
from allocfs.backend.textfile import next_listing, read_capture
from allocfs.errors import BadCapture, SourceFailed
from allocfs.formats.text import parse
from allocfs.formats.textlines import HEADER
from tests.support.source_fakes import text

TEXT = text(["", "xfs"], 1)


def test_the_table_is_the_same_object_while_the_list_is_the_same() -> None:
    first = next_listing(text(["", "xfs"], 1), "x")
    second = next_listing(text(["", "xfs"], 2), "x", first)
    assert second.table is first.table
    assert second.sums.bytes[:2].tolist() == [2000, 2001]
    third = next_listing(text([""], 3), "x", second)
    assert third.table is not first.table
    assert len(third.table) == 87


def test_a_bad_text_is_refused_by_line() -> None:
    first = next_listing(text([""], 1), "x")
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
    path.write_bytes(b"x" * (2 << 20))
    assert len(textfile.read_text(str(path))) == 2 << 20
    path.write_bytes(b"x" * ((2 << 20) + 1))
    with pytest.raises(SourceFailed, match="is above 2 MiB"):
        textfile.read_text(str(path))


GZIP = gzip.compress(TEXT, mtime=0)


def test_a_capture_can_be_compressed(tmp_path: Path) -> None:
    listing = parse(TEXT, "x")
    padded = lzma.compress(TEXT) + bytes(8)
    for data in (TEXT, GZIP, padded, gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:])):
        path = tmp_path / "capture"
        path.write_bytes(data)
        found = read_capture(str(path))
        assert found.tails == listing.tails
        assert found.sums.bytes.tolist() == listing.sums.bytes.tolist()


def test_a_capture_can_be_compressed_by_zstd(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "capture"
    path.write_bytes(zstandard.compress(TEXT[:50]) + zstandard.compress(TEXT[50:]))
    assert read_capture(str(path)).tails == parse(TEXT, "x").tails
    path.write_bytes(zstandard.compress(TEXT)[:-5])
    with pytest.raises(SourceFailed, match="is cut off: expected the end of the zstd data"):
        read_capture(str(path))


def test_without_a_package_for_zstd_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = tmp_path / "capture"
    path.write_bytes(b"\x28\xb5\x2f\xfd rest")
    with pytest.raises(SourceFailed, match=r"install allocfs\[zstd\], or decompress"):
        read_capture(str(path))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GZIP[:-9], "is cut off: expected the end of the gzip data"),
        (GZIP[:-2] + b"xx", "is damaged: gzip: "),
        (GZIP + b"garbage", "is damaged: gzip: "),
        (lzma.compress(TEXT)[:-3], "is cut off: expected the end of the xz data"),
        (gzip.compress(GZIP, mtime=0), ":1: expected the text of /proc/allocinfo, found gzip data"),
        (gzip.compress(b"x" * (3 << 20), mtime=0), "expands to above 2 MiB: that is no capture"),
        (lzma.compress(b"x" * (3 << 20)), "expands to above 2 MiB: that is no capture"),
        (b"\x7fELF\0", ":1: expected the text of /proc/allocinfo, found binary data"),
        (gzip.compress(b"", mtime=0), ":1: expected codetags, found an empty file"),
        (
            gzip.compress(HEADER, mtime=0),
            " lists no codetags: expected at least one after the header",
        ),
    ],
)
def test_a_damaged_or_large_compressed_capture_is_refused(
    data: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textfile, "MOST_BYTES", 2 << 20)
    path = tmp_path / "capture"
    path.write_bytes(data)
    with pytest.raises(SourceFailed) as raised:
        read_capture(str(path))
    assert str(raised.value).startswith(f"{path}{message}" if message[0] in ": " else f"{path} ")
    assert message in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_live_source_is_text(tmp_path: Path) -> None:
    path = tmp_path / "live"
    path.write_bytes(GZIP)
    with pytest.raises(BadCapture, match="expected the text of /proc/allocinfo, found gzip data"):
        textfile.read_text(str(path))
