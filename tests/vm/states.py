"""Check the advice for the boot parameter that the kernel was booted with; see README.md here.

    python -m tests.vm.states PARAMETER [MISALIGNED.ko]

Needs root. Follows the advice where a running kernel lets it be followed.
MISALIGNED has tags that compressed references cannot number (misaligned.py makes it).
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

from allocfs.kernel.profiling import State, state_of
from tests.vm.allocinfo import ALLOCINFO, SYSCTL, rows_of
from tests.vm.mounted import refused_mount, source_lines, temporary_mount

BOOT = "boot with sysctl.vm.mem_profiling=1"
COMPRESSED = Path("/proc/sys/vm/mem_profiling_compressed")


def check_on(parameter: str) -> str:
    """Mount at once; the mode is told by kernels that have its sysctl."""
    with temporary_mount() as root:
        told = source_lines(root)["profiling"]
        compressed = parameter.endswith(",compressed") and COMPRESSED.exists()
        assert told == ("on (compressed)" if compressed else "on"), told
        assert any(row.bytes for row in rows_of(root / "records"))
    return f"profiling {told}"


def check_off() -> str:
    """Be refused, switch profiling on as advised, and mount."""
    assert state_of(ALLOCINFO) is State.OFF
    said = refused_mount()
    command = ["sysctl", "vm.mem_profiling=1"]
    assert f"switch it on with `{' '.join(command)}`" in said
    SYSCTL.write_text("1")
    allocated = [os.open("/", os.O_RDONLY) for _ in range(100)]
    with temporary_mount() as root:
        assert source_lines(root)["profiling"] == "on"
        assert any(row.bytes for row in rows_of(root / "records"))
    for fd in allocated:
        os.close(fd)
    return f"{said}; done, and mounted"


def check_never() -> str:
    """Be refused with the advice to boot, and find that the sysctl does not help."""
    state = state_of(ALLOCINFO)
    assert state is (State.LOCKED if ALLOCINFO.exists() else State.UNSUPPORTED)
    said = refused_mount()
    assert BOOT in said
    assert "switch it on with" not in said
    assert SYSCTL.read_text() == "0\n"
    try:
        SYSCTL.write_text("1")
    except OSError as error:
        reason = errno.errorcode[error.errno or 0]
    assert SYSCTL.read_text() == "0\n"
    return f"{state.name}: {said}; the sysctl says {reason}"


def check_shut_down(module: Path) -> str:
    """Load a module whose tags cannot be numbered while mounted: the kernel removes the file."""
    with temporary_mount("max_age=0") as root:
        assert source_lines(root)["profiling"].startswith("on")
        subprocess.run(["insmod", module], check=False)
        deadline = time.monotonic() + 30
        while ALLOCINFO.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not ALLOCINFO.exists(), "profiling was not shut down"
        assert source_lines(root)["profiling"].startswith("shut down since "), source_lines(root)
        try:
            rows_of(root / "records")
        except OSError as error:
            said = f"{error.strerror}; {source_lines(root)['condition']}"
        assert "shut memory allocation profiling down" in said
        assert "without `,compressed`" in said
    assert BOOT in refused_mount()
    return said


def main() -> int:
    """Run the check for a boot parameter; a failure ends the program with a traceback."""
    parameter = sys.argv[1]
    print(f"Linux {os.uname().release} booted with {parameter}")
    match parameter:
        case "0":
            said = check_off()
        case "never":
            said = check_never()
        case _ if len(sys.argv) > 2:
            said = check_shut_down(Path(sys.argv[2]))
        case _:
            said = check_on(parameter)
    print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
