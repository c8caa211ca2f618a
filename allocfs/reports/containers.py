"""Texts within files: compressed data, tar archives, mailboxes and e-mail."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BufferedReader, BytesIO, RawIOBase
from itertools import chain
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from allocfs.errors import SourceFailed
from allocfs.formats.compression import compression_of, expand
from allocfs.reports.html import text_of
from allocfs.reports.lines import chunks

if TYPE_CHECKING:
    from email.message import EmailMessage

# tarfile and email take long to import, so that only texts of these kinds load them.

MOST_BYTES = 1 << 32  # that a file may expand to
_MOST_MAIL = 1 << 26  # bytes
_MOST_DEPTH = 4  # of files within files
_PIECE = 1 << 16
_HEAD = 8192  # bytes that show the kind of a file
_TAR = slice(257, 262)
_FROM = re.compile(rb"From [^\n]*[0-9]{4}\r?\n")
_FIELDS = (b"from", b"date", b"subject", b"message-id", b"received", b"mime-version", b"to")
_FIELD = re.compile(rb"([A-Za-z-]{2,64}):[ \t]")
_SOFT_BREAK = re.compile(rb"^[^\n]{64,75}=\r?\n", re.MULTILINE)
_NOT_QUOTED = re.compile(rb"=(?![0-9A-F]{2}|\r?\n|\Z)")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_BOM = b"\xef\xbb\xbf"


class Document(NamedTuple):
    """A text in pieces, of a file or part called `name`.

    `time` is that of the message around it in seconds since 1970 UTC; `reference` is the time of
    the file, by which a date without a year is read.
    """

    name: str
    pieces: Iterator[bytes]
    time: float | None
    reference: datetime


class _Pieces(RawIOBase):
    """Pieces of data as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        self._rest = self._rest or next(self._pieces, b"")
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """Read a file piece by piece."""
    return iter(lambda: file.read(_PIECE), b"")


def documents(document: Document, depth: int = 0) -> Iterator[Document]:
    """List the texts in a file; each has to be read before the next is asked for.

    Raises SourceFailed for a file that is damaged, or that expands to far more than a text would.
    """
    name = document.name
    head, pieces = _head(document.pieces)
    document = document._replace(pieces=pieces)
    if depth > _MOST_DEPTH:
        raise SourceFailed(f"{name}: files within files within files: that is no report")
    if compression_of(head):
        expanded = expand(pieces, name, MOST_BYTES)
        yield from documents(document._replace(pieces=expanded), depth + 1)
    elif head[_TAR] == b"ustar":
        yield from _members(document, depth)
    elif _FROM.match(head):
        yield from _messages(document, depth)
    elif _is_mail(head):
        yield from _parts(_whole(document), document, depth)
    elif _SOFT_BREAK.search(head) and not _NOT_QUOTED.search(head):
        yield document._replace(pieces=_unquoted(pieces))
    elif encoding := _UTF16.get(head[:2]):
        yield document._replace(pieces=_decoded(pieces, encoding))
    elif b"\0" in head[:64]:
        raise SourceFailed(f"{name}: expected text, mail, a tar archive or compressed data")
    else:
        yield document


def _head(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and all pieces; a mark of UTF-8 at the beginning is dropped."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    head = head.removeprefix(_BOM)
    return head, chain((head,) if head else (), pieces)


def _members(document: Document, depth: int) -> Iterator[Document]:
    import tarfile  # noqa: PLC0415

    file = BufferedReader(_Pieces(document.pieces))
    try:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    reference = datetime.fromtimestamp(member.mtime, UTC)
                    inner = Document(member.name, pieces_of(content), None, reference)
                    yield from documents(inner, depth + 1)
    except tarfile.TarError as error:
        raise SourceFailed(f"{document.name} is damaged: tar: {error}") from None


def _is_mail(head: bytes) -> bool:
    """Tell whether a text begins with the fields of a message."""
    lines = re.split(rb"\r?\n(?![ \t])", re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0])
    fields = [field[1].lower() for line in lines if (field := _FIELD.match(line))]
    return len(fields) == len(lines) and len(set(fields).intersection(_FIELDS)) > 1


def _messages(document: Document, depth: int) -> Iterator[Document]:
    """List the texts of a mailbox: a message begins with `From ` after an empty line."""
    message: list[bytes] = []
    size, after_empty = 0, False
    for line in BufferedReader(_Pieces(document.pieces)):
        if after_empty and message and _FROM.match(line):
            yield from _parts(b"".join(message), document, depth)
            message, size = [], 0
        after_empty = not line.strip()
        if message or not _FROM.match(line):
            message.append(line)
            size += len(line)
        if size > _MOST_MAIL:
            raise SourceFailed(f"{document.name}: a message is above {_MOST_MAIL >> 20} MiB")
    if message:
        yield from _parts(b"".join(message), document, depth)


def _whole(document: Document) -> bytes:
    data: list[bytes] = []
    size = 0
    for piece in document.pieces:
        data.append(piece)
        size += len(piece)
        if size > _MOST_MAIL:
            raise SourceFailed(f"{document.name}: a message is above {_MOST_MAIL >> 20} MiB")
    return b"".join(data)


def _parts(data: bytes, document: Document, depth: int) -> Iterator[Document]:
    """List the texts of a message, with its time: bodies that are plain text, and files."""
    import email.policy  # noqa: PLC0415

    message = email.message_from_bytes(data, policy=email.policy.default)
    time = _date(message)
    parts = [part for part in message.walk() if not part.is_multipart()]
    has_plain = any(part.get_content_type() == "text/plain" for part in parts)
    for part in parts:
        is_html = part.get_content_type() == "text/html"
        content = part.get_payload(decode=True)
        if is_html and has_plain:
            continue
        if not isinstance(content, bytes) or not _may_have_text(part, content):
            continue
        content = _as_utf8(content, part.get_content_charset())
        content = text_of(content) if is_html else content
        name = part.get_filename() or document.name
        reference = document.reference if time is None else datetime.fromtimestamp(time, UTC)
        inner = Document(name, iter((content,)), time, reference)
        yield from documents(inner, depth + 1)


def _may_have_text(part: EmailMessage, content: bytes) -> bool:
    text = part.get_content_maintype() in ("text", "message")
    return bool(text or compression_of(content) or b"func:" in content)


def _as_utf8(content: bytes, charset: str | None) -> bytes:
    """Write a text of a message in UTF-8; one of an unknown character set stays as it is."""
    try:
        return content if charset is None else content.decode(charset, "replace").encode()
    except LookupError:
        return content


def _date(message: EmailMessage) -> float | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        return parsedate_to_datetime(str(message["date"])).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _unquoted(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decode quoted-printable that has lost the fields of its message."""
    for chunk in chunks(pieces):
        yield binascii.a2b_qp(chunk)


def _decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Write UTF-16 as UTF-8."""
    import codecs  # noqa: PLC0415  for this alone

    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for piece in pieces:
        yield decoder.decode(piece).lstrip("\ufeff").encode("utf-8", "replace")


def memory(data: bytes, name: str, reference: datetime) -> Document:
    """Return data in memory as a document."""
    return Document(name, pieces_of(BytesIO(data)), None, reference)
