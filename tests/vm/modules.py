"""Check that allocfs follows modules that are loaded and unloaded; see README.md here.

    python -m tests.vm.modules INTERFACE MODULE.ko EMPTY.ko

MODULE has tags and EMPTY has none. Both have to be unloaded, and to need no other module.
"""

from __future__ import annotations

import errno
import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

from tests.vm.allocinfo import kernel_rows, pread_errno, rows_of
from tests.vm.mounted import DEADLINE, Mount, source_lines, temporary_mount, wait_until

SILENCE = 5.0  # seconds


class Effort(NamedTuple):
    """How often a check is repeated: a load and unload takes an emulated machine a second."""

    silences: int
    cycles: int


PERIODS = {"max_age=200ms": Effort(3, 100), "max_age=0": Effort(1, 20), "": Effort(1, 20)}


def check_module(mount: Mount, module: Path) -> str:
    """Load and unload a module while mounted: check names, content_id, poll() and open files."""
    name = module_name(module)
    with mount("") as root, Poller(root / ".allocfs/content_id") as poller:
        path = root / "by-module" / name
        assert not path.exists()
        subprocess.run(["insmod", module], check=True)
        poller.wait()
        listed = [row.name for row in kernel_rows() if row.name.module == name]
        assert listed
        assert [row.name for row in rows_of(path)] == listed
        modules = [row.name.module for row in rows_of(root / "records")]
        with path.open("rb") as opened, (root / "records").open("rb") as everything:
            assert pread_errno(opened.fileno(), 0) == 0
            subprocess.run(["rmmod", name], check=True)
            poller.wait()
            assert pread_errno(opened.fileno(), 0) == errno.ESTALE
            assert pread_errno(everything.fileno(), modules.index(name)) == errno.ESTALE
            assert pread_errno(everything.fileno(), modules.index("")) == 0
        assert not path.exists()
        assert name not in os.listdir(root / "by-module")
    return f"{name} with {len(listed)} tags, polled within {poller.longest:.1f} s"


class Poller:
    """Waits with poll() for the next content_id."""

    def __init__(self, path: Path) -> None:
        """Open the file `.allocfs/content_id`."""
        self.longest = 0.0
        self._file = path.open("rb", buffering=0)
        self._content_id = int(self._file.read())
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLPRI)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def wait(self) -> None:
        """Wait until poll() reports a change; content_id must have grown by one."""
        began = time.monotonic()
        assert self._poll.poll(DEADLINE * 1000), f"nothing to poll within {DEADLINE} s"
        self.longest = max(self.longest, time.monotonic() - began)
        self._file.seek(0)
        self._content_id += 1
        assert int(self._file.read()) == self._content_id


def check_silence(mount: Mount, module: Path) -> str:
    """Look a module up for the first time after a silence and a load, or an unload."""
    name = module_name(module)
    for options, effort in PERIODS.items():
        with mount(options) as root:
            path = root / "by-module" / name
            for _ in range(effort.silences):
                assert not path.exists()
                assert name not in os.listdir(root / "by-module")
                time.sleep(SILENCE)
                subprocess.run(["insmod", module], check=True)
                assert path.stat().st_size > 0, options
                time.sleep(SILENCE)
                subprocess.run(["rmmod", name], check=True)
    return f"first lookups after {SILENCE:g} s, with {len(PERIODS)} periods"


def check_churn(mount: Mount, module: Path) -> str:
    """Read held files while a module comes and goes: no read may fail."""
    said = []
    for options, effort in PERIODS.items():
        with mount(options) as root:
            over = threading.Event()
            churning = threading.Thread(target=churn, args=(module, effort.cycles, over))
            churning.start()
            reads, longest = read_until(over, root)
            churning.join()
            said.append(
                f"{options or 'live'}: {effort.cycles} loads and unloads, {reads} reads,"
                f" the longest {longest:.2f} s, {stats(root)}"
            )
            wait_until(partial(reads_well, root / "by-module/vmlinux"), "reads work")
    return "; ".join(said)


def read_until(over: threading.Event, root: Path) -> tuple[int, float]:
    """Read two held files in turn; return the number of reads, and the seconds of the longest."""
    paths = (root / "by-module/vmlinux", root / "by-file/mm/slub.c")
    outcomes: Counter[str] = Counter()
    reads, longest = 0, 0.0
    descriptors = [os.open(path, os.O_RDONLY) for path in paths]
    try:
        while not over.is_set():
            began = time.monotonic()
            code = pread_errno(descriptors[reads % len(paths)], 0)
            reads, longest = reads + 1, max(longest, time.monotonic() - began)
            if code:
                outcomes[f"{errno.errorcode[code]}: {source_lines(root)['condition']}"] += 1
    finally:
        for fd in descriptors:
            os.close(fd)
    assert not outcomes, outcomes
    return reads, longest


def stats(root: Path) -> str:
    """Return the counts of passes of a mount."""
    lines = (root / ".allocfs/stats").read_text().splitlines()
    return ", ".join(" ".join(line.split()) for line in lines if line.startswith("pass"))


def churn(module: Path, cycles: int, over: threading.Event) -> None:
    """Load and unload a module again and again."""
    try:
        for _ in range(cycles):
            subprocess.run(["insmod", module], check=True)
            subprocess.run(["rmmod", module_name(module)], check=True)
    finally:
        over.set()


def reads_well(path: Path) -> bool:
    """Tell whether a file can be read."""
    return bool(path.read_bytes())


def check_empty(mount: Mount, empty: Path) -> str:
    """Load a module without tags: no list has it, and nothing else changes."""
    name = module_name(empty)
    with mount("max_age=0") as root:
        before = (root / ".allocfs/content_id").read_text(), len(rows_of(root / "records"))
        subprocess.run(["insmod", empty], check=True)
        try:
            assert f"\n{name} " in "\n" + Path("/proc/modules").read_text()
            assert not (root / "by-module" / name).exists()
            assert not source_lines(root)["condition"].startswith("failed")
            after = (root / ".allocfs/content_id").read_text(), len(rows_of(root / "records"))
        finally:
            subprocess.run(["rmmod", name], check=True)
        assert before == after
    return f"{name} is loaded, and not listed"


def module_name(module: Path) -> str:
    """Return the name that the kernel has for the module in a file."""
    return module.stem.replace("-", "_")


def main() -> int:
    """Run all checks; a failure ends the program with a traceback."""
    interface, module, empty = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    mount = partial(temporary_mount, interface=interface)
    print(f"check_empty: {check_empty(mount, empty)}", flush=True)
    for check in (check_module, check_silence, check_churn):
        print(f"{check.__name__}: {check(mount, module)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
