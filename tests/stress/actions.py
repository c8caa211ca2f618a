"""Random actions on a mount without traffic, whose every byte and errno the model predicts."""

from __future__ import annotations

import errno
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stress.model import (
    MODULES,
    SIZES,
    Model,
    Order,
    Question,
    Tag,
    encode,
    loaded_tags,
    select,
)
from tests.stress.questions import Questions

MOST_OPEN = 40


class Mismatch(Exception):
    """The mount and the model disagree."""


@contextmanager
def expect_errno(number: int, action: str) -> Iterator[None]:
    """Raise Mismatch unless the block fails with an errno."""
    try:
        yield
    except OSError as error:
        if error.errno != number:
            raise Mismatch(
                f"{action}: expected {errno.errorcode[number]}, found {error}"
            ) from error
    else:
        raise Mismatch(f"{action}: expected {errno.errorcode[number]}, found none")


@dataclass(frozen=True)
class OpenFile:
    """A file that stays open, and its contents when it was opened."""

    fd: int
    question: Question
    content_id: int
    tags: list[Tag]
    order: Order


class ExactClient:
    """The only client of its mount: it makes all changes itself, so it can predict all answers."""

    def __init__(self, root: Path, seed: int, cpus: int, max_age: float | None) -> None:
        self._root = root
        self._choose = random.Random(seed)
        self._questions = Questions(self._choose)
        self._cpus = cpus
        self._max_age = max_age
        self._model = Model()
        self._open_files: list[OpenFile] = []
        self._settled = True
        self.done: Counter[str] = Counter()
        actions: dict[Callable[[], None], int] = {
            self._change: 2,
            self._count: 4,
            self._read: 8,
            self._refusals: 1,
            self._list: 1,
            self._describe: 2,
            self._content_id: 1,
        }
        if not max_age:
            actions |= {self._keep: 3, self._read_kept: 10, self._drop: 1}
        self._actions, self._weights = list(actions), list(actions.values())

    def step(self) -> None:
        """Do a random action; raise Mismatch if its result differs from the model."""
        action = self._choose.choices(self._actions, self._weights)[0]
        self.done[f"exact: {action.__name__.strip('_')}"] += 1
        action()

    def close(self) -> None:
        """Close all open files."""
        while self._open_files:
            os.close(self._open_files.pop().fd)

    def _settle(self) -> None:
        """Wait until the mount may no longer show values from before the last change."""
        if not self._settled:
            time.sleep(2 * (self._max_age or 0))
            self._settled = True

    def _control(self, *lines: str) -> None:
        with (self._root / ".allocfs/control").open("wb", buffering=0) as file:
            file.write("\n".join(lines).encode())
        self._settled = not self._max_age

    def _change(self) -> None:
        module = self._choose.choice(MODULES[1:])
        line = self._model.change(module)
        self._control(line)
        with expect_errno(errno.EINVAL, f"{line} twice"):
            self._control(line)

    def _count(self) -> None:
        tag = self._choose.choice(loaded_tags(self._model.order))
        nbytes = self._choose.choice([0, 1, 4096, 1 << 20, self._choose.randrange(1 << 34)])
        calls, cpu = self._choose.randrange(1000), self._choose.randrange(self._cpus)
        words = f"{tag.file}:{tag.line} {nbytes} {calls} {cpu}"
        self._model.count(tag.file, tag.line, nbytes, calls)
        self._control(f"alloc {words}", "# and back, on another CPU", f"free {words}")
        if self._choose.random() < 0.3:
            self._model.count(tag.file, tag.line, -2 * nbytes, -calls)
            self._control(f"free {tag.file}:{tag.line} {nbytes} 0 0")
        else:
            self._control(f"alloc {words}")

    def _read(self) -> None:
        self._settle()
        question = self._questions(by_counter=True)
        path = self._root / question.path
        if question.named and not question.has_tags(self._model.order):
            with expect_errno(errno.ENOENT, question.path):
                path.read_bytes()
        elif question.path.endswith("/.records") and not question.has_tags(self._model.order):
            return
        else:
            self._compare(question.path, path.read_bytes(), self._model.content(question))

    def _keep(self) -> None:
        # By default a query by size is judged anew each second, so its records change meaning.
        question = self._questions(by_counter=self._max_age == 0)
        if question.form in SIZES and question.has_tags(self._model.order):
            tags = select(question, self._model.order, self._model.values)
            fd = os.open(self._root / question.path, os.O_RDONLY)
            self._open_files.append(
                OpenFile(fd, question, self._model.content_id, tags, self._model.order)
            )
        if len(self._open_files) > MOST_OPEN:
            self._drop()

    def _drop(self) -> None:
        if self._open_files:
            os.close(self._open_files.pop(self._choose.randrange(len(self._open_files))).fd)

    def _read_kept(self) -> None:
        if not self._open_files:
            return
        file = self._choose.choice(self._open_files)
        form = file.question.form
        size = SIZES[form]
        offset = self._choose.randrange(size * len(file.tags) + size)
        length = self._choose.choice([1, size, 10 * size, 65536])
        first, last = offset // size, -(-(offset + length) // size)
        touched = file.tags[first:last]
        if all(self._model.stays(tag, file.content_id) for tag in touched):
            whole = encode(form, touched, lambda tag: self._model.values[tag.number], file.order)
            skipped = offset - first * size
            found = os.pread(file.fd, length, offset)
            self._compare(file.question.path, found, whole[skipped : skipped + length])
        else:
            with expect_errno(errno.ESTALE, file.question.path):
                os.pread(file.fd, length, offset)

    def _compare(self, path: str, found: bytes, expected: bytes) -> None:
        if found != expected:
            pairs = enumerate(zip(found, expected, strict=False))
            at = next((n for n, (a, b) in pairs if a != b), min(len(found), len(expected)))
            raise Mismatch(
                f"{path}: {len(found)} bytes, expected {len(expected)}; from byte {at}: "
                f"{found[at : at + 80]!r}, expected {expected[at : at + 80]!r}"
            )

    def _refusals(self) -> None:
        bad = self._questions.malformed()
        with expect_errno(errno.EINVAL, bad):
            os.stat(self._root / bad)
        with expect_errno(errno.ENOENT, "no/such"):
            os.stat(self._root / "by-function/no_such_function")
        # With max_age open() succeeds without a request, but truncating and writing always fail.
        for mode in ("wb", "r+b"):
            with (
                expect_errno(errno.EROFS, "writing"),
                (self._root / "records").open(mode, buffering=0) as file,
            ):
                file.write(b"x")
        with expect_errno(errno.EINVAL, "bad control line"):
            self._control("alloc mm/slub.c:1 1", "nonsense")

    def _list(self) -> None:
        self._settle()
        names = {name or "vmlinux" for name in self._model.order if name is not None}
        if set(os.listdir(self._root / "by-module")) != names:
            raise Mismatch("by-module: the listing is not that of the loaded modules")

    def _describe(self) -> None:
        self._settle()
        question = self._questions(by_counter=True)
        if question.has_tags(self._model.order) and question.form in SIZES:
            path = self._root / question.path
            count = len(select(question, self._model.order, self._model.values))
            reported = int(os.getxattr(path, "user.allocfs.records"))
            if reported != count:
                raise Mismatch(f"{question.path}: says {reported} records, expected {count}")
            size = path.stat().st_size
            if size != count * SIZES[question.form]:
                raise Mismatch(f"{question.path}: st_size {size} with {count} records")

    def _content_id(self) -> None:
        # The kernel may have the new length before the new digits; it then pads with NULs.
        found = int((self._root / ".allocfs/content_id").read_bytes().rstrip(b"\0"))
        if found != self._model.content_id:
            raise Mismatch(f"content_id is {found}, expected {self._model.content_id}")
