"""The questions of a comparison, each in the form that every design takes."""

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

# Control lines after mounting. In the capture both tags of rapl.c are zero; the second question
# needs one of them to have the size of its condition.
SETUP_LINES = (f"alloc {RAPL}:717 8192 2", f"alloc {RAPL}:606 1024 1")

Select = Callable[[bytes], list[bytes]]


@dataclass(frozen=True)
class Published:
    """System time of commands on 224 CPUs (Xeon Platinum 8481C), in ms, as published."""

    text: float
    ioctl: float
    text_programs: int  # the number of programs in the pipeline


@dataclass(frozen=True)
class Scenario:
    """A question in the form of a path, of an ioctl filter and of a search in the text."""

    number: int
    title: str
    path: str  # below the root of the mount, and below /counters
    filter: Filter
    select: Select  # the lines of the answer in the text
    top: int | None = None  # the number of largest records, if the question is about these
    polls: int = 1  # how often the open file is read
    published: Published | None = None

    @property
    def compares_names(self) -> bool:
        """Whether the question has a condition on names."""
        return self.filter.file is not None or self.filter.module is not None

    @property
    def judges_all(self) -> bool:
        """Whether the answer depends on the counters of all tags."""
        return self.top is not None or (
            self.filter.min_size is not None and not self.compares_names
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
