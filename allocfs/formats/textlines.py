"""Write the text of /proc/allocinfo, as alloc_tag_to_text() of Linux does, and what goes beyond it.

Differences have a sign. All else that a row has beyond its numbers and its tag follows as
`key:value` pairs, which readers of the kernel's text are to ignore if they do not know them.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence

import numpy as np

from allocfs.formats.textgrammar import CODEC
from allocfs.tags.rounding import Partial
from allocfs.tags.rows import Change, Rows, Trends
from allocfs.tags.slots import codetags_of
from allocfs.tags.table import Codetag, TagTable

HEADER = b"allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"
PARTIAL = "# partial: "  # begins the line of a header that describes a list that lacks codetags


def header(partial: Partial | None) -> bytes:
    """Return the header lines of a list."""
    return HEADER if partial is None else HEADER + f"{PARTIAL}{partial.note}\n".encode(*CODEC)


def format_lines(rows: Rows) -> bytes:
    """Write the lines of some rows, without a header."""
    of_slot = heads(rows.table)
    count = len(rows.slots)
    values: list[object] = [None] * (4 * count)
    values[0::4] = rows.sums.bytes.tolist()
    values[1::4] = rows.sums.calls.tolist()
    values[2::4] = rows.groups.heads if rows.groups else [of_slot[n] for n in rows.slots.tolist()]
    values[3::4] = _marks(rows)
    line = "%+12d %+8d %s%s\n" if rows.change else "%12d %8d %s%s\n"
    # One format for all the lines takes half the time of one format for each.
    return (line * count % tuple(values)).encode(*CODEC)


def _marks(rows: Rows) -> list[str]:
    """Return all that follows the tag in each line, with spaces around it."""
    marks = [" " if accurate else " accurate:no " for accurate in rows.sums.accurate.tolist()]
    for column in _pair_columns(rows):
        marks = [
            f"{mark}{pair} " if pair else mark for mark, pair in zip(marks, column, strict=True)
        ]
    return marks


def _pair_columns(rows: Rows) -> Iterator[Sequence[str]]:
    """List the columns of pairs; an empty text is no pair."""
    if rows.rounding is not None:
        ends = rows.rounding.ends(rows.sums.bytes)
        yield ["" if each is None else f"approx:yes bounds:{each}" for each in ends]
    if rows.groups:
        yield [f"tags:{count}" for count in rows.groups.tags.tolist()]
    if rows.change:
        yield _states(rows.change)
    if rows.trends:
        yield trend_pairs(rows.trends)
    if rows.pairs is not None:
        yield rows.pairs


def _states(change: Change) -> list[str]:
    states = [""] * len(change.marks.new)
    for flags, name in zip(change.marks, change.marks._fields, strict=True):
        for place in np.flatnonzero(flags).tolist():
            states[place] = f"state:{name}"
    return states


def trend_pairs(trends: Trends) -> list[str]:
    """Write the pairs of each trend."""
    columns = (column.tolist() for column in trends)
    return [
        f"slope:{slope:+.3f}/s rising:{100 * rising:.1f}% first:{first} last:{last} min:{low}"
        f" max:{high} mean:{mean:.1f} samples:{samples}"
        for first, last, low, high, mean, slope, rising, samples, _ in zip(*columns, strict=True)
    ]


_heads_of: weakref.WeakKeyDictionary[TagTable, list[str]] = weakref.WeakKeyDictionary()


def heads(table: TagTable) -> list[str]:
    """Return `file:line [module] func:function` by slot; made once for each table."""
    made = _heads_of.get(table)
    if made is None:
        made = _heads_of[table] = list(map(head, codetags_of(table)))
    return made


def head(tag: Codetag) -> str:
    """Return `file:line [module] func:function` of a codetag; of other rows the names they have."""
    if not tag.file or not tag.function:
        return _head_of_sums(tag)
    module = f" [{tag.module}]" if tag.module else ""
    return f"{tag.file}:{tag.line}{module} func:{tag.function}"


def _head_of_sums(row: Codetag) -> str:
    """Return the names that a row of a group has, `-` if it has none."""
    function = f"func:{row.function}" if row.function else ""
    return " ".join(filter(None, (row.file, row.module, function))) or "-"
