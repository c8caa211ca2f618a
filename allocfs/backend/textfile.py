"""Files with the text of /proc/allocinfo: read whole, and parsed anew only where they differ."""

from __future__ import annotations

import os
import stat

from allocfs.errors import BadCapture, SourceFailed
from allocfs.formats.compression import compression_of, decompress
from allocfs.formats.text import Listing, parse, refresh

MOST_BYTES = 1 << 28  # 5500 tags take half a megabyte
_HEAD = 64  # bytes that show whether a file has text
_READ_SIZE = 1 << 20  # /proc/allocinfo returns about a page, for any size asked for


def read_text(path: str) -> bytes:
    """Read a regular file with text to its end, whatever its size is said to be.

    Raises SourceFailed if that cannot be done, or if the file has something else than text.
    """
    return _checked(_read_file(path), path)


def read_capture(path: str, previous: Listing | None = None) -> Listing:
    """Read a capture, compressed or not; with the codetags of `previous` it has its table.

    Raises SourceFailed, also if there are no codetags in it, and BadCapture, which tells how to
    read a pasted text.
    """
    text = _checked(decompress(_read_file(path), path, MOST_BYTES), path)
    try:
        listing = next_listing(text, path, *filter(None, (previous,)))
    except BadCapture as error:
        from allocfs.reports.hint import hint  # noqa: PLC0415  slow to import, and seldom needed

        raise BadCapture(f"{error}{hint(text)}") from None
    return require_codetags(listing, path)


def require_codetags(listing: Listing, path: str) -> Listing:
    """Raise SourceFailed for a text without codetags, such as a header alone."""
    if not len(listing.table):
        raise SourceFailed(f"{path} lists no codetags: expected at least one after the header")
    return listing


def next_listing(text: bytes, path: str, *previous: Listing) -> Listing:
    """Parse a text; if it lists the codetags of a previous one, the table is the same object.

    Raises BadCapture, naming file and line.
    """
    for listing in previous:
        newer = refresh(text, listing)
        if newer is not None:
            return newer
    return parse(text, path)


def _read_file(path: str) -> bytes:
    try:
        # O_NONBLOCK: do not hang on a FIFO.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return _read_to_end(fd, path)
        finally:
            os.close(fd)
    except OSError as error:
        raise SourceFailed(f"{path}: {error.strerror}") from None


def _checked(data: bytes, path: str) -> bytes:
    """Refuse data that is no text; the messages of a parser would quote it."""
    compressed = compression_of(data)
    if compressed or b"\0" in data[:_HEAD]:
        found = f"{compressed.name} data" if compressed else "binary data"
        raise BadCapture(f"{path}:1: expected the text of /proc/allocinfo, found {found}")
    return data


def _read_to_end(fd: int, path: str) -> bytes:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise SourceFailed(f"{path} is not a file: expected the text of /proc/allocinfo")
    pieces, size = [], 0
    while piece := os.read(fd, _READ_SIZE):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise SourceFailed(f"{path} is above {MOST_BYTES >> 20} MiB: that is no list of tags")
    return b"".join(pieces)
