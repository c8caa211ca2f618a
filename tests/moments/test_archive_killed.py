"""Snapshots on the disk, while the daemon is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from allocfs.backend.simulated import default_capture
from allocfs.formats.textlines import HEADER
from tests.moments.test_archive import archived, archived_names

LOOP = """
import sys
from itertools import count
from allocfs import wholefiles
from allocfs.moments.archive import Archive
from allocfs.moments.captures import CaptureFile, CaptureReader
from allocfs.moments.snapshots import Snapshots

def refuse(_directory):
    raise OSError(95, "no O_TMPFILE")

directory, kind, capture = sys.argv[1:]
if kind == "hidden":
    wholefiles._unnamed = refuse
moment = CaptureFile(capture, None, CaptureReader()).moment()
kept = Snapshots(Archive(directory), 10**6)
print("ready", flush=True)
for number in count():
    kept.add(f"s{number}", moment)
    print(f"s{number}", flush=True)
"""


@pytest.mark.parametrize("kind", ["unnamed", "hidden"])
def test_a_kill_loses_no_snapshot_that_was_reported(tmp_path: Path, kind: str) -> None:
    capture = tmp_path / "capture"
    capture.write_bytes(whole := HEADER + default_capture().split(b"\n", 2)[2])
    for wanted in range(1, 5):
        directory = tmp_path / str(wanted)
        directory.mkdir()
        command = [sys.executable, "-c", LOOP, str(directory), kind, str(capture)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(wanted)]
            process.kill()
            lines += process.stdout.read().splitlines()
        kept = archived(directory)
        assert {line.strip() for line in lines[1:]} <= set(archived_names(kept, directory))
        assert all(path.read_bytes() == whole for path in directory.iterdir())
