"""Tables: drawn on a terminal, aligned in plain text, as CSV and as Markdown."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple, TextIO

HINT = "for bars and colours: pip install 'allocfs[screen]'"
_BAR = 12  # columns


class Column(NamedTuple):
    """A column of a table: its title, and on which side its cells stand."""

    title: str
    is_right: bool = True


class Table(NamedTuple):
    """Cells by rows, and for each row a share from 0 to 1 that a bar shows, if there are bars."""

    columns: Sequence[Column]
    cells: Sequence[Sequence[str]]
    shares: Sequence[float] = ()


def show(table: Table, out: TextIO | None = None) -> None:
    """Draw a table on a terminal, else write it plain."""
    out = out or sys.stdout
    if not out.isatty():
        out.write(plain(table))
    elif find_spec("rich") is None:
        out.write(plain(table))
        print(f"allocfs: {HINT}", file=sys.stderr)
    else:
        _draw(table, out)


def plain(table: Table) -> str:
    """Align the cells of a table."""
    rows = [[column.title for column in table.columns], *table.cells]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if column.is_right else cell.ljust(width)
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        ).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def markdown(table: Table) -> str:
    """Write a table in Markdown, in which a | separates cells."""
    rows = [[column.title for column in table.columns]]
    rows.append(["---:" if column.is_right else "---" for column in table.columns])
    rows += [[cell.replace("|", r"\|") for cell in row] for row in table.cells]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def comma_separated(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as CSV, with a line of names first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue()


def _draw(table: Table, out: TextIO) -> None:
    from rich import box  # noqa: PLC0415  an extra
    from rich.bar import Bar  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415

    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        drawn.add_column(
            column.title,
            justify="right" if column.is_right else "left",
            no_wrap=column.is_right,
            overflow="fold",
        )
    if table.shares:
        drawn.add_column("", width=_BAR)
    for place, row in enumerate(table.cells):
        bar = [Bar(1.0, 0.0, max(0.0, table.shares[place]), width=_BAR)] if table.shares else []
        drawn.add_row(*row, *bar)
    Console(file=out, highlight=False, markup=False).print(drawn)
