"""Compressed data: gzip, xz and zstd, recognised by their first bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from allocfs.errors import SourceFailed

# A decompressor returns all output for its input at once. Small pieces of input bound the output
# that is made before it is counted: 32 MiB for the worst zstd.
_PIECE = 1024  # bytes
_MOST_MEMORY = 1 << 28  # bytes, for the dictionary that an xz file asks for; `xz -9` takes 65 MiB


class Format(NamedTuple):
    """A format: its name, its first bytes, the program that decompresses, the decompressor.

    The decompressor has decompress(), eof and unused_data, as in zlib, lzma and zstandard.
    """

    name: str
    magic: bytes
    program: str
    decompressor: Callable[[], Any]


def compression_of(data: bytes) -> Format | None:
    """Return the format of compressed data, None for other data."""
    return next((format_ for format_ in FORMATS if data.startswith(format_.magic)), None)


def decompress(data: bytes, source: str, most: int) -> bytes:
    """Decompress data; data that is not compressed is returned as it is.

    Raises SourceFailed, naming `source`, if the data is damaged or cut off, or expands to more
    than `most` bytes.
    """
    if compression_of(data) is None:
        return data
    return b"".join(expand((data,), source, most))


def expand(pieces: Iterable[bytes], source: str, most: int) -> Iterator[bytes]:
    """Decompress data that comes in pieces, of which the first shows the format.

    Raises SourceFailed as decompress() does.
    """
    position = iter(pieces)
    first = next(position, b"")
    format_ = compression_of(first)
    if format_ is None:
        raise SourceFailed(f"{source}: expected compressed data")
    try:
        yield from _expanded(chain((first,), position), format_, source, most)
    except ImportError:
        raise SourceFailed(
            f"{source} is compressed by zstd, for which Python {_PYTHON_WITH_ZSTD} or the package"
            f" zstandard is needed: install allocfs[zstd], or decompress the file with unzstd"
        ) from None
    except (SourceFailed, OSError):
        raise
    except Exception as error:  # each library has its own
        raise SourceFailed(f"{source} is damaged: {format_.name}: {error}") from None


def _expanded(pieces: Iterable[bytes], format_: Format, source: str, most: int) -> Iterator[bytes]:
    size = 0
    stream = format_.decompressor()
    for data in pieces:
        position = 0
        while position < len(data):
            if stream.eof:  # another stream follows, or padding
                if not data[position]:
                    return
                stream = format_.decompressor()
            piece = data[position : position + _PIECE]
            expanded = stream.decompress(piece)
            position += len(piece) - len(stream.unused_data)
            size += len(expanded)
            if size > most:
                raise SourceFailed(
                    f"{source} expands to above {most >> 20} MiB: that is no capture"
                )
            yield expanded
    if not stream.eof:
        raise SourceFailed(f"{source} is cut off: expected the end of the {format_.name} data")


def _gzip() -> Any:
    import zlib  # noqa: PLC0415

    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)


def _xz() -> Any:
    import lzma  # noqa: PLC0415

    return lzma.LZMADecompressor(memlimit=_MOST_MEMORY)


_PYTHON_WITH_ZSTD = "3.14"


def _zstd() -> Any:
    """Use the standard library, before Python 3.14 the package zstandard. Raises ImportError."""
    try:
        from compression.zstd import ZstdDecompressor  # noqa: PLC0415
    except ImportError:
        from zstandard import ZstdDecompressor as Zstandard  # noqa: PLC0415

        return Zstandard().decompressobj()
    return ZstdDecompressor()


FORMATS = (
    Format("gzip", b"\x1f\x8b", "zcat", _gzip),
    Format("xz", b"\xfd7zXZ\x00", "xzcat", _xz),
    Format("zstd", b"\x28\xb5\x2f\xfd", "zstdcat", _zstd),
)
