"""The command `allocfs show`: where memory is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from allocfs.client.trees import Tree, default_source, open_tree
from allocfs.errors import OptionError
from allocfs.query.groups import parse_group
from allocfs.query.language import Query, format_query, parse
from allocfs.query.order import Sort
from allocfs.query.places import require_place
from allocfs.screen.rows import Row, average, legend, notes_of, rows_of, site, size
from allocfs.screen.table import Column, Table, comma_separated, show
from allocfs.units import human_size

GROUPS = ("module", "file", "dir", "function", "site")
TOP = 20
_COLUMNS = (
    Column("Size"),
    Column("Share"),
    Column("Calls"),
    Column("Average"),
    Column("Call site", is_right=False),
)
_CSV = ("bytes", "calls", "percent", "tags", "file", "line", "module", "function", "accurate")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Show where memory is, the largest first. SOURCE is a mount or a directory in one,"
        " /proc/allocinfo, a capture, or a directory of captures."
    )
    add = parser.add_argument
    add("--by", choices=GROUPS, default="site", help="sum by this (%(default)s)")
    add("--top", type=count, default=TOP, metavar="N", help="so many rows, 0 for all (%(default)s)")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print JSON, one object a line")
    forms.add_argument("--csv", action="store_true", help="print CSV, with a line of names")
    add("words", nargs="*", metavar="SOURCE|QUERY", help="queries such as module=xfs,min_size=1M")


def run(arguments: argparse.Namespace) -> int:
    """Show; return 0. Raises SourceFailed, BadCapture, BadQuery and OSError."""
    source, terms = split(arguments.words)
    query = grouped(parse_terms(terms), arguments.by, arguments.top)
    tree = open_tree(source or default_source())
    data = tree.read(f"{tree.present}json/query/{format_query(query)}/records")
    if arguments.json:
        sys.stdout.buffer.write(data)
        return 0
    rows = rows_of(data)
    if rows and "delta" in rows[0]:
        raise OptionError(f"{tree.source} has differences: allocfs diff shows these")
    if arguments.csv:
        print(comma_separated(_CSV, [[row.get(name, "") for name in _CSV] for row in rows]), end="")
        return 0
    show(_table(rows, _title(query)))
    print(_summary(tree, query, rows))
    return 0


def split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Tell a source from queries: it is the first word, unless that can only be a query."""
    if words and (os.path.exists(words[0]) or "=" not in words[0]):
        return words[0], list(words[1:])
    return None, list(words)


def parse_terms(terms: Sequence[str]) -> Query:
    """Read queries of the present, all of which must hold. Raises BadQuery."""
    query = parse(",".join(terms)) if terms else Query()
    require_place(query)
    return query


def grouped(query: Query, by: str, top: int) -> Query:
    """Add a group, an order and a limit where a query has none."""
    return replace(
        query,
        group=query.group or parse_group(by),
        sort=query.sort or Sort("bytes", descending=True),
        limit=query.limit or (top or None),
    )


def count(text: str) -> int:
    """Read a number of rows."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 0")
    return int(text)


def _title(query: Query) -> str:
    group = str(query.group)
    return "Call site" if group == "site" else group.partition(":")[0].capitalize()


def _table(rows: Sequence[Row], title: str) -> Table:
    cells = [[size(row), _percent(row), f"{row['calls']}", average(row), site(row)] for row in rows]
    columns = (*_COLUMNS[:-1], Column(title, is_right=False))
    return Table(columns, cells, [(row["percent"] or 0) / 100 for row in rows])


def _percent(row: Row) -> str:
    return "" if row["percent"] is None else f"{row['percent']:.1f}%"


def _summary(tree: Tree, query: Query, rows: list[Row]) -> str:
    """Tell the sum of all that the query chooses, and how far the numbers can be trusted."""
    every = replace(query.tag_query, group=parse_group("all"))
    total = rows_of(tree.read(f"{tree.present}json/query/{format_query(every)}/records"))
    parts = ["no call site"]
    if total:
        (all_,) = total
        parts = [
            f"{human_size(all_['bytes'])} in {all_['calls']} allocations of {all_['tags']} call"
            f" sites of {tree.source}"
        ]
    notes = notes_of(tree.read(f"{tree.present}.allocfs/source").decode("utf-8", "replace"))
    return "\n".join([*parts, *notes, *legend(rows)])
