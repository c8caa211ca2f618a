"""The text of a mail in HTML."""

from __future__ import annotations

from allocfs.reports.html import text_of
from tests.reports.test_read import imported

PAGE = (
    b"<html><head><title>4096 1 a.c:9 func:t</title></head><body><p>Hi,</p><div>4096&nbsp;1"
    b" <b>mm/slub.c:10</b><br>func:f</div><table><tr><td>8192 2 a.c:1 func:g&lt;</td></tr></table>"
)


def test_elements_end_lines_and_names_are_decoded() -> None:
    words = text_of(PAGE).decode().split()
    assert words == "Hi, 4096 1 mm/slub.c:10 func:f 8192 2 a.c:1 func:g<".split()


def test_a_mail_of_html_alone_is_read() -> None:
    head = b"From: a\nSubject: b\nMIME-Version: 1.0\nContent-Type: text/html\n\n"
    (report,), _ = imported(head + PAGE)
    assert report.codetags == 2
