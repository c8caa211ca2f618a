"""A client of a mount with traffic, many clients, and modules that are loaded and unloaded.

The loaded modules at each content_id follow from the seed. A client reads content_id before and
after a request, and then knows all contents that the request may have returned. It checks names
and line numbers; values change too fast to be checked.
"""

from __future__ import annotations

import errno
import os
import random
import select as polling
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.stress.actions import Mismatch, expect_errno
from tests.stress.masking import encode_without_values, mask_lines, mask_records
from tests.stress.model import SIZES, History, Question, Tag, select
from tests.stress.questions import Questions

MOST_BYTES = 65536  # a read of this size is a single request, whatever the address of the buffer
PAGE = 4096
READS = 8  # the reads of each open file
LATE = 2.0  # seconds that an overloaded machine may add to max_age


@dataclass(frozen=True)
class Candidate:
    """The possible contents of a file, if it was opened at a content_id."""

    content_id: int
    tags: list[Tag]
    data: bytes


class Reader:
    """A seeded client of one mount."""

    def __init__(self, root: Path, seed: int, number: int, max_age: float | None) -> None:
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
        # The content_id before and after the last poll().
        self._polled_ids = (1, 1) if max_age else (self._seen[0][1], self._id())

    def step(self) -> None:
        """Make a random request; raise Mismatch if its result is impossible."""
        match self._choose.randrange(12):
            case 0:
                self._polled_ids = self._check_poll()
            case 1:
                self._list()
            case 2:
                bad = self._questions.malformed()
                with expect_errno(errno.EINVAL, bad):
                    os.stat(self._root / bad)
                self.done["malformed query: EINVAL"] += 1
            case _:
                self._read()

    def _read_id(self) -> int:
        return int(os.pread(self._fd, 32, 0))

    def _id(self) -> int:
        """Return the current content_id; raise Mismatch if it is less than an earlier one."""
        found, before = self._read_id(), self._seen[-1][1]
        if found < before:
            raise Mismatch(f"content_id {found} after {before}")
        if found > before:
            self._seen.append((time.monotonic(), found))
        return found

    def _earliest(self) -> int:
        """Return the oldest content_id whose contents a request may return now."""
        if not self._max_age:
            return self._id()
        old = time.monotonic() - 2 * self._max_age - LATE
        while len(self._seen) > 1 and self._seen[1][0] < old:
            self._seen.popleft()
        return self._seen[0][1]

    def _check_poll(self) -> tuple[int, int]:
        """Require that poll() reports each change of content_id exactly once.

        With max_age a read of content_id may be late, so there it does not say which changes
        poll() has to report.
        """
        before = self._id()
        reported = bool(self._poll.poll(0))
        after = self._id()
        first, last = self._polled_ids
        missed = before > last and not reported
        repeated = reported and after == first
        if not self._max_age and (missed or repeated):
            raise Mismatch(
                f"poll: told {reported} at {before} to {after}, last told at {self._polled_ids}"
            )
        self.done["poll: told" if reported else "poll: not told"] += 1
        return before, after

    def _list(self) -> None:
        first = self._earliest()
        found = set(os.listdir(self._root / "by-module"))
        if not self._becomes_true(lambda: self._was_loaded(found, first)):
            raise Mismatch(f"by-module: {found} at content_id {first} to {self._id()}")
        self.done["listing"] += 1

    def _becomes_true(self, condition: Callable[[], bool]) -> bool:
        """Tell whether a condition on the present content_id holds.

        With max_age the content_id that is read may be that of the last period.
        """
        deadline = time.monotonic() + (LATE if self._max_age else 0)
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _was_loaded(self, modules: set[str], first: int) -> bool:
        """Tell whether these were the modules at one of the content_ids from `first` to now."""
        orders = map(self._history.order, range(first, self._id() + 1))
        loaded = ({name or "vmlinux" for name in order if name is not None} for order in orders)
        return modules in loaded

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
                self._read_held(question, fd, first)
            else:
                self._read_opened(question, fd, list(self._candidates(question, first)))
        finally:
            os.close(fd)

    def _read_opened(self, question: Question, fd: int, candidates: list[Candidate]) -> None:
        if question.named and not any(candidate.tags for candidate in candidates):
            raise Mismatch(f"{question.path}: opened, and it was not there")
        if question.form in SIZES:
            self._read_records(question, fd, candidates)
        else:
            self._read_lines(question, fd, candidates)

    def _was_absent(self, question: Question, first: int) -> bool:
        orders = {self._history.order(n) for n in range(first, self._id() + 1)}
        return not all(map(question.has_tags, orders))

    def _require_absent(self, question: Question, first: int, error: OSError) -> None:
        """Require that the name had no tags at some time since `first`."""
        if error.errno == errno.ESTALE and self._id() >= first + 2:
            self.done["open: ESTALE, the list changed twice"] += 1
            return
        if not self._becomes_true(lambda: self._was_absent(question, first)):
            raise Mismatch(f"{question.path}: {error}, and it was there all the time") from error
        self.done[f"open: {errno.errorcode[error.errno or 0]}"] += 1

    def _candidates(self, question: Question, first: int) -> Iterator[Candidate]:
        """Yield the possible contents of a file from now back to content_id `first`."""
        for content_id in range(self._id(), first - 1, -1):
            order = self._history.order(content_id)
            tags = select(question, order)
            yield Candidate(content_id, tags, encode_without_values(question.form, tags, order))

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
                found: bytes | None = mask_records(form, offset, os.pread(fd, length, offset))
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
                found: bytes | None = mask_lines(question.form, file.read())
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
        """Tell whether the outcome of a read that began at `before` or later fits a candidate.

        A stale read needs an unload of one of its tags by now; a good one none until it began.
        """
        until = self._id() if stale else before
        return self._history.unloaded(file.tags[touched], file.content_id, until) == stale

    def _require(self, candidates: list[Candidate], question: Question, found: str) -> None:
        if not candidates:
            raise Mismatch(f"{question.path}: {found}: nothing that it may hold up to {self._id()}")

    def _read_held(self, question: Question, fd: int, first: int) -> None:
        """Read with max_age: the lookup fixed the selection, at content_id `first` or later."""
        for _ in range(READS):
            try:
                self._read_in_period(question, fd, first)
            except OSError as error:
                if error.errno != errno.ESTALE or first == self._id():
                    raise
                self.done["held: ESTALE"] += 1

    @staticmethod
    def _is_same_period(fd: int, began: os.stat_result) -> bool:
        return os.fstat(fd).st_mtime_ns == began.st_mtime_ns

    def _read_in_period(self, question: Question, fd: int, first: int) -> None:
        began = os.fstat(fd)
        offset, length = 0, began.st_size
        if question.form in SIZES:
            offset, length = self._piece(question.form, began.st_size)
        try:
            data = os.pread(fd, length, offset)
        except OSError as error:
            # EINVAL: a busy machine delayed the read until contents of another size were there.
            if error.errno != errno.EINVAL or self._is_same_period(fd, began):
                raise
            data = b""
        if not self._is_same_period(fd, began):
            self.done["held: over the end of a period"] += 1
            return
        end: int | None = offset + length
        if question.form not in SIZES:
            found, end = mask_lines(question.form, data), None
        else:
            found = mask_records(question.form, offset, data)
            if (offset + len(data)) % PAGE == 0 and data and first != self._id():
                # The kernel ends a read before a page that has a stale record.
                end = offset + len(data)
        if not self._becomes_true(
            lambda: any(
                file.data[offset:end] == found for file in self._candidates(question, first)
            )
        ):
            raise Mismatch(
                f"{question.path}: {length} bytes at {offset}: {found!r:.200}: "
                f"nothing that it may hold from {first} to {self._id()}"
            )
        self.done["held: pread"] += 1
