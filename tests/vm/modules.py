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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from tests.vm.allocinfo import kernel_rows, pread_errno, rows_of
from tests.vm.mounted import DEADLINE, Mount, source_lines, temporary_mount, wait_until

CYCLES = int(os.environ.get("CYCLES", "100"))
SILENCE = 5.0  # seconds
SILENCES = int(os.environ.get("SIL", "3"))


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
    """Look a module up for the first time after a silence in which it was loaded or unloaded."""
    name = module_name(module)
    for options in ("max_age=200ms", "max_age=0", ""):
        with mount(options) as root:
            path = root / "by-module" / name
            for _ in range(SILENCES):
                assert not path.exists()
                assert name not in os.listdir(root / "by-module")
                time.sleep(SILENCE)
                subprocess.run(["insmod", module], check=True)
                assert path.stat().st_size > 0, options
                time.sleep(SILENCE)
                subprocess.run(["rmmod", name], check=True)
    return f"{SILENCES} first lookups after {SILENCE:g} s with each of three periods"


def check_churn(mount: Mount, module: Path) -> str:
    """Read held files while a module comes and goes: no read may fail."""
    outcomes: Counter[str] = Counter()
    for options in ("max_age=200ms", "max_age=0", ""):
        with mount(options) as root:
            paths = [root / "by-module/vmlinux", root / "by-file/mm/slub.c"]
            descriptors = [os.open(path, os.O_RDONLY) for path in paths]
            over = threading.Event()
            churning = threading.Thread(target=churn, args=(module, over))
            churning.start()
            longest, reads = 0.0, 0
            while not over.is_set():
                for fd in descriptors:
                    began = time.monotonic()
                    code = pread_errno(fd, 0)
                    longest = max(longest, time.monotonic() - began)
                    reads += 1
                    if code:
                        outcomes[f"{options or 'live'}: {errno.errorcode[code]}"] += 1
                        print(source_lines(root)["condition"], flush=True)
            churning.join()
            print(f"  {options or 'live'}: {reads} reads, the longest {longest:.3f} s")
            print(f"  {options or 'live'}: {stats(root)}", flush=True)
            for fd in descriptors:
                os.close(fd)
            wait_until(partial(reads_well, root / "by-module/vmlinux"), "reads work")
    assert not outcomes, outcomes
    return f"no failure in {CYCLES} loads and unloads with each of three periods"


def stats(root: Path) -> str:
    """Return the counts of passes of a mount."""
    lines = (root / ".allocfs/stats").read_text().splitlines()
    return ", ".join(" ".join(line.split()) for line in lines if line.startswith("pass"))


def churn(module: Path, over: threading.Event) -> None:
    """Load and unload a module again and again."""
    try:
        for _ in range(CYCLES):
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
    checks: list[Callable[[], str]] = [
        partial(check_module, mount, module),
        partial(check_empty, mount, empty),
        partial(check_silence, mount, module),
        partial(check_churn, mount, module),
    ]
    for check in checks:
        print(f"{check.func.__name__}: {check()}", flush=True)  # type: ignore[attr-defined]
    return 0


if __name__ == "__main__":
    sys.exit(main())
