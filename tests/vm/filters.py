"""Check the kernel's ioctls, and those of a mount's `allocinfo`, against the text; see README.md.

    python -m tests.vm.filters MODULE.ko

The client is tests/support/allocinfo_ioctl.c. Needs root, gcc, and Linux 7.3 or later.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from allocfs.formats.records import decode_record
from tests.support import ROOT, SUPPORT
from tests.vm.allocinfo import ALLOCINFO, Name, Row, kernel_rows
from tests.vm.modules import module_name
from tests.vm.mounted import temporary_mount

CLIENT = Path("/tmp/allocinfo_ioctl")
CAPTURE = CLIENT.with_name("capture.txt")
PAST_ALL = 2**64 - 1
ROUNDS = 10

Ask = Callable[..., list[str]]


def client(path: Path) -> Ask:
    """Return a function that does the steps of the client on a file."""

    def ask(*steps: str) -> list[str]:
        command = [str(CLIENT), str(path), *steps]
        return subprocess.check_output(command, text=True).splitlines()

    return ask


def rows(lines: list[str]) -> list[Row]:
    """Decode the records of the step `all`, whose last line is the error that ended it."""
    assert lines[-1] == "ENOENT", lines[-1]
    records = [decode_record(bytes.fromhex(line)) for line in lines[:-1]]
    return [Row(Name(*record[:4]), record.bytes, record.calls) for record in records]


def names(found: list[Row]) -> list[Name]:
    """Return the names of rows."""
    return [row.name for row in found]


def check_all(ask: Ask) -> str:
    """Fetch all records without a filter: their names are those of the text, in its order."""
    found = rows(ask("all"))
    assert names(found) == names(kernel_rows())
    return f"{len(found)} records"


def check_names(ask: Ask) -> str:
    """Select by file, function, line and module, alone and together."""
    listed = kernel_rows()
    chosen = next(row.name for row in listed if row.name.file == "mm/memory.c")
    criteria: dict[str, Callable[[Name], bool]] = {
        f"filename={chosen.file}": lambda name: name.file == chosen.file,
        f"function={chosen.function}": lambda name: name.function == chosen.function,
        f"lineno={chosen.line}": lambda name: name.line == chosen.line,
        "modname=": lambda name: not name.module,
        f"filename={chosen.file},lineno={chosen.line}": lambda name: (
            (name.file, name.line) == (chosen.file, chosen.line)
        ),
        "function=no_such_function": lambda _: False,
    }
    for criterion, selects in criteria.items():
        expected = [row.name for row in listed if selects(row.name)]
        assert names(rows(ask(f"all,{criterion}"))) == expected, criterion
    return f"{len(criteria)} criteria"


def check_sizes(ask: Ask) -> str:
    """Select one size, of a tag that stands still for a moment, and a range."""
    for _ in range(ROUNDS):
        chosen = max(rows(ask("all")), key=lambda row: row.bytes)
        exact = rows(ask(f"all,min_size={chosen.bytes},max_size={chosen.bytes}"))
        if chosen.name in names(exact):
            break
    else:
        raise AssertionError(chosen)
    assert {row.bytes for row in exact} == {chosen.bytes}
    above = rows(ask("all,min_size=1048576,max_size=0x7fffffffffffffff"))
    assert above
    assert all(row.bytes >= 1 << 20 for row in above)
    return f"{len(exact)} of {chosen.bytes} bytes, {len(above)} of at least 1 MiB"


def check_inaccurate(ask: Ask) -> str:
    """Select the tags that the text marks, and all others."""
    marked = [line for line in ALLOCINFO.read_text().splitlines() if " accurate:no" in line]
    found = rows(ask("all,inaccurate=1"))
    assert len(found) == len(marked)
    assert len(rows(ask("all,inaccurate=0"))) + len(found) == len(kernel_rows())
    return f"{len(found)} inaccurate"


def check_positions(ask: Ask) -> str:
    """Fetch by position: one past the end, one within, and the one after it."""
    everything = rows(ask("all"))
    last = len(everything) - 1
    assert ask(f"at:{last + 1}", f"at:{PAST_ALL}") == ["ENOENT", "ENOENT"]
    within = ask(f"at:{last}", "next", "next")
    assert within[1] == "ENOENT"  # and after that it starts over
    numbers = [decode_record(bytes.fromhex(within[n])).line for n in (0, 2)]
    assert numbers == [everything[last].name.line, everything[0].name.line]
    return f"positions up to {last}"


def check_refusals(ask: Ask) -> str:
    """Be refused: sizes in the wrong order, unknown criteria, numbers, and addresses."""
    assert ask("at:0,min_size=2,max_size=1") == ["EINVAL"]
    assert ask("at:0,mask=0x80") == ["EINVAL"]
    assert ask("call:a603") == ["ENOTTY"]
    assert ask("bad:id", "bad:at") == ["EFAULT"] * 2
    return "EINVAL, ENOTTY, EFAULT"


def check_content_id(ask: Ask, module: Path) -> str:
    """Load and unload a module: each changes the content_id."""
    seen = [*ask("id")]
    for command in (["insmod", str(module)], ["rmmod", module_name(module)]):
        subprocess.run(command, check=True)
        seen += ask("id")
    assert len(set(seen)) == len(seen)
    return f"{len(seen)} different numbers"


def check_file(path: Path) -> None:
    """Run the checks on a file whose list of tags stays."""
    ask = client(path)
    print(f"{path} of Linux {os.uname().release}")
    for check in (
        check_all,
        check_names,
        check_sizes,
        check_inaccurate,
        check_positions,
        check_refusals,
    ):
        print(f"{check.__name__}: {check(ask)}", flush=True)


def main() -> int:
    """Run all checks on both files; a failure ends the program with a traceback."""
    source, include = SUPPORT / "allocinfo_ioctl.c", ROOT / "spec"
    subprocess.run(["gcc", "-std=gnu11", f"-I{include}", "-o", CLIENT, source], check=True)
    module = Path(sys.argv[1])
    check_file(ALLOCINFO)
    print(f"check_content_id: {check_content_id(client(ALLOCINFO), module)}", flush=True)
    # Of a live text a late pass is EAGAIN, and by the ioctl each record would be a scan.
    CAPTURE.write_bytes(ALLOCINFO.read_bytes())
    with temporary_mount(capture=CAPTURE) as root:
        check_file(root / "allocinfo")
    with temporary_mount(interface="ioctl") as root:
        said = check_content_id(client(root / "allocinfo"), module)
        print(f"check_content_id: {said}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
