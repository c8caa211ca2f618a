"""Measure the costs of the parts of a query on this machine, with the program in probe/."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from allocfs.compare.mounts import CannotCompare, Store
from allocfs.compare.scenarios import RAPL

_SOURCES = sorted((Path(__file__).parent / "probe").glob("*.c"))
_COMPILERS = ("cc", "gcc", "clang")
_MEMORY = Path("/dev/shm")  # like the modelled file system it has no disk


@dataclass(frozen=True)
class Costs:
    """Costs in ns."""

    call: float  # a pread() that returns no bytes
    byte: float  # copying one byte to user space
    open_proc: float  # open() and close() of a file in /proc
    open_path: float  # open() and close() of a file five directories deep
    line: float  # formatting one line of text
    compare: float  # comparing a tag's file name with that of the query
    record: float  # filling in one record of 224 bytes
    counter: float  # adding one CPU's counter, which another CPU wrote last
    start: float  # starting a program and waiting for its end


def measure_costs(store: Store) -> Costs:
    """Compile the program and run it for a store of this size.

    Raises CannotCompare if there is no compiler.
    """
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as place:
        program, deep = Path(place, "costs"), Path(place, "by-file", RAPL)
        _compile(program)
        deep.parent.mkdir(parents=True)
        deep.write_bytes(bytes(4096))
        done = _run(str(program), str(store.cpus), str(store.tags), str(deep))
    costs = {name: float(cost) for name, cost in map(str.split, done.splitlines())}
    return Costs(**costs)


def _compile(program: Path) -> None:
    compiler = next(filter(shutil.which, (os.environ.get("CC", ""), *_COMPILERS)), None)
    if compiler is None:
        raise CannotCompare("no C compiler found: install gcc, or name one in CC")
    command = [compiler, "-O2", "-pthread", "-o", str(program), *map(str, _SOURCES)]
    try:
        # Without a dynamic linker almost all of the program's own start is the kernel's work.
        _run(*command, "-static")
    except CannotCompare:
        _run(*command)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotCompare(f"{command[0]} failed: {done.stderr.strip() or done.returncode}")
    return done.stdout
