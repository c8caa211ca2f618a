"""Measure the growth of time and memory with the number of codetags and of CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from allocfs.formats.records import RECORD_SIZE
from benchmarks.captures import repeat_tags
from benchmarks.cases import NEW_QUERY
from benchmarks.mounts import RAPL, DaemonMount, allocfs_mount
from benchmarks.programs import Client, Job
from benchmarks.samples import Result, Samples, compare

MIB = 1 << 20
REPETITIONS = (1, 10, 100)
TAG_CPUS = 8  # the CPUs of the mounts that differ in codetags
CPUS = (8, 224, 1024)
RESIDENT, BARE = "resident memory", "bare imports"
PER_COUNTER = "memory beyond bare imports for each codetag and CPU"

_CASES = {
    "open+pread+close rapl.c": ("open+pread+close", RAPL, 2 * RECORD_SIZE),
    "stat of a new query": ("lookup", NEW_QUERY, 0),
    "read all of query/min_size=1M": ("whole", "query/min_size=1M/records", MIB),
    "read all of records": ("whole", "records", MIB),
}


@dataclass(frozen=True)
class Growth:
    """A directory for mounts, and how to measure; `bare` is the memory of the imports in bytes."""

    top: Path
    client: Client
    runs: int
    capture: bytes
    bare: int


def with_tags(growth: Growth) -> Iterator[list[Result]]:
    """Measure mounts with increasing numbers of codetags."""
    with ExitStack() as stack:
        mounts = {}
        for times in REPETITIONS:
            source = growth.top / f"capture{times}"
            source.write_bytes(repeat_tags(growth.capture, times))
            directory, options = growth.top / f"tags{times}", f"simulate,cpus={TAG_CPUS}"
            mount = stack.enter_context(allocfs_mount(directory, options, str(source)))
            mounts[f"{mount.stat('tags')} tags"] = mount
        yield from _measure(growth, "tags", mounts)


def with_cpus(growth: Growth) -> Iterator[list[Result]]:
    """Measure mounts with increasing numbers of CPUs."""
    with ExitStack() as stack:
        mounts = {
            f"{cpus} CPUs": stack.enter_context(
                allocfs_mount(growth.top / f"cpus{cpus}", f"cpus={cpus}")
            )
            for cpus in CPUS
        }
        yield from _measure(growth, "CPUs", mounts)


def _measure(
    growth: Growth, quantity: str, mounts: Mapping[str, DaemonMount]
) -> Iterator[list[Result]]:
    for case, (operation, name, size) in _CASES.items():
        sides = {
            side: growth.client.measure(Job(operation, str(mount.path / name), size))
            for side, mount in mounts.items()
        }
        yield compare(f"{quantity}: {case}", "us", sides, growth.runs)
    # At the end, so that the memory includes the caches that the cases have filled.
    for (case, unit), values in _memory(growth.bare, mounts).items():
        yield [
            Result(f"{quantity}: {case}", side, unit, Samples((value,)))
            for side, value in values.items()
        ]


def _memory(
    bare: int, mounts: Mapping[str, DaemonMount]
) -> dict[tuple[str, str], dict[str, float]]:
    """Return the memory of each mount, by case and unit."""
    resident = {side: mount.resident() for side, mount in mounts.items()}
    return {
        (RESIDENT, "MiB"): {side: size / MIB for side, size in resident.items()},
        (BARE, "MiB"): dict.fromkeys(mounts, bare / MIB),
        (PER_COUNTER, "bytes"): {
            side: (resident[side] - bare) / (mount.stat("tags") * mount.stat("cpus"))
            for side, mount in mounts.items()
        },
    }
