"""The text of a mail in HTML."""

from __future__ import annotations

from html.parser import HTMLParser

_LINES = frozenset("br p div tr li pre h1 h2 h3 blockquote table".split())
_UNSEEN = frozenset(("script", "style", "title"))


class _Text(HTMLParser):
    """The text of a page; elements that end a line are line breaks."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self._unseen += tag in _UNSEEN
        self.parts += ["\n"] if tag in _LINES else []

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        self.parts += ["\n"] if tag in _LINES else []

    def handle_data(self, data: str) -> None:
        if self._unseen <= 0:
            self.parts.append(data)


def text_of(page: bytes) -> bytes:
    """Return the text of a page in UTF-8."""
    reader = _Text()
    reader.feed(page.decode("utf-8", "replace"))
    reader.close()
    return "".join(reader.parts).encode("utf-8", "replace")
