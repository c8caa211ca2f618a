"""Clients that hold descriptors while modules come and go, and a record of all changes.

Each change counts one byte up at one call site, so its value tells how many changes a reader has
seen. Each load gives a call site of the module the number of that load.
"""

from __future__ import annotations

import errno
import mmap
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from allocfs.formats.records import RECORD_SIZE, Record, decode_record
from tests.conftest import control

COUNTED = "arch/x86/events/rapl.c:606"
MODULE = "xfs"
LOADED = "fs/xfs/libxfs/xfs_alloc.c:2651"
PATHS = ("records", "by-module/vmlinux", "by-module/xfs", "by-file/arch/x86/events/rapl.c")
STALE = (errno.ESTALE, errno.EIO, errno.EFAULT)  # of read(); of sendfile(); of a page of a map
READS = 30  # with each descriptor
LARGEST = 1 << 20


class WrongRead(AssertionError):
    """A read returned another tag, an old value, or an error that it should not."""


class Stalls(threading.Thread):
    """A measure of the time for which a busy machine does not run a thread that is due."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._stalls: list[tuple[float, float]] = []  # the end, and the length
        self._ends = False

    def run(self) -> None:
        """Sleep for 5 ms at a time, and note each sleep that is longer by more than 2 ms."""
        while not self._ends:
            begun = time.monotonic()
            time.sleep(0.005)
            late = time.monotonic() - begun - 0.005
            if late > 0.002:
                self._stalls.append((time.monotonic(), late))

    def __enter__(self) -> Stalls:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ends = True
        self.join()

    def since(self, begun: float) -> float:
        """Return the time that may be lost since a moment.

        Four times as long as this thread's: a new value needs two threads of the daemon as well,
        and those of the clients.
        """
        time.sleep(0.01)  # the present stall is noted when it ends
        return 4 * sum(length for end, length in self._stalls if end > begun)


@dataclass
class History:
    """The changes so far: number N is at N, 0 is the state at the mount."""

    stalls: Stalls
    begun: list[float] = field(default_factory=lambda: [0.0])
    ended: list[float] = field(default_factory=lambda: [0.0])

    def change(self, root: Path) -> None:
        """Load or unload the module in turn, and count up; each in one write."""
        number = len(self.begun)
        act = [f"unload {MODULE}"] if self.is_loaded(number - 1) else [f"load {MODULE}"]
        if not self.is_loaded(number - 1):
            act.append(f"alloc {LOADED} {number}")
        self.begun.append(time.monotonic())
        control(root, "\n".join([*act, f"alloc {COUNTED} 1"]))
        self.ended.append(time.monotonic())

    @staticmethod
    def is_loaded(number: int) -> bool:
        """Tell whether the module is loaded after a change."""
        return number % 2 == 0

    def require_recent(self, value: int, asked: float, max_age: float) -> None:
        """Raise WrongRead if the value was replaced longer than max_age before it was asked for."""
        known = len(self.ended)
        if value > len(self.begun) - 1:
            raise WrongRead(f"value {value} of {len(self.begun) - 1}")
        if value + 1 < known:
            self._require_within(max_age, self.ended[value + 1], asked, f"value {value}")

    def require_not_unloaded(self, number: int, asked: float, max_age: float) -> None:
        """Raise WrongRead if the module that a change left was unloaded longer ago than max_age."""
        unload = number + 1 if self.is_loaded(number) else number
        if unload < len(self.ended):
            self._require_within(max_age, self.ended[unload], asked, "an unloaded module")

    def _require_within(self, max_age: float, changed: float, asked: float, place: str) -> None:
        age = asked - changed
        if age > max_age and (max_age == 0 or age > max_age + self.stalls.since(changed)):
            raise WrongRead(f"{place} {age:.3f} s after its end")


Read = Callable[[int, int], bytes]  # a descriptor of a file and an offset: one record


def by_pread(fd: int, offset: int) -> bytes:
    return os.pread(fd, RECORD_SIZE, offset)


def _through_pipe(write: Callable[[int], int]) -> bytes:
    out, into = os.pipe()
    try:
        return os.read(out, RECORD_SIZE) if write(into) else b""
    finally:
        os.close(out)
        os.close(into)


def by_sendfile(fd: int, offset: int) -> bytes:
    return _through_pipe(lambda into: os.sendfile(into, fd, offset, RECORD_SIZE))


def by_splice(fd: int, offset: int) -> bytes:
    return _through_pipe(lambda into: os.splice(fd, into, RECORD_SIZE, offset_src=offset))


class Mapping:
    """Reads of maps, each of which is kept as long as its descriptor."""

    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._maps: dict[int, mmap.mmap] = {}

    def __call__(self, fd: int, offset: int) -> bytes:
        """Copy a record with write(), which fails with EFAULT instead of a signal."""
        if fd not in self._maps:
            size = os.fstat(fd).st_size  # mmap itself would hide its error
            self._maps[fd] = mmap.mmap(fd, size, self._flags, mmap.PROT_READ)
        with memoryview(self._maps[fd]) as whole, whole[offset:][:RECORD_SIZE] as part:
            return _through_pipe(lambda into: os.write(into, part))

    def close(self) -> None:
        """Unmap all files."""
        for mapped in self._maps.values():
            mapped.close()
        self._maps.clear()


class HeldFile:
    """An open file, the tag of each record when it was opened, and the change it was opened at."""

    def __init__(self, path: Path, history: History) -> None:
        self.fd = os.open(path, os.O_RDONLY)
        try:
            data = os.pread(self.fd, LARGEST, 0)
            if len(data) != os.fstat(self.fd).st_size:  # it ends before a page that is stale
                raise OSError(errno.ESTALE, "unloaded meanwhile")
        except OSError:
            os.close(self.fd)
            raise
        self.change = len(history.begun) - 1  # an open may still find the tags of an earlier one
        self.tags = [_tag(record) for record in _records(data)]
        self.load = 0  # the number that the call site of the module was seen to have

    def judge(
        self, number: int, record: Record, history: History, asked: float, age: float
    ) -> None:
        """Raise WrongRead if a record is not of its tag, or has values that it should not."""
        if _tag(record) != self.tags[number]:
            raise WrongRead(f"record {number}: {_tag(record)}, not {self.tags[number]}")
        place = f"{record.file}:{record.line}"
        if place == COUNTED and record.bytes:
            if record.bytes != record.calls:
                raise WrongRead(f"{record.bytes} bytes with {record.calls} calls")
            history.require_recent(record.bytes, asked, age)
        if record.module == MODULE:
            history.require_not_unloaded(self.change, asked, age)
        if place == LOADED and record.bytes:
            if self.load not in (0, record.bytes):
                raise WrongRead(f"load {record.bytes} on a descriptor of load {self.load}")
            self.load = record.bytes


class HeldReader(threading.Thread):
    """A client that reads in one way, for a while, from files that it holds."""

    def __init__(
        self,
        root: Path,
        history: History,
        read: Read,
        age: float,
        goes_on: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.failures: list[str] = []
        self.reads = self.stale = 0
        self._root = root
        self._history = history
        self._read = read
        self._age = age
        self._goes_on = goes_on
        self._choose = random.Random(1)

    def run(self) -> None:
        """Open files, and read each for a number of times."""
        try:
            while self._goes_on():
                self._hold(self._choose.choice(PATHS))
        except Exception as error:
            self.failures.append(f"{self.name}: {type(error).__name__}: {error}")

    def _hold(self, path: str) -> None:
        try:
            held = HeldFile(self._root / path, self._history)
        except OSError as error:
            if error.errno not in (errno.ENOENT, *STALE):
                raise
            return
        try:
            for _ in range(READS):
                self._read_one(path, held)
        finally:
            if isinstance(self._read, Mapping):
                self._read.close()
            os.close(held.fd)

    def _read_one(self, path: str, held: HeldFile) -> None:
        number = self._number(held)
        asked = time.monotonic()
        try:
            data = self._read(held.fd, number * RECORD_SIZE)
            if len(data) != RECORD_SIZE:
                raise OSError(errno.ESTALE, f"{len(data)} bytes, as before a page that is stale")
        except OSError as error:
            # With the record, the kernel may read its page.
            near = {module for _, _, module, _ in held.tags[max(0, number - 20) : number + 20]}
            if error.errno not in STALE or MODULE not in near:
                raise WrongRead(f"{path}, record {number} {held.tags[number]}: {error}") from error
            self.stale += 1
            return
        held.judge(number, decode_record(data), self._history, asked, self._age)
        self.reads += 1

    def _number(self, held: HeldFile) -> int:
        """Choose a record, mostly one whose values tell something."""
        for place in (COUNTED, LOADED):
            if self._choose.random() < 0.4:
                with suppress(ValueError):
                    return [f"{file}:{line}" for file, line, *_ in held.tags].index(place)
        return self._choose.randrange(len(held.tags))


def _records(data: bytes) -> list[Record]:
    starts = range(0, len(data), RECORD_SIZE)
    return [decode_record(data[start : start + RECORD_SIZE]) for start in starts]


def _tag(record: Record) -> tuple[str, int, str, str]:
    return record.file, record.line, record.module, record.function
