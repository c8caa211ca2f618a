"""The formats in which the mount gives every answer.

To add one, write `render()` in a file of its own here, and add a row to FORMATS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from allocfs.formats import jsonlines, textlines
from allocfs.formats.records import COUNTERS_SIZE, RECORD_SIZE
from allocfs.tags.rows import Rows

Render = Callable[[Rows], bytes]
"""A function that renders a whole file."""


@dataclass(frozen=True, eq=False, slots=True)
class Format:
    """A format of a file of tags.

    `directory` holds the tree in this format. A format has either records of one size, so that
    record N is at a known offset, or a function that renders a whole file.
    """

    directory: str
    record_size: int | None = None  # bytes
    render: Render | None = None


RECORDS = Format("", record_size=RECORD_SIZE)
COUNTERS = Format("counters", record_size=COUNTERS_SIZE)
TEXT = Format("text", render=textlines.format_lines)
JSON = Format("json", render=jsonlines.format_json)

FORMATS = (RECORDS, COUNTERS, TEXT, JSON)
