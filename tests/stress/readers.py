"""A client among many, while modules come and go and counters move.

What is loaded at each content_id follows from the seed, so a client that sees a content_id
before and after knows what it may have been shown. Names and numbers have to be right then;
values move.
"""

from __future__ import annotations

import errno
import os
import random
import select as polling
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.stress.actions import Wrong, expecting
from tests.stress.masking import foreseen, lines_masked, masked
from tests.stress.model import SIZES, History, Question, Tag, select
from tests.stress.questions import Questions

MOST_BYTES = 65536  # the kernel asks for so much at once, whatever the buffer
PAGE = 4096
READS = 8  # of one open file
LATE = 2.0  # seconds that a machine with too much to do may add to max_age


@dataclass(frozen=True)
class Candidate:
    """What a file can hold if it was opened at some content_id."""

    content_id: int
    tags: list[Tag]
    data: bytes


class Reader:
    """A seeded client of one mount."""

    def __init__(self, root: Path, seed: int, number: int, max_age: float) -> None:
        self.done: Counter[str] = Counter()
        self._root = root
        self._max_age = max_age
        self._history = History(seed)
        self._choose = random.Random(seed * 1000 + number)
        self._questions = Questions(self._choose)
        self._fd = os.open(root / ".allocfs/content_id", os.O_RDONLY)
        self._seen = deque([(time.monotonic(), 1 if max_age else self._read_id())])
        self._poll = polling.poll()
        self._poll.register(self._fd, polling.POLLPRI)
        self._told = (1, 1) if max_age else (self._seen[0][1], self._id())

    def step(self) -> None:
        """Do something; raise Wrong if it cannot have turned out so."""
        match self._choose.randrange(12):
            case 0:
                self._told = self._polled()
            case 1:
                self._list()
            case 2:
                bad = self._questions.malformed()
                with expecting(errno.EINVAL, bad):
                    os.stat(self._root / bad)
                self.done["malformed query: EINVAL"] += 1
            case _:
                self._read()

    def _read_id(self) -> int:
        return int(os.pread(self._fd, 32, 0))

    def _id(self) -> int:
        """Return the present content_id; they only grow."""
        found, before = self._read_id(), self._seen[-1][1]
        if found < before:
            raise Wrong(f"content_id {found} after {before}")
        if found > before:
            self._seen.append((time.monotonic(), found))
        return found

    def _earliest(self) -> int:
        """Return the oldest content_id of which something may be shown that is asked for now."""
        if not self._max_age:
            return self._id()
        old = time.monotonic() - 2 * self._max_age - LATE
        while len(self._seen) > 1 and self._seen[1][0] < old:
            self._seen.popleft()
        return self._seen[0][1]

    def _polled(self) -> tuple[int, int]:
        """Require to be told of a change once.

        With max_age content_id itself may be read late, so that it does not tell what is due.
        """
        before = self._id()
        told = bool(self._poll.poll(0))
        after = self._id()
        missed = before > self._told[1] and not told
        if not self._max_age and (missed or (told and after == self._told[0])):
            raise Wrong(f"poll: told {told} at {before} to {after}, last told at {self._told}")
        self.done["poll: told" if told else "poll: not told"] += 1
        return before, after

    def _list(self) -> None:
        first = self._earliest()
        found = set(os.listdir(self._root / "by-module"))
        for content_id in range(first, self._id() + 1):
            order = self._history.order(content_id)
            if found == {name or "vmlinux" for name in order if name is not None}:
                self.done["listing"] += 1
                return
        raise Wrong(f"by-module: {found} at content_id {first} to {self._id()}")

    def _read(self) -> None:
        question = self._questions(by_counter=False)
        first = self._earliest()
        try:
            fd = os.open(self._root / question.path, os.O_RDONLY)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ESTALE):
                raise
            self._require_absent(question, first, error)
            return
        self.done["open"] += 1
        try:
            if self._max_age:
                self._read_held(question, fd)
            else:
                self._read_opened(question, fd, list(self._candidates(question, first)))
        finally:
            os.close(fd)

    def _read_opened(self, question: Question, fd: int, candidates: list[Candidate]) -> None:
        if question.named and not any(candidate.tags for candidate in candidates):
            raise Wrong(f"{question.path}: opened, and it was not there")
        if question.form in SIZES:
            self._read_records(question, fd, candidates)
        else:
            self._read_lines(question, fd, candidates)

    def _require_absent(self, question: Question, first: int, error: OSError) -> None:
        """Require that a name has not had tags all the time."""
        orders = {self._history.order(n) for n in range(first, self._id() + 1)}
        if all(map(question.is_named_in, orders)):
            raise Wrong(f"{question.path}: {error}, and it was there all the time") from error
        self.done[f"open: {errno.errorcode[error.errno or 0]}"] += 1

    def _candidates(self, question: Question, first: int) -> Iterator[Candidate]:
        """Work out what a file may hold that is shown as of content_id `first` to now."""
        for content_id in range(self._id(), first - 1, -1):
            order = self._history.order(content_id)
            tags = select(question, order)
            yield Candidate(content_id, tags, foreseen(question.form, tags, order))

    def _piece(self, form: str, size: int) -> tuple[int, int]:
        record = SIZES[form]
        offset = self._choose.randrange(size + 2 * record)
        if self._choose.random() < 0.5:
            offset -= offset % record
        return offset, self._choose.choice([1, record, 10 * record, MOST_BYTES])

    def _read_records(self, question: Question, fd: int, candidates: list[Candidate]) -> None:
        form = question.form
        for _ in range(READS):
            offset, length = self._piece(form, len(candidates[0].data))
            before = self._id()
            try:
                found: bytes | None = masked(form, offset, os.pread(fd, length, offset))
            except OSError as error:
                if error.errno != errno.ESTALE:
                    raise
                found = None
            whole = SIZES[form]
            touched = slice(offset // whole, -(-(offset + length) // whole))
            candidates = [
                candidate
                for candidate in candidates
                if self._possible(candidate, touched, before, found is None)
                and (found is None or candidate.data[offset : offset + length] == found)
            ]
            self._require(candidates, question, f"{length} bytes at {offset}: {found!r:.200}")
            self.done["pread: ESTALE" if found is None else "pread"] += 1

    def _read_lines(self, question: Question, fd: int, candidates: list[Candidate]) -> None:
        before = self._id()
        try:
            with open(fd, "rb", closefd=False) as file:
                found: bytes | None = lines_masked(question.form, file.read())
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise
            found = None
        fitting = [
            candidate
            for candidate in candidates
            if self._possible(candidate, slice(None), before, found is None)
            and (found is None or candidate.data == found)
        ]
        self._require(fitting, question, f"lines: {found!r:.200}")
        self.done["lines: ESTALE" if found is None else "lines"] += 1

    def _possible(self, file: Candidate, touched: slice, before: int, stale: bool) -> bool:
        """Tell whether a read could (not) fail that began at content_id `before` at the latest."""
        until = self._id() if stale else before
        return self._history.unloaded(file.tags[touched], file.content_id, until) == stale

    def _require(self, candidates: list[Candidate], question: Question, found: str) -> None:
        if not candidates:
            raise Wrong(f"{question.path}: {found}: nothing that it may hold up to {self._id()}")

    def _read_held(self, question: Question, fd: int) -> None:
        """Read with max_age: what is shown may be as old as that, and opens fix nothing."""
        for _ in range(READS):
            first = self._earliest()
            try:
                self._read_in_period(question, fd, first)
            except OSError as error:
                if error.errno != errno.ESTALE or first == self._id():
                    raise
                self.done["held: ESTALE"] += 1

    def _read_in_period(self, question: Question, fd: int, first: int) -> None:
        began = os.fstat(fd)
        offset, length = 0, began.st_size
        if question.form in SIZES:
            offset, length = self._piece(question.form, began.st_size)
        data = os.pread(fd, length, offset)
        if os.fstat(fd).st_mtime_ns != began.st_mtime_ns:
            self.done["held: over the end of a period"] += 1
            return
        end: int | None = offset + length
        if question.form not in SIZES:
            found, end = lines_masked(question.form, data), None
        else:
            found = masked(question.form, offset, data)
            if (offset + len(data)) % PAGE == 0 and data and first != self._id():
                end = offset + len(data)  # the kernel stops before a page that has a stale record
        if not any(file.data[offset:end] == found for file in self._candidates(question, first)):
            raise Wrong(
                f"{question.path}: {length} bytes at {offset}: {found!r:.200}: "
                f"nothing that it may hold from {first} to {self._id()}"
            )
        self.done["held: pread"] += 1
