"""Write the text of /proc/allocinfo, as alloc_tag_to_text() of Linux does."""

from __future__ import annotations

import weakref

from allocfs.formats.textgrammar import CODEC
from allocfs.tags.table import Pairs, Slots, Sums, TagTable

HEADER = b"allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"


def format_lines(table: TagTable, slots: Slots, sums: Sums, pairs: Pairs | None = None) -> bytes:
    """Write the lines of some codetags, without a header.

    Element n of `sums` and of `pairs` is of `slots[n]`.
    """
    of_slot = heads(table)
    order = slots.tolist()
    marks = [" " if accurate else " accurate:no " for accurate in sums.accurate.tolist()]
    if pairs is not None:
        marks = [
            f"{mark}{pair} " if pair else mark for mark, pair in zip(marks, pairs, strict=True)
        ]
    values: list[object] = [None] * (4 * len(order))
    values[0::4] = sums.bytes.tolist()
    values[1::4] = sums.calls.tolist()
    values[2::4] = [of_slot[slot] for slot in order]
    values[3::4] = marks
    # One format for all the lines takes half the time of one format for each.
    return ("%12d %8d %s%s\n" * len(order) % tuple(values)).encode(*CODEC)


_heads_of: weakref.WeakKeyDictionary[TagTable, list[str]] = weakref.WeakKeyDictionary()


def heads(table: TagTable) -> list[str]:
    """Return `file:line [module] func:function` by slot; made once for each table."""
    made = _heads_of.get(table)
    if made is None:
        made = _heads_of[table] = _heads(table)
    return made


def _heads(table: TagTable) -> list[str]:
    modules = [f" [{module}]" if module else "" for module in table.module.values]
    columns = zip(
        [table.file.values[n] for n in table.file.ids.tolist()],
        table.line.tolist(),
        [modules[n] for n in table.module.ids.tolist()],
        [table.function.values[n] for n in table.function.ids.tolist()],
        strict=True,
    )
    return [f"{file}:{line}{module} func:{function}" for file, line, module, function in columns]
