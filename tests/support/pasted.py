"""Pasted texts as mail programs, logs, shells and people leave them."""

from __future__ import annotations

import base64
import gzip
import io
import lzma
import quopri
import re
import tarfile
from collections.abc import Callable

_MAIL = b"""\
From: A <a@example.org>
To: B <b@example.org>
Subject: a leak in 6.15?
Date: Thu, 27 Nov 2025 12:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: %s

"""
_PROSE = (
    b"Hi all,\n\nthis is from the machine that grows:\n\n%s\nAny idea? It has 128G of memory.\n"
)


def quoted(text: bytes) -> bytes:
    """Quote a text twice."""
    return _each_line(text, b"> > ")


def fenced(text: bytes) -> bytes:
    """Put a text into a fence of Markdown, below a shell prompt, with CRLF and a mark of UTF-8."""
    shown = b"```console\n$ sudo sort -g /proc/allocinfo | tail -n 15\n" + text + b"```\n"
    return b"\xef\xbb\xbf" + shown.replace(b"\n", b"\r\n")


def indented(text: bytes) -> bytes:
    """Indent a text as code, between sentences."""
    return _PROSE % _each_line(text, b"    ")


def logged(text: bytes) -> bytes:
    """Write a text as the lines of `dmesg`, if it is not that already."""
    if text.startswith(b"["):
        return _each_line(text, b"<4>")
    return _each_line(text, b"[   30.988768] ")


def journal(text: bytes) -> bytes:
    """Write a text as the lines of `journalctl -k`."""
    return _each_line(text, b"Nov 27 12:00:00 host-1 kernel: ")


def mail(text: bytes, encoding: str = "quoted-printable") -> bytes:
    """Send a text as a message."""
    body = _PROSE % text
    sent = quopri.encodestring(body) if encoding != "base64" else base64.encodebytes(body)
    return _MAIL % encoding.encode() + sent


def mail_base64(text: bytes) -> bytes:
    """Send a text as a message in base64."""
    return mail(text, "base64")


def mailbox(text: bytes) -> bytes:
    """Keep a message in a mailbox, before another without a report."""
    other = _MAIL % b"7bit" + b"Can you send us the list?\n"
    start = b"From a@example.org Thu Nov 27 12:00:00 2025\n"
    return start + mail(text) + b"\n" + start + other


def reflowed(text: bytes) -> bytes:
    """Fill lines to 72 characters, as a mail program does; stamps stay with their lines."""
    text = re.sub(rb"^\[ *[0-9.]+\] ", b"", text, flags=re.MULTILINE)
    lines, line = [], b""
    for token in text.split():
        if line and len(line) + len(token) > 71:
            lines.append(line)
            line = b""
        line += b" " + token if line else token
    return b"\n".join([*lines, line, b""])


def by_word(text: bytes) -> bytes:
    """Put each word into a line of its own, quoted."""
    return quoted(re.sub(rb"[ \n]+", b"\n", reflowed(text)))


def compressed(text: bytes) -> bytes:
    """Compress a text."""
    return gzip.compress(text, mtime=0)


def archived(text: bytes) -> bytes:
    """Put a text into an archive, compressed twice."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("reports/list.txt.xz")
        content = lzma.compress(text)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def utf16(text: bytes) -> bytes:
    """Write a text as some editors do."""
    return text.decode().encode("utf-16")


VARIANTS: tuple[Callable[[bytes], bytes], ...] = (
    quoted,
    fenced,
    indented,
    logged,
    journal,
    mail,
    mail_base64,
    mailbox,
    reflowed,
    by_word,
    compressed,
    archived,
    utf16,
)


def _each_line(text: bytes, prefix: bytes) -> bytes:
    return b"".join(prefix + line for line in text.splitlines(keepends=True))
