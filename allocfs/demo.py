"""A tour of a mount: shell commands, their output, and the number of counters they sum."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from allocfs.client import RecordFile, decode_records, read_records
from allocfs.formats.records import RECORD_SIZE
from allocfs.programs import drop_relative_path

RAPL = "by-file/arch/x86/events/rapl.c"
LEAK = "net/core/sock.c:2173"


def main() -> int:
    """Mount the simulated store on a temporary directory, show it, and unmount it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # The default action would end the process without unmounting.
        signal.signal(number, signal.default_int_handler)
    drop_relative_path()
    # Find the commands beside this interpreter even if its virtual environment is not active.
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    try:
        with _mount_point() as root:
            _tour(root)
    except subprocess.CalledProcessError as error:
        print(f"allocfs.demo: failed with exit code {error.returncode}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the output was piped to a program that has ended, such as head
        with suppress(OSError):  # or the interpreter would report the pipe again at exit
            sys.stdout.close()
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def _mount_point() -> Iterator[Path]:
    """Make a directory to mount on; afterwards unmount and remove it."""
    root = Path(tempfile.mkdtemp(prefix="allocfs-"))
    try:
        yield root
    finally:
        if root.is_mount():
            subprocess.run(["fusermount3", "-u", "-z", root], check=True)
        root.rmdir()


def _tour(root: Path) -> None:
    with _mounted(root, "cpus=224") as shell:
        _show_one_record(shell)
        _show_queries(shell)
        _show_busiest(shell)
    # The samples sum counters too, so the costs of commands are shown without them.
    _say(
        "A second mount has allocations and frees all the time, and takes a sample twice a second."
    )
    with _mounted(root, "cpus=224,rate=1000,history=0.5s*120") as shell:
        _show_leak(shell)


@contextmanager
def _mounted(root: Path, options: str) -> Iterator[Shell]:
    """Show a mount, and its unmount at the end."""
    _run(f"mount.allocfs none {root} -o {options}", Path("/"))
    print(f"$ cd {root}")
    yield Shell(root)
    _run(f"fusermount3 -u {root}", Path("/"))


class Shell:
    """Runs commands in the root directory of a mount."""

    def __init__(self, root: Path) -> None:
        """Remember the root directory."""
        self.root = root

    def run(self, command: str) -> None:
        """Print and run a command."""
        _run(command, self.root)

    def show(self, command: str) -> int:
        """Print and run a command; return the number of per-CPU counters summed for it."""
        before = self._counters_read()
        self.run(command)
        summed = self._counters_read() - before
        if summed:
            print(f"# {summed:,} per-CPU counters summed")
        return summed

    def _counters_read(self) -> int:
        lines = (self.root / ".allocfs/stats").read_text().splitlines()
        return int(dict(line.split() for line in lines)["counters_read"])


def _run(command: str, directory: Path) -> None:
    print(f"$ {command}", flush=True)
    # -p: without the functions and the start-up file that the environment can name.
    subprocess.run(["bash", "-p", "-o", "pipefail", "-c", command], cwd=directory, check=True)


def _dump() -> str:
    """Return the command for a dump in hex, to be asked once PATH has no relative directory."""
    return "xxd -a" if shutil.which("xxd") else "od -A x -t x1z"


def _say(text: str) -> None:
    print(f"\n# {text}")


def _show_one_record(shell: Shell) -> None:
    shell.show("ls")
    _say("A file has one record for each call site in it that allocates memory.")
    shell.show(f"ls -l {RAPL}")
    dd = f"dd if={RAPL} bs={RECORD_SIZE} count=1 status=none"
    few = shell.show(f"{dd} | {_dump()}")
    shell.show(f"{dd} | allocfs decode --json -")
    _say("In the text of /proc/allocinfo it is this line, for which all others are summed.")
    name = RAPL.removeprefix("by-file/")
    every = shell.show(f"grep -m 1 {name} allocinfo")
    _say(f"{few:,} counters for the record, {every:,} for the text: 1 in {every // few:,}.")


def _show_queries(shell: Shell) -> None:
    _say("The ten call sites that hold most, as text; bounds rule out nearly all others.")
    shell.show("cat text/query/sort=-bytes,limit=10/records")
    _say("What btrfs holds at call sites with at least 4 KiB; only its own are summed.")
    shell.show("cat text/query/module=btrfs,min_size=4K,sort=-bytes/records")


def _show_busiest(shell: Shell) -> None:
    (busiest,) = decode_records(read_records(shell.root / "query/sort=-bytes,limit=1/records"))
    path = f"by-file/{busiest.file}"
    with RecordFile(shell.root / path) as file:
        number = next(n for n, record in enumerate(file) if record == busiest)
    _say("The record of the first of the ten, under the name of its file.")
    dd = f"dd if={path} bs={RECORD_SIZE} skip={number} count=1 status=none"
    shell.show(f"{dd} | {_dump()}")
    shell.show(f"{dd} | allocfs decode --json -")


def _show_leak(shell: Shell) -> None:
    _say("A snapshot gives a name to the values of now. After it a call site begins to leak.")
    shell.run("mkdir snapshots/before")
    shell.run(f"echo 'leak {LEAK} 1M/s' >.allocfs/control")
    shell.run("sleep 3")
    _say("The difference to the snapshot: the call sites that grew most since then.")
    shell.run("cat text/diff/before/query/sort=-bytes,limit=3/records")
    _say("The trend over the samples of the last minute: the call site that rises fastest.")
    shell.run("cat text/trend/1m/query/sort=-slope,limit=1/records")


if __name__ == "__main__":
    sys.exit(main())
