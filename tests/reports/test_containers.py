"""Texts within files."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from allocfs.errors import SourceFailed
from allocfs.reports import containers
from allocfs.reports.containers import Document, documents, memory
from tests.support.pasted import archived, mail, mail_base64, mailbox, utf16

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINE = b"4096 1 mm/slub.c:10 func:f\n"


def texts(data: bytes) -> list[tuple[str, bytes]]:
    return [(found.name, b"".join(found.pieces)) for found in documents(memory(data, "file", NOW))]


def test_a_plain_text_is_itself() -> None:
    assert texts(LINE) == [("file", LINE)]
    assert texts(b"") == [("file", b"")]
    assert texts(b"\xef\xbb\xbf" + LINE) == [("file", LINE)]


def zstandard(data: bytes) -> bytes:
    found = pytest.importorskip("zstandard")
    return bytes(found.ZstdCompressor().compress(data))


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, zstandard])
def test_compressed_texts_are_expanded(compress: Callable[[bytes], bytes]) -> None:
    assert texts(compress(LINE * 100_000)) == [("file", LINE * 100_000)]


def test_compressed_data_that_is_cut_off_is_told() -> None:
    with pytest.raises(SourceFailed, match="file is cut off"):
        texts(gzip.compress(LINE)[:-8])


def test_the_files_of_an_archive_have_their_names() -> None:
    assert texts(archived(LINE)) == [("reports/list.txt.xz", LINE)]


def test_a_damaged_archive_is_told() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("a")
        member.size = 100_000
        archive.addfile(member, io.BytesIO(bytes(100_000)))
    with pytest.raises(SourceFailed, match="file is damaged: tar"):
        texts(file.getvalue()[:20_000])


@pytest.mark.parametrize("sent", [mail, mail_base64])
def test_a_message_is_decoded(sent: Callable[[bytes], bytes]) -> None:
    ((name, body),) = texts(sent(LINE))
    assert name == "file"
    assert LINE in body
    assert b"From:" not in body


def test_the_parts_of_a_message_are_texts_of_their_own() -> None:
    data = (
        b"From: a\nDate: Thu, 27 Nov 2025 12:00:00 +0000\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: text/plain\n\nHi\n"
        b"--X\nContent-Type: text/html\n\n<p>Hi</p>\n--X\nContent-Type: image/png\n\nPNG\n"
        b"--X\nContent-Type: application/octet-stream\n"
        b"Content-Disposition: attachment; filename=list.txt\n\n" + LINE + b"--X--\n"
    )
    assert texts(data) == [("file", b"Hi"), ("list.txt", LINE.rstrip())]
    times = [found.time for found in documents(memory(data, "file", NOW))]
    assert times == [datetime(2025, 11, 27, 12, tzinfo=UTC).timestamp()] * 2


def test_a_message_in_another_character_set_is_read() -> None:
    head = b"From: a\nSubject: b\nContent-Type: text/plain; charset=iso-8859-1\n\n"
    ((_, body),) = texts(head + LINE.replace(b" ", b"\xa0"))
    assert body == LINE.replace(b" ", b"\xc2\xa0")


def test_a_message_without_a_date_has_no_time() -> None:
    for date in (b"", b"Date: soon\n"):
        data = b"From: a\nSubject: b\n" + date + b"\n" + LINE
        assert [found.time for found in documents(memory(data, "file", NOW))] == [None]


def test_the_messages_of_a_mailbox_are_texts_of_their_own() -> None:
    found = texts(mailbox(LINE))
    assert [LINE in body for _, body in found] == [True, False]


def test_a_body_without_its_message_is_decoded() -> None:
    body = mail(LINE.replace(b"func:f", b"func:" + b"f" * 70)).partition(b"\n\n")[2]
    assert b"=\n" in body
    ((_, decoded),) = texts(body)
    assert b"func:" + b"f" * 70 + b"\n" in decoded


def test_a_text_that_speaks_like_a_message_is_none() -> None:
    text = b"Note: a leak\nsee below\n\n" + LINE
    assert texts(text) == [("file", text)]


def test_texts_of_editors_are_decoded() -> None:
    assert texts(utf16(LINE)) == [("file", LINE)]
    assert texts(LINE.decode().encode("utf-16-be").join((b"\xfe\xff", b""))) == [("file", LINE)]


def test_other_data_is_refused() -> None:
    with pytest.raises(SourceFailed, match="file: expected text, mail, a tar archive or"):
        texts(b"\x7fELF\0\0\0\0")


def test_files_within_files_have_an_end() -> None:
    data = LINE
    for _ in range(8):
        data = gzip.compress(data)
    with pytest.raises(SourceFailed, match="files within files"):
        texts(data)


def test_an_endless_message_is_refused() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"From: a\nSubject: b\n\n"
        while True:
            yield LINE * 1000

    with pytest.raises(SourceFailed, match="a message is above 64 MiB"):
        list(documents(Document("file", pieces(), None, NOW)))


def test_data_that_expands_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MOST_BYTES", 1 << 20)
    with pytest.raises(SourceFailed, match="file expands to above 1 MiB"):
        texts(gzip.compress(bytes(1 << 22).replace(b"\0", b" ")))
