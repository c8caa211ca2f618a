"""Check that a trend and a difference name the line of a module that takes more and more memory.

    python -m tests.vm.trend INTERFACE DIRECTORY

DIRECTORY has the modules of the running kernel. Each new device of zram takes a table of its own,
which nothing gives back: for the kernel that is a leak of zram.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.vm.mounted import temporary_mount, wait_until

CONTROL = Path("/sys/class/zram-control/hot_add")
NEEDED = ("zsmalloc", "zram")  # in the order of their dependence
DEVICES = 60
DISK_SIZE = "64M"  # its table takes 256 KiB
PAUSE = 0.2  # seconds between two devices, less than between two samples
LEAK = "query/module=zram,rising=90,sort=-slope,limit=1/records"
ALL_LEAKS = "query/rising=90,sort=-slope,limit=3/records"


def load(directory: Path) -> None:
    """Load zram and all that it needs and has."""
    for name in NEEDED:
        subprocess.run(["insmod", directory / f"{name}.ko"], check=True)
    wait_until(CONTROL.exists, "zram is there")


def leak() -> None:
    """Make one more device, which is never removed."""
    number = CONTROL.read_text().strip()
    Path(f"/sys/block/zram{number}/disksize").write_text(DISK_SIZE)


def check_leak(mount: Path, directory: Path) -> None:
    """Snapshot, load, leak, and read the line from the difference and from the trend."""
    (mount / "snapshots/before").mkdir()
    load(directory)
    for _ in range(DEVICES):
        leak()
        time.sleep(PAUSE)
    trend = (mount / "text/trend/1m" / LEAK).read_text()
    grown = (mount / "text/diff/before/query/module=zram,sort=-bytes,limit=1/records").read_text()
    print(f"check_leak: {trend.strip()}\n            {grown.strip()}")
    assert "zram_drv.c:" in trend, trend
    assert "[zram]" in trend, trend
    assert trend.split()[2] == grown.split()[2], "another line in the difference"
    assert "state:new" in grown, grown
    print(f"check_leak: of all tags\n{(mount / 'text/trend/1m' / ALL_LEAKS).read_text()}", end="")
    assert trend.split()[2] in (mount / "text/trend/1m" / ALL_LEAKS).read_text()


def check_history(mount: Path) -> None:
    """Check that samples are there, in their order, and that none failed."""
    names = [name for name in os.listdir(mount / "history") if name.startswith("@")]
    text = (mount / ".allocfs/history").read_text()
    print(f"check_history: {len(names)} samples from {names[0]} to {names[-1]}")
    assert names == sorted(names)
    assert len(names) > 3  # an emulated machine is slow
    assert "gap" not in text, text


def main(interface: str, directory: str) -> None:
    """Make both checks on one mount."""
    with temporary_mount("history=1s*1000", interface) as mount:
        check_leak(mount, Path(directory))
        check_history(mount)


if __name__ == "__main__":
    main(*sys.argv[1:])
