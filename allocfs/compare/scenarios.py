"""The questions that are asked, and how each of the designs is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from allocfs.compare.textfilter import at_least, containing, everything, largest
from allocfs.kernel.ioctl import Filter

RAPL = "arch/x86/events/rapl.c"
MODULE = "xfs"
TOP = 10
POLLS = 1000

# One of the two tags of rapl.c is to have the size that the second question asks for. In the
# capture neither has allocated anything.
CONTROL = ("alloc arch/x86/events/rapl.c:717 8192 2", "alloc arch/x86/events/rapl.c:606 1024 1")

Select = Callable[[bytes], list[bytes]]


@dataclass(frozen=True)
class Published:
    """System time of commands on 224 CPUs (Xeon Platinum 8481C), in ms, as published."""

    text: float
    ioctl: float
    text_programs: int  # that the pipeline starts


@dataclass(frozen=True)
class Scenario:
    """A question; `select` finds its lines in the text, `top` is how many records are wanted."""

    number: int
    title: str
    path: str  # below the mount, and below its /counters
    wanted: Filter
    select: Select
    top: int | None = None
    polls: int = 1
    published: Published | None = None

    @property
    def compares_names(self) -> bool:
        """Whether each tag's names have to be looked at."""
        return self.wanted.file is not None or self.wanted.module is not None

    @property
    def judges_all(self) -> bool:
        """Whether the counters of all tags decide which records are wanted."""
        return self.top is not None or (
            self.wanted.min_size is not None and not self.compares_names
        )


def _of_file(text: bytes) -> list[bytes]:
    return containing(text, f" {RAPL}:".encode())


def _of_file_and_size(text: bytes) -> list[bytes]:
    return at_least(_of_file(text), 4096)


def _of_size(text: bytes) -> list[bytes]:
    return at_least(everything(text), 1 << 20)


def _top(text: bytes) -> list[bytes]:
    return largest(everything(text), TOP)


_of_module = partial(containing, part=f" [{MODULE}] ".encode())

SCENARIOS = (
    Scenario(
        1,
        f"file {RAPL}",
        f"by-file/{RAPL}",
        Filter(file=RAPL),
        _of_file,
        published=Published(22, 1, text_programs=2),
    ),
    Scenario(
        2,
        f"file {RAPL}, min_size=4K",
        f"query/min_size=4K/by-file/{RAPL}",
        Filter(file=RAPL, min_size=4096),
        _of_file_and_size,
        published=Published(21, 1, text_programs=3),
    ),
    Scenario(
        3,
        "min_size=1M",
        "query/min_size=1M/records",
        Filter(min_size=1 << 20),
        _of_size,
        published=Published(21, 14, text_programs=2),
    ),
    Scenario(4, "everything", "records", Filter(), everything),
    Scenario(5, f"module {MODULE}", f"by-module/{MODULE}", Filter(module=MODULE), _of_module),
    Scenario(
        6,
        f"module {MODULE}, polled {POLLS:,} times",
        f"by-module/{MODULE}",
        Filter(module=MODULE),
        _of_module,
        polls=POLLS,
    ),
    Scenario(
        7,
        f"the {TOP} largest",
        f"query/sort=-bytes,limit={TOP}/records",
        Filter(),
        _top,
        top=TOP,
    ),
)
