"""A model of a mount in plain Python, made from the capture without the code of allocfs."""

from __future__ import annotations

import json
import posixpath
import random
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import allocfs

CAPTURE = Path(allocfs.__file__).parent / "data/linux-6.12-net.txt"
SIZES = {"records": 224, "counters": 32}
VALUES = {"records": slice(200, 216), "counters": slice(8, 24)}  # bytes and calls
_RECORD = struct.Struct("=64s64s64sQqQB7x")  # the layouts in spec/records.md
_COUNTERS = struct.Struct("=QqQQ")
_LINE = re.compile(r" *(-?\d+) +(\d+) (\S+):(\d+) (?:\[(\S+)\] )?func:(\S+) ")

Form = Literal["records", "counters", "text", "json"]
# The loaded modules in the kernel's order, "" for built-in code, None for a free number.
Order = tuple[str | None, ...]


class Tag(NamedTuple):
    number: int  # in the capture
    file: str
    line: int
    function: str
    module: str

    @property
    def path(self) -> str:
        return posixpath.normpath("/" + self.file)[1:]


class Values(NamedTuple):
    bytes: int
    calls: int


NOTHING = Values(0, 0)


@dataclass(frozen=True)
class Question:
    """A path and the contents of its file: the conditions on tags and values, and the order."""

    path: str
    form: Form
    holds: Callable[[Tag], bool]
    counted: Callable[[Values], bool] | None = None
    sort: str = ""
    limit: int | None = None
    named: bool = False  # the path is the name of a file, function or module: absent without tags

    @cached_property
    def tags_by_module(self) -> dict[str, list[Tag]]:
        """The tags whose names match, loaded or not, by module."""
        return {name: list(filter(self.holds, tags)) for name, tags in TAGS_BY_MODULE.items()}

    def has_tags(self, order: Order) -> bool:
        """Tell whether a tag whose names match is loaded."""
        return any(name is not None and self.tags_by_module[name] for name in order)

    @property
    def by_counter(self) -> bool:
        """Tell whether the selection or its order depends on values."""
        return self.counted is not None or self.sort.strip("-") in ("bytes", "calls")


def capture() -> tuple[list[Tag], list[Values]]:
    """Parse the capture from which a simulated store starts."""
    tags: list[Tag] = []
    values: list[Values] = []
    for line in CAPTURE.read_text().splitlines()[2:]:
        found = _LINE.match(line)
        assert found is not None, line
        nbytes, calls, file, number, module, function = found.groups()
        tags.append(Tag(len(tags), file, int(number), function, module or ""))
        values.append(Values(int(nbytes), int(calls)))
    return tags, values


TAGS, FIRST_VALUES = capture()
MODULES = tuple(dict.fromkeys(tag.module for tag in TAGS))
TAGS_BY_MODULE = {name: [tag for tag in TAGS if tag.module == name] for name in MODULES}


def toggle(order: Order, module: str) -> Order:
    """Unload a module if it is loaded, otherwise load it with the lowest free number."""
    if module in order:
        return tuple(None if name == module else name for name in order)
    if None not in order:
        return (*order, module)
    free = order.index(None)
    return (*order[:free], module, *order[free + 1 :])


def loaded_tags(order: Order) -> list[Tag]:
    """List the loaded tags in the kernel's order."""
    return [tag for name in order if name is not None for tag in TAGS_BY_MODULE[name]]


@lru_cache(maxsize=64)
def ranks(order: Order) -> dict[int, int]:
    """Return the index in /records of each loaded tag, by its number in the capture."""
    return {tag.number: rank for rank, tag in enumerate(loaded_tags(order))}


def select(question: Question, order: Order, values: list[Values] = FIRST_VALUES) -> list[Tag]:
    """List the tags of a file in order."""
    found = [tag for name in order if name is not None for tag in question.tags_by_module[name]]
    if question.counted is not None:
        found = [tag for tag in found if question.counted(values[tag.number])]
    if question.sort:
        key = _sort_key(question.sort.strip("-"), values)
        found.sort(key=key, reverse=question.sort.startswith("-"))  # stable in both directions
    return found[: question.limit]


def _sort_key(key: str, values: list[Values]) -> Callable[[Tag], tuple[object, ...]]:
    match key:
        case "bytes":
            return lambda tag: (values[tag.number].bytes,)
        case "calls":
            return lambda tag: (values[tag.number].calls,)
        case _:
            return lambda tag: (tag.path, tag.line)


def encode(form: Form, tags: Iterable[Tag], values: Callable[[Tag], Values], order: Order) -> bytes:
    """Encode tags in a form; counters contain an index that depends on the loaded modules."""
    match form:
        case "records":
            return b"".join(_record(tag, values(tag)) for tag in tags)
        case "counters":
            rank = ranks(order)
            return b"".join(_COUNTERS.pack(rank[tag.number], *values(tag), 1) for tag in tags)
        case "text":
            return "".join(_text(tag, values(tag)) for tag in tags).encode()
        case "json":
            return "".join(_json(tag, values(tag)) for tag in tags).encode()


def _record(tag: Tag, values: Values) -> bytes:
    names = (name.encode()[-63:] for name in (tag.module, tag.function, tag.file))
    return _RECORD.pack(*names, tag.line, *values, 1)


def _text(tag: Tag, values: Values) -> str:
    module = f"[{tag.module}] " if tag.module else ""
    names = f"{tag.file}:{tag.line} {module}func:{tag.function}"
    return f"{values.bytes:12} {values.calls:8} {names} \n"


def _json(tag: Tag, values: Values) -> str:
    named = {"file": tag.file, "line": tag.line, "function": tag.function, "module": tag.module}
    return json.dumps({**named, **values._asdict(), "accurate": True}) + "\n"


@dataclass
class Model:
    """A store without traffic: its loaded modules and all values."""

    order: Order = MODULES
    content_id: int = 1
    values: list[Values] = field(default_factory=lambda: list(FIRST_VALUES))
    loaded_at: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODULES, 1))

    def change(self, module: str) -> str:
        """Load or unload a module; return the control line for it."""
        line = f"{'unload' if module in self.order else 'load'} {module}"
        self.order = toggle(self.order, module)
        self.content_id += 1
        self.loaded_at[module] = self.content_id if module in self.order else 0
        for tag in TAGS_BY_MODULE[module]:
            self.values[tag.number] = NOTHING
        return line

    def count(self, file: str, line: int, nbytes: int, calls: int) -> None:
        """Add to the first loaded tag of a line; the file is in the kernel's spelling or a path."""
        tag = next(
            t for t in loaded_tags(self.order) if t.line == line and file in (t.file, t.path)
        )
        now = self.values[tag.number]
        self.values[tag.number] = Values(now.bytes + nbytes, now.calls + calls)

    def content(self, question: Question) -> bytes:
        """Return the whole content of a file."""
        tags = select(question, self.order, self.values)
        return encode(question.form, tags, lambda tag: self.values[tag.number], self.order)

    def stays(self, tag: Tag, content_id: int) -> bool:
        """Tell whether a tag has been loaded since `content_id` without a break."""
        return 0 < self.loaded_at[tag.module] <= content_id


class History:
    """The seeded sequence of loads and unloads: change n leads to content_id n + 1."""

    def __init__(self, seed: int) -> None:
        self._choose = random.Random(seed)
        self._orders: list[Order] = [MODULES]
        self._unloaded: list[str | None] = [None]  # the module that each change unloads, or None

    def order(self, content_id: int) -> Order:
        """Return the loaded modules at a content_id."""
        while len(self._orders) < content_id:
            module = self._choose.choice(MODULES[1:])
            before = self._orders[-1]
            self._orders.append(toggle(before, module))
            self._unloaded.append(module if module in before else None)
        return self._orders[content_id - 1]

    def line(self, content_id: int) -> str:
        """Return the control line that leads to a content_id."""
        before, after = self.order(content_id - 1), self.order(content_id)
        gone = self._unloaded[content_id - 1]
        if gone is not None:
            return f"unload {gone}"
        return f"load {next(name for name in after if name not in before)}"

    def unloaded(self, tags: Iterable[Tag], after: int, until: int) -> bool:
        """Tell whether one of these tags was unloaded after `after` and not later than `until`."""
        self.order(until)
        gone = set(self._unloaded[after:until]) - {None}
        return any(tag.module in gone for tag in tags)
