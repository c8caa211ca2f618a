"""Run the checks of this directory on emulated kernels, and print a table; see README.md here.

    python -m tests.vm.run [VERSION...]

RUN_IN_VM names the program that boots a kernel.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support import ROOT

VERSIONS = ("6.12", "7.2", "7.3")
CPUS = "2"
SECONDS = "900"  # for all that a machine does
NOT_BOOTED = 2  # an exit code of RUN_IN_VM; an emulated boot fails now and then
BOOTS = 3
PYTHON = ROOT / ".venv/bin/python"
MODULES = "/tmp/mod"
TUN, DUMMY = f"{MODULES}/tun.ko", f"{MODULES}/dummy.ko"
MISALIGNED = "/tmp/misaligned.ko"


class Run(NamedTuple):
    """A boot of a kernel, with the boot parameter, and the checks that it makes."""

    version: str
    parameter: str
    checks: tuple[str, ...]  # modules of tests.vm with their arguments

    def __str__(self) -> str:
        return f"{self.version:5} {self.parameter:13} {'; '.join(map(short, self.checks))}"


def runs(version: str) -> Iterator[Run]:
    """Return the runs for a kernel."""
    number = tuple(map(int, version.split(".")))
    for parameter in ("1", "1,compressed", "0", "never"):
        yield Run(version, parameter, (f"states {parameter}",))
    if number >= (7, 2):
        checks = (f"misaligned {TUN} {MISALIGNED}", f"states 1,compressed {MISALIGNED}")
        yield Run(version, "1,compressed", checks)
    for interface in ("text", "ioctl") if number >= (7, 3) else ("text",):
        yield Run(version, "1", (f"live {interface}",))
        yield Run(version, "1", (f"modules {interface} {TUN} {DUMMY}",))
        yield Run(version, "1", (f"trend {interface} {MODULES}",))
    if number >= (7, 3):
        yield Run(version, "1", (f"filters {TUN}",))


def short(check: str) -> str:
    """Return a check without the directories of its arguments."""
    return re.sub(r"/\S*/", "", check)


def perform(run: Run) -> tuple[int, float, str]:
    """Boot the kernel and make the checks; return exit code, seconds, and output."""
    commands = [f"{PYTHON} -B -m tests.vm.{check} || exit" for check in run.checks]
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:
        script.write("\n".join(["exec 2>&1", f"cd {ROOT}", *commands, ""]))
        script.flush()
        environment = {"KERNEL": run.version, "MEM_PROFILING": run.parameter}
        command = [os.environ.get("RUN_IN_VM", "run-in-vm"), script.name, CPUS]
        for _ in range(BOOTS):
            began = time.monotonic()
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                env={"VM_SECONDS": SECONDS, **os.environ, **environment},
            )
            if done.returncode != NOT_BOOTED:
                break
    return done.returncode, time.monotonic() - began, done.stdout


def main() -> int:
    """Make all runs; exit with 1 if one fails."""
    rows = []
    for run in (run for version in sys.argv[1:] or VERSIONS for run in runs(version)):
        code, seconds, output = perform(run)
        rows.append(f"{'ok' if code == 0 else f'failed {code}':10} {seconds:4.0f} s  {run}")
        print(f"== {rows[-1]}\n{output}", flush=True)
    print("== table", *rows, sep="\n")
    return int(any(not row.startswith("ok") for row in rows))


if __name__ == "__main__":
    if not Path(PYTHON).exists():
        sys.exit("make setup first")
    sys.exit(main())
