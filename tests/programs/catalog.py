"""The files, the modes and the programs.

A program is a line of bash. $F is the file, $O a file that it may write, $D an empty directory,
$P a plain file with the same bytes. The output of the line and the bytes in $O count together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MODES = {"default": "", "max_age=1s": "max_age=1s", "max_age=0": "max_age=0"}

Groups = Mapping[str, tuple[str, ...]]
"""The files by the kind of their contents."""

GROUPS: Groups = {
    "records": ("records", "by-file/arch/x86/events/rapl.c", "counters/records"),
    "selected": ("query/min_size=1M/records",),
    "text": ("text/records", "allocinfo", "text/query/sort=-bytes,limit=10/records"),
    "json": ("json/records", "json/by-module/xfs"),
    "about": (".allocfs/stats", ".allocfs/schema.json", "query/.help"),
}
SHORT_GROUPS: Groups = {
    "records": ("by-file/arch/x86/events/rapl.c",),
    "selected": ("query/min_size=1M/records",),
    "text": ("text/records", "allocinfo"),
    "json": ("json/by-module/xfs",),
    "about": (".allocfs/stats",),
}
STATS = ".allocfs/stats"


class Program(NamedTuple):
    """A line of bash, and how its output is judged."""

    name: str
    script: str
    package: str = ""  # the Debian package without which it is left out
    whole: bool = True  # it gives the bytes of the file, otherwise anything that follows from them
    groups: str = "records selected text json about"
    short: bool = False  # it is run by `make test` too


def _whole(short: bool, package: str, lines: dict[str, str]) -> list[Program]:
    return [Program(name, line, package, short=short) for name, line in lines.items()]


def _derived(short: bool, package: str, lines: dict[str, str]) -> list[Program]:
    return [Program(name, line, package, False, short=short) for name, line in lines.items()]


def _tables(groups: str, names: str) -> list[Program]:
    script = '"$TABLES" "$HERE/tables.py" {} "$F"'
    return [Program(name, script.format(name), "", False, groups) for name in names.split()]


_UNTAR = '| tar -xOf - "${F##*/}"'

PROGRAMS = (
    *_whole(
        True,
        "",
        {
            "cat": 'cat "$F"',
            "cp": 'cp "$F" "$O"',
            "cp -a": 'cp -a "$F" "$O"',
            "dd bs=64K": 'dd if="$F" bs=64K status=none',
            "tail -c +1": 'tail -c +1 "$F"',
            "split -b": 'split -b 10000 "$F" "$D/" && cat "$D"/*',
            "tar": f'tar -C "${{F%/*}}" -cf - "${{F##*/}}" {_UNTAR}',
            "C read": '"$BUILT/c" read "$F" "$O"',
            "C sendfile": '"$BUILT/c" sendfile "$F" "$O"',
            "C splice": '"$BUILT/c" splice "$F" "$O"',
            "C copy_file_range": '"$BUILT/c" copy_file_range "$F" "$O"',
            "C mmap, private": '"$BUILT/c" private "$F" "$O"',
            "C mmap, shared": '"$BUILT/c" shared "$F" "$O"',
        },
    ),
    *_whole(
        False,
        "",
        {
            "dd bs=1000": 'dd if="$F" bs=1000 status=none',
            "dd iflag=direct": 'dd if="$F" bs=1M iflag=direct status=none',
            "split -n 3": 'split -n 3 "$F" "$D/" && cat "$D"/*',
            "install": 'install -m 600 "$F" "$O"',
            "gzip": 'gzip -c "$F" | gzip -dc',
            "base64": 'base64 "$F" | base64 -d',
            "sed": 'sed "" "$F"',
            "perl": 'perl -pe "" "$F"',
            "Python read": '"$PYTHON" "$HERE/transfer.py" read "$F" "$O"',
            "Python lines": '"$PYTHON" "$HERE/transfer.py" lines "$F" "$O"',
            "Python mmap, private": '"$PYTHON" "$HERE/transfer.py" private "$F" "$O"',
            "Python mmap, shared": '"$PYTHON" "$HERE/transfer.py" shared "$F" "$O"',
            "Python os.sendfile": '"$PYTHON" "$HERE/transfer.py" sendfile "$F" "$O"',
            "Python shutil.copyfile": '"$PYTHON" "$HERE/transfer.py" copyfile "$F" "$O"',
            "Python shutil.copy2": '"$PYTHON" "$HERE/transfer.py" copy2 "$F" "$O"',
            "numpy.fromfile": '"$PYTHON" "$HERE/transfer.py" fromfile "$F" "$O"',
            "numpy.memmap, r": '"$PYTHON" "$HERE/transfer.py" "memmap r" "$F" "$O"',
            "numpy.memmap, c": '"$PYTHON" "$HERE/transfer.py" "memmap c" "$F" "$O"',
        },
    ),
    *_whole(
        False,
        "busybox",
        {
            "busybox cat": 'busybox cat "$F"',
            "busybox cp": 'busybox cp "$F" "$O"',
            "busybox dd": 'busybox dd if="$F" bs=4k 2>"$D/err"',
        },
    ),
    *_whole(False, "rsync", {"rsync -a": 'rsync -a "$F" "$O"'}),
    *_whole(False, "zstd", {"zstd": 'zstd -qc "$F" | zstd -dc'}),
    *_whole(False, "xz-utils", {"xz": 'xz -0c "$F" | xz -dc'}),
    *_whole(False, "curl", {"curl file://": 'curl -sS "file://$F"'}),
    *_whole(
        False,
        "golang-go",
        {
            "Go io.Copy": '"$BUILT/go" copy "$F" "$O"',
            "Go os.ReadFile": '"$BUILT/go" readfile "$F" "$O"',
        },
    ),
    *_whole(
        False,
        "rustc",
        {
            "Rust fs::copy": '"$BUILT/rust" copy "$F" "$O"',
            "Rust fs::read": '"$BUILT/rust" read "$F" "$O"',
        },
    ),
    *_whole(
        False,
        "nodejs",
        {
            "Node readFile": 'node "$HERE/transfer.js" readFile "$F" "$O"',
            "Node copyFile": 'node "$HERE/transfer.js" copyFile "$F" "$O"',
            "Node pipeline": 'node "$HERE/transfer.js" pipeline "$F" "$O"',
        },
    ),
    *_derived(
        True,
        "",
        {
            "wc -c": 'wc -c <"$F"',
            "head -c 300": 'head -c 300 "$F"',
            "head -c -300": 'head -c -300 "$F"',
            "tail -c 300": 'tail -c 300 "$F"',
            "md5sum": 'md5sum <"$F"',
            "cmp": 'cmp "$F" "$P"',
        },
    ),
    *_derived(
        False,
        "",
        {
            "wc -l": 'wc -l <"$F"',
            "head -n 3": 'head -n 3 "$F"',
            "tail -n 3": 'tail -n 3 "$F"',
            "dd skip= count=": 'dd if="$F" bs=224 skip=1 count=1 status=none',
            "stat -c %s": 'stat -c %s "$F"',
            "cmp -s": 'cmp -s "$F" "$P"',
            "diff": 'diff "$F" "$P"',
            "sort": 'sort "$F"',
            "grep": 'grep -a xfs "$F"',
            "awk": 'awk "{ print NF }" "$F"',
        },
    ),
    *_derived(False, "git", {"git hash-object": 'git hash-object --no-filters "$F"'}),
    *_derived(
        False,
        "busybox",
        {"busybox wc -c": 'busybox wc -c <"$F"', "busybox tail": 'busybox tail -n 3 "$F"'},
    ),
    Program("jq", 'jq -c . "$F"', "jq", False, "json about"),
    *_tables("text json", "pandas.read_csv polars.read_csv duckdb.read_csv"),
    *_tables("json", "pandas.read_json polars.read_ndjson polars.scan_ndjson duckdb.read_json"),
)
