"""Sections of a text, each the codetags of one report or a part of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from allocfs.errors import SourceFailed
from allocfs.formats.textgrammar import MOST_CHARACTERS, U64
from allocfs.reports.report import Report, Tally

MOST_BYTES = 1 << 26  # of a report; 5500 tags take half a megabyte
FEW = 5  # codetags; so few can be in order by chance
WHOLE = 500  # codetags; no kernel that counts has fewer
_COLUMNS = b"#     <size>  <calls> <tag info>\n"
_VERSION = re.compile(rb"[12]\.[0-9]+")
_SIZE = re.compile(rb"^ *(-?[0-9]+)", re.MULTILINE)
_PLACE = re.compile(rb"^ *-?[0-9]+ +[0-9]+ ([^ ]+):[0-9]+ (?:\[([^ ]+)\])?", re.MULTILINE)
_IDENTITY = re.compile(rb"^ *-?[0-9]+ +[0-9]+ (.*? func:[^ ]+)", re.MULTILINE)


class Total(NamedTuple):
    """A number after a codetag, which may be that of all its allocations."""

    piece: int
    number: bytes
    line: int
    in_its_line: bool


class Order:
    """The order of the sizes of a list."""

    def __init__(self) -> None:
        """Begin with no size."""
        self.first: int | None = None
        self.last = 0
        self.rises = self.falls = True
        self.has_zero = False

    @property
    def is_sorted(self) -> bool:
        """Tell whether the sizes are sorted in either direction; equal ones are not."""
        return (self.rises or self.falls) and self.first != self.last

    @property
    def is_decided(self) -> bool:
        """Tell whether no further size matters."""
        return self.has_zero and not (self.rises or self.falls)

    def add(self, size: int) -> None:
        """Take in the next size."""
        if self.first is None:
            self.first = self.last = size
        self.rises = self.rises and size >= self.last
        self.falls = self.falls and size <= self.last
        self.has_zero = self.has_zero or not size
        self.last = size

    def add_all(self, sizes: Iterable[int]) -> None:
        """Take in sizes for as long as they matter."""
        for size in sizes:
            self.add(size)
            if self.is_decided:
                return

    def join(self, other: Order) -> None:
        """Take in the sizes of a list that follows."""
        if other.first is None:
            return
        self.add(other.first)
        self.rises, self.falls = self.rises and other.rises, self.falls and other.falls
        self.has_zero = self.has_zero or other.has_zero
        self.last = other.last


class Section:
    """Codetags that follow each other, and the header before them."""

    def __init__(self, after_text: bool = False) -> None:
        """Begin without header and codetags."""
        self.after_text = after_text
        self.version = b""
        self.has_columns = self.is_swapped = False
        self.is_titled = self.is_rounded_by_kernel = self.has_nodes = self.is_numbered = False
        self.profiling_off = False
        self.time: float | None = None
        self.codetags = 0
        self.order = Order()
        self.tally = Tally()
        self.totals: list[Total] = []
        self.pieces: list[bytes] = []
        self._size = 0
        self._identities: set[bytes] | None = None

    @property
    def has_header(self) -> bool:
        """Tell whether a header or title stood before it."""
        return bool(self.version or self.has_columns or self.is_titled)

    def add_lines(self, lines: bytes) -> None:
        """Take in lines as the kernel writes them."""
        count = lines.count(b"\n")
        if lines.count(b" \n") != count:
            lines = re.sub(rb" *\n", b" \n", lines)
        self._add(lines, count)
        if not self.order.is_decided:
            self.order.add_all(int(size[1]) for size in _SIZE.finditer(lines))

    def add_line(self, line: bytes, size: int) -> None:
        """Take in one line, and its size."""
        self._add(line, 1)
        self.order.add(size)

    def extend(self, pairs: bytes) -> bool:
        """Add pairs to the last codetag; return whether its line can be as long."""
        if len(self.pieces[-1]) + len(pairs) > MOST_CHARACTERS:
            return False
        self.pieces[-1] = self.pieces[-1][:-1] + pairs + b" \n"
        return True

    def absorb(self, other: Section) -> None:
        """Take in a section that continues this one."""
        shift = len(self.pieces)
        self.totals += [total._replace(piece=total.piece + shift) for total in other.totals]
        if self._identities is not None:
            self._identities |= other.identities()
        for piece in other.pieces:
            self._add(piece, 0)
        self.codetags += other.codetags
        self.order.join(other.order)
        self.version = self.version or other.version
        self.is_rounded_by_kernel |= other.is_rounded_by_kernel
        self.has_nodes |= other.has_nodes
        self.is_numbered |= other.is_numbered
        if self.time is None:
            self.time = other.time
        self.tally.add(other.tally)

    def identities(self) -> set[bytes]:
        """Return the codetags, as they are spelled."""
        if self._identities is None:
            self._identities = set(_IDENTITY.findall(b"".join(self.pieces)))
        return self._identities

    def continues(self, before: Section) -> bool:
        """Tell whether it belongs to the report before it."""
        if not (self.codetags and before.codetags):
            return False
        if self.is_swapped:  # by `sort -n`, in which a header counts as 0
            joined = Order()
            joined.join(before.order)
            joined.join(self.order)
            return not before.has_header and (joined.rises or joined.falls)
        return self.after_text and self.identities().isdisjoint(before.identities())

    def report(self, origin: str) -> Report | None:
        """Make the report, None if there are no codetags."""
        if not self.codetags:
            return None
        has_totals = self._add_totals()
        partial = self._partial()
        version = self.version if _VERSION.fullmatch(self.version) else b"2.0"
        header = b"allocinfo - version: " + version + b"\n" + _COLUMNS
        if partial:
            header += b"# partial: %s\n" % partial.encode()
        text = b"".join([header, *self.pieces])
        kind = self._kind(has_totals)
        return Report(
            text, kind, origin, self.time, self.codetags, partial, self.profiling_off, self.tally
        )

    def _add(self, lines: bytes, codetags: int) -> None:
        self.pieces.append(lines)
        self.codetags += codetags
        self._size += len(lines)
        if self._size > MOST_BYTES:
            raise SourceFailed(f"a report is above {MOST_BYTES >> 20} MiB: that is no list of tags")

    def _partial(self) -> str:
        if self.codetags >= WHOLE and self.order.has_zero:
            return ""
        is_top = self.is_titled or self.is_rounded_by_kernel or self._is_sorted_top()
        return f"{self.codetags} {'largest' if is_top else 'codetags'}"

    def _is_sorted_top(self) -> bool:
        """Tell whether a list looks like the end of a sorted one, not like what grep found.

        A list of one module, or of one directory, was chosen by name.
        """
        if self.codetags < FEW or not self.order.is_sorted:
            return False
        places = _PLACE.findall(b"".join(self.pieces))
        return len({module or file.split(b"/", 1)[0] for file, module in places}) > 1

    def _kind(self, has_totals: bool) -> str:
        if self.is_titled or self.is_rounded_by_kernel:
            return "the kernel's largest"
        if self.tally.rounded:
            return "a list rounded by numfmt"
        if self.has_nodes:
            return "a list by NUMA node"
        if has_totals:
            return "a list with all allocations"
        return "a list" if self._partial() else "a whole list"

    def _add_totals(self) -> bool:
        """Make pairs of the numbers after codetags if they are a column; else leave them out."""
        is_column = self._totals_are_column()
        for total in self.totals:
            if is_column and int(total.number) in U64:
                piece = self.pieces[total.piece]
                self.pieces[total.piece] = piece[:-1] + b"accumulated:%s \n" % total.number
            else:
                self.tally.leave_out(total.line, total.number, "a number that belongs to nothing")
        return is_column

    def _totals_are_column(self) -> bool:
        """Tell whether each codetag has such a number, and none is the number of a line."""
        if len(self.totals) != self.codetags or self.is_numbered:
            return False
        numbers = [int(total.number) for total in self.totals]
        if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            return False
        return len(numbers) > 1 or self.totals[0].in_its_line


class Sequence:
    """Sections in their order, of which those that belong together become one."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: Section | None = None

    def add(self, section: Section) -> Iterator[Section]:
        """Take in a section; return those to which nothing can belong any more."""
        if self._held is not None and section.continues(self._held):
            self._held.absorb(section)
            return
        yield from self.end()
        self._held = section

    def end(self) -> Iterator[Section]:
        """Return the last section."""
        if self._held is not None:
            yield self._held
        self._held = None
