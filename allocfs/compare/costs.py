"""What the parts of a query cost on this machine, measured by the program in probe/."""

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
_MEMORY = Path("/dev/shm")  # a file system without a disk, as the one that is modelled


@dataclass(frozen=True)
class Costs:
    """Costs in ns."""

    call: float  # a pread() that finds nothing to do
    byte: float  # copied to user space
    open_proc: float  # open() and close() of a file of /proc
    open_path: float  # the same of a file five directories deep
    line: float  # of text, formatted
    compare: float  # of one tag's file name with the one that is wanted
    record: float  # of 224 bytes, filled in
    counter: float  # of a CPU, summed; it was last written by another CPU
    start: float  # of a program, until it has ended


def measure_costs(store: Store) -> Costs:
    """Compile the program and run it for a store of that size.

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
        # A program that needs no dynamic linker has almost all of its time from the kernel.
        _run(*command, "-static")
    except CannotCompare:
        _run(*command)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotCompare(f"{command[0]} failed: {done.stderr.strip() or done.returncode}")
    return done.stdout
