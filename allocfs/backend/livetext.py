"""The listings of a live text, which go on where a capture would be refused."""

from __future__ import annotations

from dataclasses import replace

from allocfs.backend.textfile import next_listing
from allocfs.errors import BadCapture
from allocfs.formats.livetext import rewrite
from allocfs.formats.text import Listing, parse


class LiveText:
    """The last listing of a text that is read again and again."""

    def __init__(self, path: str) -> None:
        """Take in nothing yet."""
        self.path = path
        self.text = b""  # of the listing, as a capture has it
        self.listing: Listing | None = None
        self._rewritten = False  # whether the last text was, as the next one then is likely to be

    def take(self, text: bytes) -> Listing:
        """Take in the next text; raise BadCapture if it has no codetag or ends within a line.

        A text that lists the codetags of the last one has the same table.
        """
        listing = None if self._rewritten else self._as_capture(text)
        self.listing = listing or self._as_far_as_understood(text)
        return self.listing

    def notice(self) -> str:
        """Return the line about the parts that were not understood, if there are any."""
        return self.listing.notice_line if self.listing else ""

    def _as_capture(self, text: bytes) -> Listing | None:
        try:
            listing = next_listing(text, self.path, self.listing)
        except BadCapture:
            return None
        self.text = text
        return listing

    def _as_far_as_understood(self, text: bytes) -> Listing:
        rewritten = rewrite(text, self.path)
        if rewritten is None:
            return parse(text, self.path)  # a header alone, or it says why there are no codetags
        self._rewritten = not rewritten.is_capture
        self.text = rewritten.text
        listing = next_listing(rewritten.text, self.path, self.listing)
        return replace(listing, notice=rewritten.notice)
