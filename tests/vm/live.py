"""Check allocfs against the /proc/allocinfo of the running kernel; see README.md here.

    python -m tests.vm.live MODULE.ko

Needs root. Loads and unloads the module, and switches profiling off and on again.
"""

from __future__ import annotations

import errno
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from allocfs.formats.records import RECORD_SIZE, decode_record

ALLOCINFO = Path("/proc/allocinfo")
SYSCTL = Path("/proc/sys/vm/mem_profiling")
LINE = re.compile(r" *(-?\d+) +(\d+) (\S+):(\d+) (?:\[(\S+)\] )?func:(\S+) (accurate:no )?$")
ROUNDS = 20
# The source files of memory that a read through FUSE itself allocates: its request, its pages, the
# open file.
OWN = re.compile(r"fs/fuse/.*|fs/file_table\.c")
MOUNT_FAILED = 32  # an exit code of mount(8)
DEADLINE = 60.0  # seconds; the machine may be emulated


class Name(NamedTuple):
    """The identity of a codetag in a record."""

    module: str
    function: str
    file: str
    line: int


class Row(NamedTuple):
    """A codetag and its counters."""

    name: Name
    bytes: int
    calls: int


def kernel_rows() -> list[Row]:
    """Parse the kernel's text without the code of allocfs."""
    rows = []
    for text in ALLOCINFO.read_text().splitlines()[2:]:
        match = LINE.match(text)
        assert match, text
        size, calls, file, line, module, function, _ = match.groups()
        name = Name((module or "")[-63:], function[-63:], file[-63:], int(line))
        rows.append(Row(name, int(size), int(calls)))
    return rows


def rows_of(path: Path) -> list[Row]:
    """Read a file of records."""
    data = path.read_bytes()
    assert len(data) % RECORD_SIZE == 0, f"{path} holds {len(data)} bytes"
    rows = []
    for start in range(0, len(data), RECORD_SIZE):
        record = decode_record(data[start : start + RECORD_SIZE])
        rows.append(Row(Name(*record[:4]), record.bytes, record.calls))
    return rows


@contextmanager
def temporary_mount(options: str = "") -> Iterator[Path]:
    """Mount /proc/allocinfo on a temporary directory, and check that it unmounts cleanly."""
    root = Path(tempfile.mkdtemp(prefix="allocfs-"))
    command = [sys.executable, "-m", "allocfs.mount", str(ALLOCINFO), str(root), "--foreground"]
    daemon = subprocess.Popen([*command, "-o", options or "rw"])
    try:
        wait_until(lambda: is_mounted(root) or daemon.poll() is not None, "mounted")
        yield root
        subprocess.run(["umount", root], check=True)
        assert daemon.wait(DEADLINE) == 0
        assert not is_mounted(root)
    finally:
        daemon.kill()
        daemon.wait()
        if is_mounted(root):
            subprocess.run(["umount", "-l", root], check=False)
        root.rmdir()


def is_mounted(path: Path) -> bool:
    """Tell whether a path is a mount point, also of a dead mount."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    return any(line.split()[1] == str(path) for line in mounts)


def wait_until(condition: Callable[[], bool], event: str) -> None:
    """Poll a condition until it holds; fail after DEADLINE."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE} s: {event}"
        time.sleep(0.05)


def check_values() -> str:
    """Compare the records with the text before and after they are read.

    A counter may rise and fall between the two texts, so each codetag needs only one round of
    ROUNDS in which its record is between them. Codetags that count the read itself are left out.
    Names have to agree in all rounds.
    """
    with temporary_mount("max_age=0") as root:
        outside: set[int] | None = None
        for number in range(1, ROUNDS + 1):
            before, found, after = kernel_rows(), rows_of(root / "records"), kernel_rows()
            names = [[row.name for row in rows] for rows in (before, found, after)]
            assert names[0] == names[1] == names[2]
            rows = list(zip(before, found, after, strict=True))
            wrong = {place for place, three in enumerate(rows) if not is_between(*three)}
            outside = wrong if outside is None else outside & wrong
            if not outside:
                equal = sum(low == row == high for low, row, high in rows)
                return f"{len(rows)} records right after {number} rounds, {equal} equal in the last"
    raise AssertionError([rows[place] for place in outside or ()])


def is_between(low: Row, row: Row, high: Row) -> bool:
    """Tell whether both counters of a row are between those of the two other rows."""
    return OWN.fullmatch(row.name.file) is not None or (
        min(low.bytes, high.bytes) <= row.bytes <= max(low.bytes, high.bytes)
        and min(low.calls, high.calls) <= row.calls <= max(low.calls, high.calls)
    )


def check_paths() -> str:
    """Compare every path with the records of the root, all from one read of the source."""
    with temporary_mount("max_age=86400") as root:
        everything = rows_of(root / "records")
        by_function = group_rows(everything, lambda name: name.function)
        by_module = group_rows(everything, lambda name: name.module or "vmlinux")
        by_file = group_rows(everything, lambda name: os.path.normpath(name.file))
        assert files_below(root / "by-function") == by_function
        assert files_below(root / "by-module") == by_module
        assert files_below(root / "by-file") == by_file
        files = len(by_function) + len(by_module) + len(by_file)
        return f"{files} files agree with {len(everything)} records"


def group_rows(rows: list[Row], key: Callable[[Name], str]) -> dict[str, list[Row]]:
    """Group rows by a name."""
    groups = defaultdict(list)
    for row in rows:
        groups[key(row.name)].append(row)
    return dict(groups)


def files_below(top: Path) -> dict[str, list[Row]]:
    """Read all files of records below a directory; the keys are the last 63 bytes of the paths."""
    found = {}
    for directory, _, names in os.walk(top):
        for name in set(names) - {".records"}:
            path = Path(directory, name)
            found[str(path.relative_to(top))[-63:]] = rows_of(path)
    return found


def check_module(module: Path) -> str:
    """Load and unload a module while mounted: check names, content_id, poll() and open files."""
    name = module.stem.replace("-", "_")
    with temporary_mount() as root, Poller(root / ".allocfs/content_id") as poller:
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


def pread_errno(fd: int, number: int) -> int:
    """Read a record; return the error number, 0 if the read succeeds."""
    try:
        os.pread(fd, RECORD_SIZE, number * RECORD_SIZE)
    except OSError as error:
        return error.errno or 0
    return 0


def check_dd() -> str:
    """Read a record with dd, and compare it with the one at that index."""
    with temporary_mount("max_age=86400") as root:
        rows = rows_of(root / "records")
        place = max(range(len(rows)), key=lambda place: rows[place].bytes)
        command = ["dd", f"if={root}/records", "bs=224", f"skip={place}", "count=1", "status=none"]
        record = decode_record(subprocess.run(command, check=True, capture_output=True).stdout)
        assert (record.bytes, record.calls) == rows[place][1:]
        return f"record {place} is {record.file}:{record.line}, {record.bytes} bytes"


def check_switched_off() -> str:
    """Switch profiling off while mounted: reads fail until it is on again.

    Meanwhile `.allocfs/source` and mount.allocfs name the reason.
    """
    with temporary_mount("max_age=0") as root, (root / "by-module/vmlinux").open("rb") as file:
        try:
            SYSCTL.write_text("0")
            assert [pread_errno(file.fileno(), number) for number in (0, 1, 0)] == [errno.EIO] * 3
            assert "is off" in (root / ".allocfs/source").read_text()
            refused = subprocess.run(
                [sys.executable, "-m", "allocfs.mount", str(ALLOCINFO), "/mnt"],
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            SYSCTL.write_text("1")
        assert refused.returncode == MOUNT_FAILED, refused
        assert "sysctl vm.mem_profiling=1" in refused.stderr
        assert pread_errno(file.fileno(), 0) == 0
        assert "condition ok" in (root / ".allocfs/source").read_text()
        return refused.stderr.strip()


def main() -> int:
    """Run all checks; a failure ends the program with a traceback."""
    module = Path(sys.argv[1])
    print(f"Linux {os.uname().release}, {os.cpu_count()} CPUs")
    with temporary_mount() as root:
        print((root / ".allocfs/source").read_text(), end="")
        stats = (root / ".allocfs/stats").read_text().splitlines()[:7]
        print(*(" ".join(line.split()) for line in stats), sep=", ")
    for check in (check_values, check_paths, check_dd, check_switched_off):
        print(f"{check.__name__}: {check()}", flush=True)
    print(f"check_module: {check_module(module)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
