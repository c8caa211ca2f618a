"""Tags as JSON, one object a line, with full names."""

from __future__ import annotations

import json

from allocfs.tags.table import Slots, Sums, TagTable


def format_json(table: TagTable, slots: Slots, sums: Sums) -> bytes:
    """Render tags; an empty module stands for built-in code, as in the records."""
    columns = zip(
        *(
            _encoded(column.values, column.ids[slots].tolist())
            for column in (table.file, table.function, table.module)
        ),
        table.line[slots].tolist(),
        sums.bytes.tolist(),
        sums.calls.tolist(),
        sums.accurate.tolist(),
        strict=True,
    )
    return "".join(
        f'{{"file": {file}, "line": {line}, "function": {function}, "module": {module}, '
        f'"bytes": {nbytes}, "calls": {calls}, "accurate": {"true" if accurate else "false"}}}\n'
        for file, function, module, line, nbytes, calls, accurate in columns
    ).encode()


def _encoded(values: tuple[str, ...], ids: list[int]) -> list[str]:
    """Encode each distinct name that occurs once; bytes that are not UTF-8 become U+FFFD."""
    encoded = {number: json.dumps(_utf8(values[number])) for number in set(ids)}
    return [encoded[number] for number in ids]


def _utf8(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
