"""Tags as JSON, one object a line, with full names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import repeat
from typing import NamedTuple

from allocfs.tags.pairs import pairs_of
from allocfs.tags.table import Pairs, Slots, Sums, TagTable


class Member(NamedTuple):
    """A member of each object, as schema.json describes it."""

    name: str
    type: str
    unit: str
    description: str


MEMBERS = (
    Member("file", "string", "", "source file as the kernel spells it"),
    Member("line", "integer", "lines", "line in the source file"),
    Member("function", "string", "", "function that allocates"),
    Member("module", "string", "", "module, empty for built-in code"),
    Member("bytes", "integer", "bytes", "bytes allocated and not yet freed"),
    Member("calls", "integer", "calls", "allocations not yet freed"),
    Member("accurate", "boolean", "", "whether every allocation is counted"),
    Member("pairs", "object", "", "strings by key: the other pairs of the text, absent if none"),
)


def format_json(table: TagTable, slots: Slots, sums: Sums, pairs: Pairs | None = None) -> bytes:
    """Render tags; an empty module stands for built-in code, as in the records.

    Element n of `sums` and of `pairs` is of `slots[n]`.
    """
    columns = zip(
        *(
            _encoded(column.values, column.ids[slots].tolist())
            for column in (table.file, table.function, table.module)
        ),
        table.line[slots].tolist(),
        sums.bytes.tolist(),
        sums.calls.tolist(),
        sums.accurate.tolist(),
        _pair_members(pairs, len(slots)),
        strict=True,
    )
    return "".join(
        f'{{"file": {file}, "line": {line}, "function": {function}, "module": {module}, '
        f'"bytes": {nbytes}, "calls": {calls}, "accurate": {"true" if accurate else "false"}'
        f"{pair}}}\n"
        for file, function, module, line, nbytes, calls, accurate, pair in columns
    ).encode()


def _pair_members(pairs: Pairs | None, count: int) -> Iterable[str]:
    """Return the member `pairs` of each object, with the comma before it; empty without pairs."""
    if pairs is None:
        return repeat("", count)
    encoded = {text: f', "pairs": {json.dumps(pairs_of(_utf8(text)))}' for text in set(pairs)}
    encoded[""] = ""
    return [encoded[text] for text in pairs]


def _encoded(values: tuple[str, ...], ids: list[int]) -> list[str]:
    """Encode each distinct name that occurs once; bytes that are not UTF-8 become U+FFFD."""
    encoded = {number: json.dumps(_utf8(values[number])) for number in set(ids)}
    return [encoded[number] for number in ids]


def _utf8(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
