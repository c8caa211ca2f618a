"""Try programs without support for allocfs on a mount: `python -m tests.clients.run`.

Run it as root from the checkout, after `make setup`. It installs missing programs with apt,
mounts the simulated store once live and once with max_age, and prints which programs read the
same bytes as dd. It fails if the result differs from the table in README.md here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PACKAGES = {"fio": "fio", "rsync": "rsync", "stress-ng": "stress-ng"}  # program: package
TREES = ("by-file/mm", "counters/by-file/mm", "text/by-file/mm", "json/by-file/mm")
TIMEOUT = 300  # seconds


class Client(NamedTuple):
    """A program and a shell command that succeeds if the program reads all bytes correctly.

    In the command $M is the mount, $R the copy made by dd, $T the path of the tree in both, and
    $O an empty directory.
    """

    name: str
    command: str


CLIENTS = (
    Client(
        "cat",
        'cd $M/$T && find . -type f | while read f; do cat "$f" | cmp - "$R/$T/$f"; done',
    ),
    Client(
        "find -exec md5sum",
        "cd $M/$T && find . -type f -exec md5sum {} + | sort >$O/a;"
        "cd $R/$T && find . -type f -exec md5sum {} + | sort | cmp - $O/a",
    ),
    Client("cp -a", "cp -a $M/$T $O/copy && diff -r $R/$T $O/copy"),
    Client("cp -r", "cp -r $M/$T $O/copy && diff -r $R/$T $O/copy"),
    Client("tar", "tar -C $M -cf $O/t.tar $T && tar -C $O -xf $O/t.tar && diff -r $R/$T $O/$T"),
    Client("rsync -a", "rsync -a $M/$T/ $O/copy && diff -r $R/$T $O/copy"),
    Client(
        "grep -r",
        "cd $M/$T && grep -rac '' . | sort >$O/a;cd $R/$T && grep -rac '' . | sort | cmp - $O/a",
    ),
    Client("tail -c 100", "tail -c 100 $M/$T/.records | cmp - <(tail -c 100 $R/$T/.records)"),
    Client("sort", "sort $M/$T/.records | cmp - <(sort $R/$T/.records)"),
    Client("Python mmap, private", "$PYTHON -m tests.clients.mapping private $M/$T $R/$T"),
    Client("Python mmap, shared", "$PYTHON -m tests.clients.mapping shared $M/$T $R/$T"),
    Client(
        "fio, 8 jobs, beside dd",
        "fio --name=j --filename=$M/$T/.records --rw=randread --bs=224 --numjobs=8 --readonly"
        " --time_based --runtime=5 --group_reporting --invalidate=0 --output=$O/fio & fio=$!;"
        "while kill -0 $fio 2>/dev/null; do"
        "  n=$((RANDOM % 50)); dd if=$M/$T/.records bs=224 skip=$n count=3 status=none |"
        "  cmp - <(dd if=$R/$T/.records bs=224 skip=$n count=3 status=none);"
        " done; wait $fio",
    ),
    Client(
        "cmp under stress-ng",
        "stress-ng --cpu 2 --vm 2 --vm-bytes 64M --timeout 5 --quiet & s=$!;"
        "while kill -0 $s 2>/dev/null; do cmp $M/$T/.records $R/$T/.records; done; wait $s",
    ),
    Client("stress-ng --seek in it", "stress-ng --seek 1 --temp-path $M/$T --timeout 2 --quiet"),
)

# README.md gives the reasons: in live mode the sizes of text and JSON are not known, and shared
# mappings are not possible; no mode allows writing.
UNSIZED = TREES[2:]
REFUSED = {
    ("live", "tar"): UNSIZED,
    ("live", "rsync -a"): UNSIZED,
    ("live", "Python mmap, private"): UNSIZED,
    ("live", "Python mmap, shared"): TREES,
    ("live", "fio, 8 jobs, beside dd"): UNSIZED,
    ("live", "stress-ng --seek in it"): TREES,
    ("max_age", "stress-ng --seek in it"): TREES,
}


def main() -> int:
    """Print the table; return 1 if it differs from the expected one."""
    install()
    rows = {}
    for mode, options in (("live", "cpus=8,max_age=0"), ("max_age", "cpus=8,max_age=1s")):
        with (
            tempfile.TemporaryDirectory() as scratch,
            simulated_mount(Path(scratch), options) as root,
        ):
            read_by_dd(root, Path(scratch) / "dd")
            for client in CLIENTS:
                rows[mode, client.name] = [works(client, Path(scratch), tree) for tree in TREES]
    print(f"{'':24} {'mode':8} {'records':8} {'counters':8} {'text':8} {'json':8}")
    surprises = 0
    for (mode, name), worked in rows.items():
        expected = [tree not in REFUSED.get((mode, name), ()) for tree in TREES]
        note = "" if worked == expected else "not as README.md says"
        print(f"{name:24} {mode:8}", *(f"{'works' if w else 'NO':8}" for w in worked), note)
        surprises += worked != expected
    return int(surprises > 0)


def install() -> None:
    """Install missing programs."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        subprocess.run(["apt-get", "install", "--yes", "--quiet", *missing], check=True)


@contextmanager
def simulated_mount(scratch: Path, options: str) -> Iterator[Path]:
    """Mount the simulated store, without traffic."""
    root = scratch / "mnt"
    root.mkdir()
    subprocess.run([sys.executable, "-m", "allocfs.mount", "none", root, "-o", options], check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", "--lazy", root], check=True)


def read_by_dd(root: Path, copy: Path) -> None:
    """Copy the trees with dd."""
    for tree in TREES:
        script = (
            f'cd {root} && find {tree} -type f | while read f; do mkdir -p "{copy}/${{f%/*}}" &&'
            f' dd if="$f" of="{copy}/$f" bs=64K status=none || exit; done'
        )
        subprocess.run(["bash", "-c", script], check=True)


def works(client: Client, scratch: Path, tree: str) -> bool:
    """Run a client on a tree; tell whether its command succeeds."""
    out = scratch / "out"
    out.mkdir()
    variables = f"M={scratch}/mnt R={scratch}/dd T={tree} O={out} PYTHON={sys.executable}"
    script = f"set -eo pipefail; {variables}; {client.command}"
    try:
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, timeout=TIMEOUT, check=False
        )
    finally:
        shutil.rmtree(out)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
