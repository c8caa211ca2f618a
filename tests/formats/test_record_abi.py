"""The declarations, compared with a C compiler, the schema, and the tables of spec/records.md."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from allocfs.formats import records
from allocfs.formats.records import Record
from allocfs.kernel import abi
from allocfs.kernel.abi import EARLIER, MERGED, Filter, FilterMask
from tests.support import ROOT, SUPPORT

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT / 'spec'}")

DECLARED = {
    "allocinfo_tag_data": records.TAG_DATA,
    "allocfs_counters": records.COUNTERS_DATA,
    "allocfs_trend": records.TREND_DATA,
    "allocinfo_content_id": records.CONTENT_ID,
    "allocinfo_filter": records.FILTER,
    "allocinfo_get_at": MERGED.get_at,
    "earlier_tag": records.EARLIER_TAG,
    "earlier_tag_data": records.EARLIER_TAG_DATA,
    "earlier_filter": records.EARLIER_FILTER,
    "earlier_get_at": EARLIER.get_at,
}

Member = tuple[str, int, int]  # name, offset, size

XFS = {
    "modname": b"xfs",
    "function": b"xfs_buf_alloc",
    "filename": b"fs/xfs/xfs_buf.c",
    "lineno": 87,
    "bytes": -4096,
    "calls": 2**64 - 1,
    "accurate": 1,
}


class Compiled(NamedTuple):
    """The output of a C program that includes spec/allocfs.h."""

    sizes: dict[str, int]
    members: dict[str, list[Member]]
    values: dict[str, int]
    dumps: dict[str, bytes]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    program = tmp_path_factory.mktemp("c") / "record_checks"
    source = SUPPORT / "record_checks.c"
    subprocess.run(["gcc", "-std=c11", *STRICT, "-o", program, source], check=True)
    result = Compiled({}, defaultdict(list), {}, {})
    for line in subprocess.check_output([program], text=True).splitlines():
        match line.split():
            case ["size", name, size]:
                result.sizes[name] = int(size)
            case ["member", name, member, offset, size]:
                result.members[name].append((member, int(offset), int(size)))
            case ["value", name, number]:
                result.values[name] = int(number)
            case ["dump", name, digits]:
                result.dumps[name] = bytes.fromhex(digits)
            case _:
                pytest.fail(f"unexpected line {line!r}")
    return result


def common(declared: Any, data: bytes, values: dict[str, Any], size: int) -> None:
    """Check that a struct parses the data to the values, builds it from them, and has the size."""
    parsed = declared.parse(data)
    assert {name: parsed[name] for name in values} == values
    assert declared.build(values) == data
    assert declared.sizeof() == len(data) == size


@pytest.mark.parametrize("name", DECLARED)
def test_sizes_and_offsets_are_those_of_the_c_compiler(name: str, compiled: Compiled) -> None:
    declared = [(field.name, field.offset, field.size) for field in records.fields(DECLARED[name])]
    if name == "earlier_tag_data":  # its padding is made by the compiler, not declared
        assert declared.pop() == ("pad", 225, 7)
    assert declared == compiled.members[name]
    assert DECLARED[name].sizeof() == compiled.sizes[name]


def test_every_c_struct_is_compared(compiled: Compiled) -> None:
    assert set(compiled.sizes) == set(compiled.members) == set(DECLARED)


def test_c_tag_data_parses_and_builds(compiled: Compiled) -> None:
    data = compiled.dumps["tag_data"]
    common(records.TAG_DATA, data, XFS, 224)
    assert records.decode_record(data) == Record(
        "xfs", "xfs_buf_alloc", "fs/xfs/xfs_buf.c", 87, -4096, 2**64 - 1, True
    )


def test_c_counters_parse_and_build(compiled: Compiled) -> None:
    data = compiled.dumps["counters"]
    values = {"index": 3218, "bytes": -4096, "calls": 2**64 - 1, "flags": 1}
    common(records.COUNTERS_DATA, data, values, 32)


def test_c_trends_parse_and_build(compiled: Compiled) -> None:
    extremes = {"first": -(2**63), "last": 2**63 - 1, "min": -(2**63), "max": 2**63 - 1}
    floats = {"mean": -0.5, "slope": 1024.25, "rising": 0.75, "seconds": 3590.5}
    others = {"index": 3218, "samples": 360, "calls": -1, "flags": 1}
    common(records.TREND_DATA, compiled.dumps["trend"], extremes | floats | others, 96)


def test_flags_are_those_of_the_header(compiled: Compiled) -> None:
    prefix = "FLAG_"
    flags = {name: value for name, value in compiled.values.items() if name.startswith(prefix)}
    assert flags == {f"{prefix}{flag.name}": flag.value for flag in records.CounterFlags}


@pytest.mark.parametrize(
    ("layout", "dump"), [(MERGED, "get_at"), (EARLIER, "earlier_get_at")], ids=["merged", "earlier"]
)
def test_c_get_at_is_decoded_and_encoded(
    layout: abi.IoctlLayout, dump: str, compiled: Compiled
) -> None:
    wanted = Filter(
        mask=FilterMask.FILENAME | FilterMask.MAX_SIZE,
        filename=b"fs/xfs/xfs_buf.c",
        min_size=1,
        max_size=2**64 - 1,
        inaccurate=2,
    )
    data = compiled.dumps[dump]
    assert layout.decode_get_at(data) == (5, wanted)
    assert layout.encode_get_at(5, wanted) == data
    parsed = layout.get_at.parse(data)
    assert {name: parsed.filter[name] for name in Filter._fields} == wanted._asdict()


def test_ioctl_numbers_are_those_of_the_c_macros(compiled: Compiled) -> None:
    numbers = {
        "CONTENT_ID": MERGED.content_id_number,
        "GET_AT": MERGED.get_at_number,
        "GET_NEXT": MERGED.get_next_number,
        "EARLIER_GET_AT": EARLIER.get_at_number,
        "EARLIER_GET_NEXT": EARLIER.get_next_number,
    }
    assert numbers.items() <= compiled.values.items()
    assert EARLIER.content_id_number == MERGED.content_id_number


@pytest.mark.parametrize(
    ("machine", "content_id", "get_at"),
    [
        ("x86_64", 0x8008A600, 0xC1D0A601),
        ("aarch64", 0x8008A600, 0xC1D0A601),
        ("ppc64le", 0x4008A600, 0xC1D0A601),
        ("mips64", 0x4008A600, 0xC1D0A601),
    ],
)
def test_ioctl_numbers_follow_the_machine(machine: str, content_id: int, get_at: int) -> None:
    assert abi.ioctl_number(0, 8, machine=machine) == content_id
    assert abi.ioctl_number(1, 464, write=True, machine=machine) == get_at


def test_mask_bits_are_those_of_the_header(compiled: Compiled) -> None:
    assert {name: compiled.values[name] for name in FilterMask.__members__} == {
        name: bit.value for name, bit in FilterMask.__members__.items()
    }


def abi_of(header: str, includes: Sequence[Path], program: Path) -> list[str]:
    """Compile header_abi.c with a header, and return its lines."""
    options = ("-std=c11", *STRICT, *(f"-I{path}" for path in includes), f"-DHEADER={header}")
    subprocess.run(["gcc", *options, "-o", program, SUPPORT / "header_abi.c"], check=True)
    return subprocess.check_output([program], text=True).splitlines()


def kernel_includes() -> list[Path]:
    """Return the directory with linux/alloc_tag.h: $KERNEL_UAPI, or that of the system."""
    given = os.environ.get("KERNEL_UAPI")
    return [Path(given)] if given else []


HAS_KERNEL_HEADER = any(
    (path / "linux/alloc_tag.h").exists() for path in (*kernel_includes(), Path("/usr/include"))
)


def test_the_names_of_the_kernels_header_compile(tmp_path: Path) -> None:
    lines = abi_of('"allocfs.h"', [], tmp_path / "abi")
    assert "member allocinfo_get_at data.counter.calls 448 8" in lines
    assert "member allocinfo_filter fields.lineno 200 8" in lines
    assert f"value ALLOCINFO_IOC_GET_AT {MERGED.get_at_number}" in lines


@pytest.mark.skipif(not HAS_KERNEL_HEADER, reason="there is no <linux/alloc_tag.h>: KERNEL_UAPI")
def test_one_program_is_the_same_with_both_headers(tmp_path: Path) -> None:
    kernel = abi_of("<linux/alloc_tag.h>", kernel_includes(), tmp_path / "kernel")
    assert abi_of('"allocfs.h"', [], tmp_path / "allocfs") == kernel


@pytest.mark.skipif(not HAS_KERNEL_HEADER, reason="there is no <linux/alloc_tag.h>: KERNEL_UAPI")
def test_the_header_follows_the_kernels_in_one_file(tmp_path: Path) -> None:
    source = tmp_path / "both.c"
    source.write_text(
        "#include <sys/ioctl.h>\n#include <linux/alloc_tag.h>\n#include <allocfs.h>\n"
        "struct allocfs_counters counters;\n"
    )
    includes = [f"-I{path}" for path in kernel_includes()]
    subprocess.run(["gcc", "-std=c11", *STRICT, *includes, "-fsyntax-only", source], check=True)


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
@pytest.mark.parametrize("standard", ["c++11", "c++17", "c++20"])
def test_header_is_also_cplusplus(standard: str) -> None:
    header = str(ROOT / "spec" / "allocfs.h")
    command = ["g++", f"-std={standard}", *STRICT, "-fsyntax-only", "-x", "c++", header]
    subprocess.run(command, check=True)
