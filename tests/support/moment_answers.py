"""Queries on the moments of the model, answered one codetag after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from posixpath import dirname
from typing import NamedTuple

from allocfs.tags.table import Codetag
from tests.support.moment_model import PATHS, Base, Kind, Row, Value, signed, with_trend
from tests.support.selection_oracle import Counted, Term


@dataclass(frozen=True)
class Asked:
    """A query, and the file that is read below it; the path of `place` may be a name."""

    place: Term = ("records", lambda _: True)
    names: tuple[Term, ...] = ()
    accuracy: tuple[Term, ...] = ()
    on_rows: tuple[Term, ...] = ()
    group: str = ""
    sort: str = ""
    limit: int | None = None

    @property
    def text(self) -> str:
        """The name of the query, empty if it has no terms."""
        terms = [text for text, _ in (*self.names, *self.accuracy, *self.on_rows)]
        terms += [f"group={self.group}"] if self.group else []
        terms += [f"sort={self.sort}"] if self.sort else []
        terms += [] if self.limit is None else [f"limit={self.limit}"]
        return ",".join(terms)

    def path_in(self, top: str, form: str, is_inner: bool = False) -> str:
        """Return the path of the file in a form, whose directory is above or below a moment's."""
        return "/".join([top, form, self.path] if is_inner else [form, top, self.path])

    @property
    def path(self) -> str:
        """The path below a directory of values."""
        return f"query/{self.text}/{self.place[0]}" if self.text else self.place[0]


class Answer(NamedTuple):
    """The rows of a file, and the bytes of all rows that a group has."""

    rows: list[Row]
    total: int


def select(base: Base, asked: Asked) -> Answer:
    """Answer a query."""
    rows = [row for row in base.rows if holds(row.one, (asked.place, *asked.names))]
    if asked.group:
        rows = grouped(base.kind, rows, asked)
    else:
        rows = [row for row in rows if holds(row.one, asked.accuracy)]
    total = sum(row.one.bytes for row in rows)
    if base.kind == "diff":
        rows = [row for row in rows if row.differs]
    rows = [row for row in rows if holds(row.one, asked.on_rows)]
    if asked.sort:
        rows.sort(key=lambda row: _order(asked, row), reverse=asked.sort[0] == "-")
    return Answer(rows[: asked.limit], total)


def holds(one: Counted, terms: Iterable[Term]) -> bool:
    """Tell whether a codetag or a row meets some conditions."""
    return all(condition(one) for _, condition in terms)


def _order(asked: Asked, row: Row) -> tuple[object, ...]:
    match asked.sort.removeprefix("-"):
        case "bytes":
            return (row.one.bytes,)
        case "calls":
            return (row.one.calls,)
        case "slope":
            return (row.trend.slope,)
        case "rising":
            return (row.trend.rising,)
        case _:
            tag = row.one.tag
            rest = (tag.function, tag.module) if asked.group else ()
            return PATHS.get(tag.file, tag.file), tag.line, *rest


def row_of(group: str, tag: Codetag) -> Codetag:
    """Return the row of a codetag: the fields that the group fixes."""
    key, _, depth = group.partition(":")
    match key:
        case "module":
            return Codetag("", 0, "", tag.module)
        case "file":
            return Codetag(PATHS[tag.file], 0, "")
        case "function":
            return Codetag("", 0, tag.function)
        case "dir":
            parts = dirname(PATHS[tag.file]).split("/")
            return Codetag("/".join(parts[: int(depth)] if depth else parts) or ".", 0, "")
        case "all":
            return Codetag("", 0, "")
        case _:
            return tag


def grouped(kind: Kind, rows: list[Row], asked: Asked) -> list[Row]:
    """Sum the codetags of each row that are as accurate as is asked; leave empty rows out."""
    members: dict[Codetag, list[Row]] = {}
    for row in rows:
        members.setdefault(row_of(asked.group, row.one.tag), []).append(row)
    summed = []
    for index, (tag, found) in enumerate(members.items()):
        chosen = [row for row in found if holds(row.one, asked.accuracy)]
        if chosen:
            summed.append(_sum(kind, tag, index, chosen))
    return summed


def _sum(kind: Kind, tag: Codetag, index: int, rows: list[Row]) -> Row:
    marks = {row.one.mark for row in rows}
    counted = [row.one for row in (_newest(rows) if kind == "trend" else rows)]
    calls = sum(one.calls for one in counted)
    one = Counted(
        tag,
        signed(sum(one.bytes for one in counted)),
        signed(calls) if kind == "diff" else calls % 2**64,
        all(one.accurate for one in counted),
        mark=marks.pop() if len(marks) == 1 else "",
    )
    before = Value(
        signed(sum(row.before.bytes for row in rows)),
        sum(row.before.calls for row in rows) % 2**64,
    )
    summed = Row(one, tuple(key for row in rows for key in row.keys), index, before)
    return with_trend(replace(summed, points=_points(rows))) if kind == "trend" else summed


def _newest(rows: list[Row]) -> list[Row]:
    """Return the codetags in the newest sample that has any of them."""
    newest = max(max(row.points or {}) for row in rows)
    return [row for row in rows if newest in (row.points or {})]


def _points(rows: list[Row]) -> dict[int, int]:
    points: Counter[int] = Counter()
    for row in rows:
        for time, nbytes in (row.points or {}).items():
            points[time] += nbytes
    return {time: signed(points[time]) for time in sorted(points)}
