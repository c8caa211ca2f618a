"""Compressed data: recognised by its first bytes, decompressed up to a limit."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable

import pytest

from allocfs.errors import SourceFailed
from allocfs.formats.compression import compression_of, decompress

DATA = bytes(range(256)) * 100


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(DATA, mtime=0), "gzip"),
        (lzma.compress(DATA), "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"allocinfo", None),
        (b"\x1f", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_format(data: bytes, name: str | None) -> None:
    found = compression_of(data)
    assert (found and found.name) == name


def test_other_data_is_returned_as_it_is() -> None:
    assert decompress(DATA, "x", 1) == DATA
    assert decompress(b"", "x", 1) == b""


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_streams_one_after_another_are_joined(pack: Callable[[bytes], bytes]) -> None:
    for parts in ([DATA], [DATA, DATA], [b"", DATA, b"x"]):
        packed = b"".join(map(pack, parts))
        assert decompress(packed, "x", 1 << 20) == b"".join(parts)
        assert decompress(packed + bytes(4), "x", 1 << 20) == b"".join(parts)


def test_many_short_streams_take_no_longer_than_one_long() -> None:
    assert decompress(gzip.compress(b"x") * 20_000, "x", 1 << 20) == b"x" * 20_000


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_the_limit_is_that_of_the_data_decompressed(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(bytes(1 << 20))
    assert len(decompress(packed, "x", 1 << 20)) == 1 << 20
    with pytest.raises(SourceFailed, match=r"^x expands to above 0 MiB: that is no capture$"):
        decompress(packed, "x", (1 << 20) - 1)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_data_that_is_cut_off_anywhere_is_refused(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(DATA)
    for size in range(6, len(packed), 7):
        with pytest.raises(SourceFailed, match=r"^x is (cut off|damaged): "):
            decompress(packed[:size], "x", 1 << 20)
