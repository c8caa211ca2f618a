"""The command `allocfs diff`: what grew between two moments."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from allocfs.cli.show import GROUPS, TOP, count
from allocfs.client.comparison import DIFFERENCE, compare, ends_of, moment_of
from allocfs.client.trees import LocalTree, Tree, default_source, mount_of
from allocfs.errors import OptionError, SourceFailed
from allocfs.moments.moment import Moment
from allocfs.moments.names import NOW
from allocfs.query.groups import parse_group
from allocfs.query.language import Query, format_query, parse
from allocfs.query.order import Sort
from allocfs.query.places import Place, require_place
from allocfs.screen.rows import ROUNDED, Row, marks, rows_of, site
from allocfs.screen.table import Column, Table, markdown, show
from allocfs.units import human_size, parse_size

GREW = 1
_COLUMNS = (
    Column("Growth"),
    Column("Before"),
    Column("After"),
    Column("Calls"),
    Column("Per second"),
    Column("State", is_right=False),
    Column("Call site", is_right=False),
)
_STATES = ("grown", "shrunk", "new", "gone", "moved", "unknown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Show what grew and what shrank from A to B, or to now. Each is a capture, a mount, a"
        " directory of a moment in a mount, or with --source the name of a moment, such as -10m."
        " A directory of captures alone is compared from its first to its last."
    )
    add = parser.add_argument
    add("--by", choices=GROUPS, help="sum by this; without it each call site is its own row")
    add(
        "--top", type=count, default=TOP, metavar="N", help="so many rows up and down (%(default)s)"
    )
    add("--query", default="", metavar="QUERY", help="only these, such as module=xfs,state=new")
    add("--source", metavar="MOUNT", help="the mount that has the moments named A and B")
    add("--fail-over", type=_size, metavar="SIZE", help="exit with 1 if a row grew by more, as 10M")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print JSON, one object a line")
    forms.add_argument(
        "--markdown", action="store_true", help="print a table for a mail or an issue"
    )
    add("ends", nargs="+", metavar="A B", help="the moments; without B, now")


def run(arguments: argparse.Namespace) -> int:
    """Show the difference; return 0, or 1 if something grew by more than is allowed.

    Raises SourceFailed, BadCapture, BadQuery and OSError.
    """
    query = parse(arguments.query) if arguments.query else Query()
    require_place(query, {Place.DIFF})
    query = replace(
        query, group=query.group or (parse_group(arguments.by) if arguments.by else None)
    )
    tree = _tree(arguments.ends, arguments.source)
    data = tree.read(_path(query))
    rows = rows_of(data)
    if arguments.json:
        sys.stdout.buffer.write(data)
    else:
        _show(tree, query, rows, arguments)
    return _code(rows, arguments.fail_over)


def _tree(ends: Sequence[str], source: str | None) -> LocalTree:
    if len(ends) > 2:
        raise OptionError(f"{len(ends)} moments: expected one or two")
    before, after = _moments(ends, source)
    return compare(before, after, " to ".join(ends))


def _moments(ends: Sequence[str], source: str | None) -> tuple[Moment, Moment]:
    if len(ends) == 2:
        return moment_of(ends[0], _mount(source)), moment_of(ends[1], _mount(source))
    (name,) = ends
    if os.path.isdir(name) and mount_of(name) is None:
        return ends_of(name)
    mount = mount_of(name) if os.path.exists(name) else _mount(source)
    if mount is None:
        raise OptionError(f"{name} alone: name what it is compared with, or a moment of a mount")
    return moment_of(name, mount), moment_of(NOW, mount)


def _mount(source: str | None) -> str | None:
    """Return the mount that has moments by their names, None if there is none."""
    if source is not None:
        return source
    try:
        found = default_source()
    except SourceFailed:
        return None
    return mount_of(found)


def _path(query: Query) -> str:
    """Return the path of the differences, the largest growth first."""
    ordered = replace(query, sort=query.sort or Sort("bytes", descending=True))
    return f"json/{DIFFERENCE}/query/{format_query(ordered)}/records"


def _show(tree: Tree, query: Query, rows: list[Row], arguments: argparse.Namespace) -> None:
    top = arguments.top or len(rows)
    chosen = rows if len(rows) <= 2 * top else [*rows[:top], *rows[-top:]]
    table = _table(chosen, str(query.group or "site"))
    if arguments.markdown:
        print(markdown(table))
    else:
        show(table)
    print(_summary(tree, rows, len(chosen)))


def _table(rows: Sequence[Row], group: str) -> Table:
    cells = [
        [
            f"{marks(row)}{human_size(row['delta']['bytes'], '+')}",
            human_size(row["before"]["bytes"]),
            human_size(row["after"]["bytes"]),
            f"{row['delta']['calls']:+d}",
            _rate(row),
            row["state"],
            site(row),
        ]
        for row in rows
    ]
    title = "Call site" if group == "site" else group.partition(":")[0].capitalize()
    return Table((*_COLUMNS[:-1], Column(title, is_right=False)), cells)


def _rate(row: Row) -> str:
    rate = row["per_second"]
    return "" if rate is None else f"{human_size(rate['bytes'], '+')}/s"


def _summary(tree: Tree, rows: list[Row], shown: int) -> str:
    """Tell the sum and the states of all rows, and how many are not shown."""
    growth = sum(row["delta"]["bytes"] for row in rows)
    states = Counter(row["state"] for row in rows)
    counts = [f"{states[state]} {state}" for state in _STATES if states[state]]
    parts = [f"{human_size(growth, '+')} in all: {', '.join(counts) or 'no difference'}"]
    if shown < len(rows):
        parts.append(f"{len(rows) - shown} rows in the middle are not shown: see --top")
    if states["unknown"]:
        parts.append("unknown: a partial list lacks the call site, which may have been there")
    if any("approx" in row and row["state"] != "unknown" for row in rows):
        parts.append(f"{ROUNDED} rounded before it was read")
    return "\n".join(parts)


def _code(rows: Sequence[Row], most: int | None) -> int:
    return GREW if most is not None and any(row["delta"]["bytes"] > most for row in rows) else 0


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
