"""The ioctls of a real mount, called by a C program with spec/allocfs.h, compared with read()."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path

import pytest

from allocfs.formats.records import decode_record
from allocfs.formats.textlines import HEADER
from allocfs.kernel.abi import ioctl_number
from allocfs.kernel.ioctl import AllocinfoIoctl
from tests.conftest import Mounter, control, mount
from tests.support import ROOT, SUPPORT

LONG_FILE = "drivers/net/ethernet/" + "a_vendor_with_a_long_name/" * 2 + "driver.c"
LONG_FUNCTION = "allocate_something_whose_name_says_all_that_there_is_to_say_of_it_really"
LINES = f"""\
        4096        1 mm/slub.c:10 func:alloc
         100        1 mm/slub.c:20 func:alloc
           0        0 mm/slub.c:10 func:alloc accurate:no
       12288        3 mm/slub.c:20 func:{LONG_FUNCTION} accurate:no
        4096        2 {LONG_FILE}:10 func:alloc
          50        1 {LONG_FILE}:20 func:{LONG_FUNCTION}
        4096        4 fs/xfs/log.c:10 [xfs] func:alloc
        8192        5 fs/xfs/log.c:20 [xfs] func:{LONG_FUNCTION} accurate:no
        2048        1 mm/slub.c:20 [xfs] func:alloc
         512        6 fs/ext4/super.c:10 [ext4] func:alloc accurate:no
"""
# The kernel ends every line with a space.
CAPTURE = HEADER.decode() + LINES.replace("\n", " \n")
TAGS = 10

Steps = Callable[..., list[str]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("c") / "allocinfo_ioctl"
    strict = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'spec'}"]
    subprocess.run(["gcc", *strict, "-o", path, SUPPORT / "allocinfo_ioctl.c"], check=True)
    return path


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("capture") / "allocinfo.txt"
    path.write_text(CAPTURE)
    return path


@pytest.fixture(scope="module")
def root(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A mount for tests that only read."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is not there, or not for this user")
    path = tmp_path_factory.mktemp("mnt")
    with mount(path, str(capture), "-o", "simulate,cpus=4") as mounted:
        yield mounted


@pytest.fixture
def steps(root: Path, program: Path) -> Steps:
    """Return a function that does steps on one open file and returns a line for each."""
    return lambda *steps: run(program, root, *steps)


@pytest.fixture
def changing(mounts: Mounter, capture: Path) -> Path:
    """A mount for a single test, which may change it."""
    return mounts("simulate,cpus=4", source=str(capture))


def run(program: Path, root: Path, *steps: str) -> list[str]:
    command = [str(program), str(root / "allocinfo"), *steps]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def number(line: str) -> int:
    """Return the index of the line of the capture that has this record, given in hex."""
    record = decode_record(bytes.fromhex(line))
    (found,) = (
        n
        for n, text in enumerate(LINES.splitlines())
        if text.split()[:2] == [str(record.bytes), str(record.calls)]
        and f"{record.file}:{record.line} " in text
    )
    return found


def numbers(lines: list[str]) -> list[int | str]:
    """Convert lines of records to indices; names of errors stay."""
    return [line if line.startswith("E") else number(line) for line in lines]


# Two values for each criterion, in the spelling of the ioctl and in that of a query.
CRITERIA = {
    "modname": [("xfs", "module=xfs"), ("", "module=vmlinux")],
    "function": [("alloc", "function=alloc"), (LONG_FUNCTION[-63:], f"function={LONG_FUNCTION}")],
    "filename": [
        ("mm/slub.c", "file=mm%2Fslub.c"),
        (LONG_FILE[-63:], f"file={LONG_FILE.replace('/', '%2F')}"),
    ],
    "lineno": [("10", "line=10"), ("20", "line=20")],
    "inaccurate": [("1", "accurate=no"), ("0", "accurate=yes")],
    "min_size": [("100", "min_size=100"), ("4096", "min_size=4K")],
    "max_size": [("4096", "max_size=4K"), ("1099511627776", "max_size=1T")],
}
ONE = [[(key, value)] for key, values in CRITERIA.items() for value in values]
TWO = [
    [(one, a), (other, b)]
    for one, other in combinations(CRITERIA, 2)
    for a, b in product(CRITERIA[one], CRITERIA[other])
]


def name_of(criteria: list[tuple[str, tuple[str, str]]]) -> str:
    return ",".join(query for _, (_, query) in criteria)


@pytest.mark.parametrize("criteria", [[], *ONE, *TWO], ids=name_of)
def test_filters_select_the_same_records_as_queries(
    root: Path, steps: Steps, criteria: list[tuple[str, tuple[str, str]]]
) -> None:
    terms = [f"{key}={value}" for key, (value, _) in criteria]
    *lines, end = steps(",".join(["all", *terms]))
    query = name_of(criteria)
    path = root / "query" / query / "records" if query else root / "records"
    assert "".join(lines) == path.read_bytes().hex()
    assert end == "ENOENT"
    if len(criteria) < 2:
        assert 0 < len(lines) < TAGS or not criteria or "1T" in query


def test_names_match_in_their_last_63_bytes_alone(steps: Steps) -> None:
    assert numbers(steps(f"all,filename={LONG_FILE[-63:]}")) == [4, 5, "ENOENT"]
    assert steps(f"all,filename={LONG_FILE[-62:]}") == ["ENOENT"]
    assert steps("all,filename=slub.c") == ["ENOENT"]
    assert steps("all,filename=mm/slub") == ["ENOENT"]


def test_a_name_without_nul_in_64_bytes_matches_nothing(steps: Steps) -> None:
    assert steps(f"all,filename={LONG_FILE[-64:]}") == ["ENOENT"]
    assert steps("all,modname=" + "x" * 64) == ["ENOENT"]


def test_bytes_after_the_nul_are_ignored(steps: Steps) -> None:
    assert numbers(steps("all,modname=ext4%00xfs%01%FF")) == [9, "ENOENT"]


def test_empty_module_is_built_in_code(steps: Steps) -> None:
    assert numbers(steps("all,modname=")) == [0, 1, 2, 3, 4, 5, "ENOENT"]


def test_sizes_compare_as_unsigned(changing: Path, program: Path) -> None:
    control(changing, "free fs/xfs/log.c:10 4097 1")  # the tag then has -1 bytes
    (line, end) = run(program, changing, f"all,min_size={2**63}")
    assert decode_record(bytes.fromhex(line)).bytes == -1
    assert end == "ENOENT"
    (line, _) = run(program, changing, f"all,modname=xfs,lineno=10,min_size={2**64 - 1}")
    assert line
    assert run(program, changing, "all,modname=xfs,lineno=10,max_size=1000000") == ["ENOENT"]


@pytest.mark.parametrize("value", ["1", "2", "0x8000000000000000"])
def test_inaccurate_is_a_truth_value(steps: Steps, value: str) -> None:
    assert numbers(steps(f"all,inaccurate={value}")) == [2, 3, 7, 9, "ENOENT"]


def test_fields_whose_bit_is_not_set_are_ignored(steps: Steps) -> None:
    every = steps("all")
    assert len(every) == TAGS + 1
    assert steps("all,modname=btrfs,lineno=99,min_size=9,max_size=1,mask=0") == every


@pytest.mark.parametrize("mask", ["0x80", "0x8000000000000000", "0xff"])
def test_unknown_bits_of_the_mask_are_einval(steps: Steps, mask: str) -> None:
    assert steps(f"at:0,max_size=9,mask={mask}") == ["EINVAL"]


def test_min_size_above_max_size_is_einval_and_changes_nothing(steps: Steps) -> None:
    lines = steps("at:0,modname=xfs", "at:0,min_size=2,max_size=1", "next", "next", "next")
    assert numbers(lines) == [6, "EINVAL", 7, 8, "ENOENT"]
    assert numbers(steps("at:0,min_size=1,max_size=1")) == ["ENOENT"]


def test_unknown_commands_are_enotty(steps: Steps) -> None:
    unknown = [ioctl_number(3, 8), ioctl_number(0, 8, write=True), ioctl_number(1, 464), 0x5401]
    assert steps(*(f"call:{command:x}" for command in unknown)) == ["ENOTTY"] * 4


def test_structs_of_another_size_are_enotty(steps: Steps) -> None:
    others = [ioctl_number(1, 472, write=True), ioctl_number(2, 232), ioctl_number(0, 4)]
    assert steps(*(f"call:{command:x}" for command in others)) == ["ENOTTY"] * 3


def test_bad_pointers_are_efault(steps: Steps) -> None:
    assert steps("bad:id", "bad:at", "bad:next") == ["EFAULT"] * 3


def test_position_counts_the_records_that_match(steps: Steps) -> None:
    assert numbers(steps("at:2", "at:2,modname=xfs", "at:1,inaccurate=1")) == [2, 8, 3]


def test_get_next_goes_on_with_the_filter_of_get_at(steps: Steps) -> None:
    lines = steps("at:1,inaccurate=1", "next", "next", "next")
    assert numbers(lines) == [3, 7, 9, "ENOENT"]


def test_only_get_at_with_an_empty_mask_removes_the_filter(steps: Steps) -> None:
    lines = steps("at:0,modname=ext4", "next", "next", "at:0,mask=0", "next")
    assert numbers(lines) == [9, "ENOENT", 9, 0, 1]


def test_get_next_on_a_fresh_file_returns_the_first(steps: Steps) -> None:
    assert numbers(steps("next", "next")) == [0, 1]


def test_after_the_last_match_get_next_starts_over(steps: Steps) -> None:
    lines = steps("at:2,modname=xfs", "next", "next", "next")
    assert numbers(lines) == [8, "ENOENT", 6, 7]


def test_position_past_all_tags_changes_nothing(steps: Steps) -> None:
    lines = steps("at:0,modname=xfs", f"at:{TAGS},modname=ext4", "next", "next", "next", "next")
    assert numbers(lines) == [6, "ENOENT", 7, 8, "ENOENT", 6]


def test_position_past_the_matches_takes_the_filter_and_ends_a_positioned_file(
    steps: Steps,
) -> None:
    lines = steps("at:0,modname=xfs", f"at:{TAGS - 1},modname=ext4", "next", "next", "next")
    assert numbers(lines) == [6, "ENOENT", "ENOENT", 9, "ENOENT"]


def test_position_past_the_matches_of_a_fresh_file_starts_over(steps: Steps) -> None:
    assert numbers(steps("at:1,modname=ext4", "next", "next")) == ["ENOENT", 9, "ENOENT"]


def test_read_and_ioctl_have_positions_of_their_own(steps: Steps) -> None:
    first, text, second, more = steps("next", "read:24", "next", "read:9")
    assert numbers([first, second]) == [0, 1]
    assert bytes.fromhex(text + more) == CAPTURE[: 24 + 9].encode()


def test_each_open_file_has_a_position_of_its_own(root: Path) -> None:
    path = root / "allocinfo"
    with AllocinfoIoctl.open(path) as one, AllocinfoIoctl.open(path) as other:
        found = [one.get_next(), one.get_next(), other.get_next(), one.get_next()]
    assert [record and record.line for record in found] == [10, 20, 10, 10]
    assert found[0] == found[2] != found[3]


def test_content_id_grows_by_one_at_each_load_and_unload(changing: Path, program: Path) -> None:
    found = []
    for line in ("rate 0", "unload xfs", "load xfs", "alloc mm/slub.c:10 4096"):
        control(changing, line)
        found.append(run(program, changing, "id"))
    assert found == [[struct.pack("@Q", content_id).hex()] for content_id in (1, 2, 3, 3)]


def test_values_are_those_of_the_moment(changing: Path, program: Path) -> None:
    control(changing, "alloc fs/ext4/super.c:10 1000 2 3")
    (line, _) = run(program, changing, "all,modname=ext4")
    record = decode_record(bytes.fromhex(line))
    assert (record.bytes, record.calls) == (1512, 8)
    assert bytes.fromhex(line) == (changing / "by-module/ext4").read_bytes()
