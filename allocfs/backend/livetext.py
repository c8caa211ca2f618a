"""The listings of a live text, which go on where a capture would be refused."""

from __future__ import annotations

from dataclasses import replace

from allocfs.backend.textfile import next_listing
from allocfs.errors import BadCapture
from allocfs.formats.livetext import rewrite
from allocfs.formats.text import Listing, parse


class LiveText:
    """The last listing of a text that is read again and again, and the last reliable one.

    The kernel may let modules come and go within a pass. So a list is reliable if the pass before
    listed the same codetags, or the reliable one before did.
    """

    def __init__(self, path: str) -> None:
        """Take in nothing yet."""
        self.path = path
        self.text = b""  # of the listing, as a capture has it
        self.is_reliable = False  # whether the last listing is
        self._listing: Listing | None = None
        self._reliable: Listing | None = None
        self._rewritten = False  # whether the last text was, as the next one then is likely to be

    def take(self, text: bytes) -> Listing:
        """Take in the next text; raise BadCapture if it has no codetag or ends within a line.

        A text that lists the codetags of the last one, or of the reliable one, has its table.
        """
        listing = None if self._rewritten else self._as_capture(text)
        listing = listing or self._as_far_as_understood(text)
        self.is_reliable = any(listing.table is known.table for known in self._known())
        self._listing = listing
        if self.is_reliable:
            self._reliable = listing
        return listing

    def rely(self) -> None:
        """Take the last listing for reliable, for another reason."""
        self.is_reliable, self._reliable = True, self._listing

    def notice(self) -> str:
        """Return the line about the parts that were not understood, if there are any."""
        return self._listing.notice_line if self._listing else ""

    def _as_capture(self, text: bytes) -> Listing | None:
        try:
            listing = next_listing(text, self.path, *self._known())
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
        listing = next_listing(rewritten.text, self.path, *self._known())
        return replace(listing, notice=rewritten.notice)

    def _known(self) -> list[Listing]:
        """Return the last listing, and the reliable one if it has other codetags."""
        known = [listing for listing in (self._listing, self._reliable) if listing]
        return known[:1] if known and known[0].table is known[-1].table else known
