"""Run the programs on a mount, and judge each result by the plain bytes.

The store has no traffic, so the bytes are known. They change between two rounds, so that a
program which reads a page of the first in the second shows it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from tests.conftest import control
from tests.programs.build import HERE
from tests.programs.catalog import GROUPS, STATS, Groups, Program

OPTIONS = "cpus=8,rate=0"
TIMEOUT = 60  # seconds
SETTLED = 0.15  # seconds after a change until no reader may get old values
# Both change the order by bytes, the tags below min_size, and the length of text and JSON.
LARGE = (
    "arch/x86/events/rapl.c:606 2147483648",
    "fs/xfs/libxfs/xfs_alloc.c:2651 123456789",
)


class Outcome(IntEnum):
    """The judgement of a run, the worse the higher."""

    RIGHT = 0
    REFUSED = 1  # an error, and no bytes
    WRONG = 2


@dataclass(frozen=True)
class Result:
    """The judgement of one program on one file, with its reason."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Output:
    """The end of a program: its exit status, the bytes that it gave, and its error message."""

    status: int
    data: bytes
    message: str


class Bench:
    """A mount, a directory for plain copies, and the programs to run on both."""

    def __init__(self, root: Path, scratch: Path, built: Path, tables: Path | None = None) -> None:
        """Run compiled programs from `built`; `tables` is a Python that has the libraries."""
        self._root = root
        self._scratch = scratch
        self._environment = {
            **os.environ,
            "LC_ALL": "C",
            "HERE": str(HERE),
            "BUILT": str(built),
            "PYTHON": sys.executable,
            "TABLES": str(tables),
        }
        self._expected: dict[tuple[str, bytes], Output] = {}

    def round(
        self, programs: Iterable[Program], groups: Groups = GROUPS
    ) -> Iterator[tuple[Program, str, Result]]:
        """Run each program on each of its files; yield the results that apply."""
        for group, paths in groups.items():
            for path in paths:
                plain = read_plainly(self._root / path)
                for program in programs:
                    if group in program.groups.split():
                        result = self._judge(program, path, plain)
                        if result is not None:
                            yield program, path, result

    def change(self, command: str) -> None:
        """Count large allocations up (`alloc`) or down (`free`)."""
        for line in LARGE:
            control(self._root, f"{command} {line}")
        time.sleep(SETTLED)

    def _judge(self, program: Program, path: str, plain: bytes) -> Result | None:
        if path == STATS and (not program.whole or program.name == "tar"):
            return None  # its numbers differ at each read, which tar may report as a change
        expected = self._on_plain(program, path, plain)
        if expected.status:
            return None  # a program that does not take such a file
        found = self._run(program, self._root / path)
        return judge_names(found, plain) if path == STATS else judge(found, expected.data)

    def _on_plain(self, program: Program, path: str, plain: bytes) -> Output:
        """Return the output of a program for a plain file with the same bytes and name."""
        directory = self._scratch / "plain"
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(plain)
        (self._scratch / "P").write_bytes(plain)
        if program.whole:
            return Output(0, plain, "")
        key = (program.name, plain)
        if key not in self._expected:
            self._expected[key] = self._run(program, file)
        return self._expected[key]

    def _run(self, program: Program, file: Path) -> Output:
        out = self._scratch / "run"
        (out / "D").mkdir(parents=True)
        variables = {"F": file, "O": out / "O", "D": out / "D", "P": self._scratch / "P"}
        environment = self._environment | {name: str(path) for name, path in variables.items()}
        command = ["bash", "-c", f"set -o pipefail; {program.script}"]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, timeout=TIMEOUT, check=False
            )
            written = (out / "O").read_bytes() if (out / "O").exists() else b""
        except subprocess.TimeoutExpired:
            return Output(128, b"", f"no end after {TIMEOUT} s")
        finally:
            shutil.rmtree(out)
        message = done.stderr.decode(errors="replace").strip()
        return Output(done.returncode, done.stdout + written, message)


def judge(found: Output, expected: bytes) -> Result:
    """Compare the output of a program with the expected bytes."""
    if found.status < 0 or found.status >= 128:
        return Result(Outcome.WRONG, f"signal: {found.message or found.status}")
    if found.status:
        reason = last_line(found.message) or f"exit {found.status}"
        if found.data:
            return Result(Outcome.WRONG, f"{len(found.data)} bytes, then {reason}")
        return Result(Outcome.REFUSED, reason)
    if found.data == expected:
        return Result(Outcome.RIGHT)
    return Result(Outcome.WRONG, f"{len(found.data)} bytes, expected {len(expected)}")


def judge_names(found: Output, plain: bytes) -> Result:
    """Compare a copy of `.allocfs/stats` by its names; errors of other runs add some."""
    if found.status:
        return judge(found, plain)
    names, expected = ({line.split()[0] for line in d.splitlines()} for d in (found.data, plain))
    if names >= expected and found.data.endswith(b"\n"):
        return Result(Outcome.RIGHT)
    return Result(Outcome.WRONG, f"{len(found.data)} bytes, {len(expected - names)} names missing")


def last_line(text: str) -> str:
    """Return the last line of a message."""
    return text.splitlines()[-1] if text else ""


def read_plainly(path: Path) -> bytes:
    """Read a file by read(2) until its end."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return b"".join(iter(lambda: os.read(fd, 1 << 20), b""))
    finally:
        os.close(fd)
