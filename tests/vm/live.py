"""Check allocfs against the /proc/allocinfo of the running kernel; see README.md here.

    python -m tests.vm.live INTERFACE

Needs root. Switches profiling off and on again.
"""

from __future__ import annotations

import errno
import os
import re
import struct
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from allocfs.formats.records import decode_record
from tests.vm.allocinfo import (
    SYSCTL,
    Name,
    Row,
    json_rows,
    kernel_rows,
    pread_errno,
    rows_of,
    text_rows,
)
from tests.vm.mounted import Mount, refused_mount, source_lines, temporary_mount, wait_until

ROUNDS = 20
# The source files of memory that the reads themselves allocate: a request of FUSE, its pages, the
# open file, and the state of the kernel's text, which the ioctl does without.
OWN = re.compile(r"fs/fuse/.*|fs/file_table\.c|fs/seq_file\.c|fs/proc/inode\.c")
COUNTERS = struct.Struct("=QqQQ")
WALKS = 5  # over all paths: a tag has to be right in one of them

Groups = dict[str, list[Row]]


def check_values(mount: Mount) -> str:
    """Compare the records with the text before and after they are read.

    A counter may rise and fall between the two texts, so each codetag needs only one round of
    ROUNDS in which its record is between them. Codetags that count the read itself are left out.
    Names have to agree in all rounds.
    """
    with mount("max_age=0") as root:
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


def check_forms(mount: Mount) -> str:
    """Compare text, JSON and counters of all tags with the kernel's text."""
    with mount("max_age=0") as root:
        names = [row.name for row in kernel_rows()]
        forms: dict[str, Callable[[], list[Row]]] = {
            "text": lambda: text_rows((root / "text/records").read_text()),
            "json": lambda: json_rows((root / "json/records").read_text()),
            "counters": lambda: counters_rows(root, names),
            "allocinfo": lambda: text_rows(
                "".join((root / "allocinfo").read_text().splitlines(keepends=True)[2:])
            ),
        }
        for form, read in forms.items():
            outside: set[int] | None = None
            for _ in range(ROUNDS):
                before, found, after = kernel_rows(), read(), kernel_rows()
                assert [row.name for row in found] == names, form
                rows = list(zip(before, found, after, strict=True))
                wrong = {place for place, three in enumerate(rows) if not is_between(*three)}
                outside = wrong if outside is None else outside & wrong
                if not outside:
                    break
            assert not outside, (form, [rows[place] for place in outside or ()])
    return f"{', '.join(forms)} agree with {len(names)} lines of the kernel"


def counters_rows(root: Path, names: list[Name]) -> list[Row]:
    """Read the counters of all tags; the indices are in order."""
    read = list(COUNTERS.iter_unpack((root / "counters/records").read_bytes()))
    assert [index for index, *_ in read] == list(range(len(names)))
    return [Row(name, size, calls) for name, (_, size, calls, _) in zip(names, read, strict=True)]


def check_paths(mount: Mount) -> str:
    """Compare every path with all tags: names, order, and the counters that stand still.

    With a text all paths have the counters of one pass, those of the root. The ioctl gives those
    of the moment: a counter that is the same in the kernel's text before and after a walk has to
    have this value, in one walk of WALKS.
    """
    with mount("") as root:
        of_moment = source_lines(root)["interface"] == "ioctl"
    with mount("max_age=0" if of_moment else "max_age=86400") as root:
        read = kernel_rows if of_moment else partial(rows_of, root / "records")
        outside: set[Name] | None = None
        for _ in range(WALKS):
            before = read()
            assert [row.name for row in before] == [row.name for row in kernel_rows()]
            walked = list(walk(root, before))
            steady = steady_rows(before, read())
            wrong = {row.name for rows in walked for row in rows if moved(row, steady)}
            outside = wrong if outside is None else outside & wrong
            if not outside:
                return f"{len(walked)} files agree with {len(before)} tags, {len(steady)} steady"
    raise AssertionError(outside)


def walk(root: Path, rows: list[Row]) -> Iterator[list[Row]]:
    """Read all files of records below the three axes; their names have to be those of the rows."""
    axes: dict[str, Callable[[Name], str]] = {
        "by-function": lambda name: name.function,
        "by-module": lambda name: name.module or "vmlinux",
        "by-file": lambda name: os.path.normpath(name.file),
    }
    for axis, key in axes.items():
        expected = group_rows(rows, key)
        found = files_below(root / axis)
        assert found.keys() == expected.keys(), axis
        for path, group in found.items():
            assert [row.name for row in group] == [row.name for row in expected[path]], path
            yield group


def steady_rows(before: list[Row], after: list[Row]) -> dict[Name, set[tuple[int, int]]]:
    """Return the values of names of which no tag differs between two texts."""
    values: dict[Name, set[tuple[int, int]]] = defaultdict(set)
    unsteady = set()
    for first, second in zip(before, after, strict=True):
        values[first.name].add(first[1:])
        if first != second:
            unsteady.add(first.name)
    return {name: values[name] for name in values.keys() - unsteady}


def moved(row: Row, steady: dict[Name, set[tuple[int, int]]]) -> bool:
    """Tell whether a row has other values than a tag that did not move."""
    if OWN.fullmatch(row.name.file) or row.name not in steady:
        return False
    return row[1:] not in steady[row.name]


def group_rows(rows: list[Row], key: Callable[[Name], str]) -> Groups:
    """Group rows by a name."""
    groups = defaultdict(list)
    for row in rows:
        groups[key(row.name)].append(row)
    return dict(groups)


def files_below(top: Path) -> Groups:
    """Read all files of records below a directory; the keys are the last 63 bytes of the paths."""
    found = {}
    for directory, _, names in os.walk(top):
        for name in set(names) - {".records"}:
            path = Path(directory, name)
            found[str(path.relative_to(top))[-63:]] = rows_of(path)
    return found


def check_dd(mount: Mount) -> str:
    """Read a record with dd, and compare it with the one at that index."""
    with mount("max_age=86400") as root:
        rows = rows_of(root / "records")
        place = max(range(len(rows)), key=lambda place: rows[place].bytes)
        command = ["dd", f"if={root}/records", "bs=224", f"skip={place}", "count=1", "status=none"]
        record = decode_record(subprocess.run(command, check=True, capture_output=True).stdout)
        assert (record.bytes, record.calls) == rows[place][1:]
        return f"record {place} is {record.file}:{record.line}, {record.bytes} bytes"


def check_switched_off(mount: Mount) -> str:
    """Switch profiling off while mounted: reads fail until it is on again.

    Meanwhile `.allocfs/source` and mount.allocfs name the reason.
    """
    with mount("max_age=0") as root, (root / "by-module/vmlinux").open("rb") as file:
        assert source_lines(root)["profiling"] in ("on", "on (compressed)")
        try:
            SYSCTL.write_text("0")
            # A pass that was late serves reads for 40 ms after its end.
            wait_until(lambda: pread_errno(file.fileno(), 0) == errno.EIO, "reads fail")
            assert [pread_errno(file.fileno(), number) for number in (0, 1, 0)] == [errno.EIO] * 3
            assert "is off" in source_lines(root)["condition"]
            since = source_lines(root)["profiling"]
            assert re.fullmatch(r"off since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", since), since
            refused = refused_mount()
        finally:
            SYSCTL.write_text("1")
        assert "sysctl vm.mem_profiling=1" in refused
        # A pass of an emulated machine is late, and the last failure stands until it has ended.
        wait_until(lambda: pread_errno(file.fileno(), 0) == 0, "reads work")
        assert not source_lines(root)["condition"].startswith("failed")
        assert source_lines(root)["profiling"].startswith("on")
        return refused


def main() -> int:
    """Run all checks; a failure ends the program with a traceback."""
    mount = partial(temporary_mount, interface=sys.argv[1])
    print(f"Linux {os.uname().release}, {os.cpu_count()} CPUs")
    with mount("") as root:
        print((root / ".allocfs/source").read_text(), end="")
        stats = (root / ".allocfs/stats").read_text().splitlines()[:7]
        print(*(" ".join(line.split()) for line in stats), sep=", ")
    for check in (check_values, check_forms, check_paths, check_dd, check_switched_off):
        print(f"{check.__name__}: {check(mount)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
