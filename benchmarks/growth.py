"""How time and memory grow with the number of codetags and of CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.captures import repeated
from benchmarks.cases import NEW_QUERY, RECORD_SIZE
from benchmarks.measure import Result, Samples, compare
from benchmarks.mounts import RAPL, Mounted, allocfs
from benchmarks.programs import Client, Job

MIB = 1 << 20
REPETITIONS = (1, 10, 100)
TAG_CPUS = 8  # where the number of codetags grows
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
    """Where to mount and how to measure; `bare` is what the imports alone take, in bytes."""

    top: Path
    client: Client
    runs: int
    capture: bytes
    bare: int


def with_tags(growth: Growth) -> Iterator[list[Result]]:
    """Measure mounts of more and more codetags."""
    with ExitStack() as stack:
        mounts = {}
        for times in REPETITIONS:
            source = growth.top / f"capture{times}"
            source.write_bytes(repeated(growth.capture, times))
            directory, options = growth.top / f"tags{times}", f"simulate,cpus={TAG_CPUS}"
            mounted = stack.enter_context(allocfs(directory, options, str(source)))
            mounts[f"{mounted.stat('tags')} tags"] = mounted
        yield from _measure(growth, "tags", mounts)


def with_cpus(growth: Growth) -> Iterator[list[Result]]:
    """Measure mounts of more and more CPUs."""
    with ExitStack() as stack:
        mounts = {
            f"{cpus} CPUs": stack.enter_context(allocfs(growth.top / f"cpus{cpus}", f"cpus={cpus}"))
            for cpus in CPUS
        }
        yield from _measure(growth, "CPUs", mounts)


def _measure(growth: Growth, what: str, mounts: Mapping[str, Mounted]) -> Iterator[list[Result]]:
    for case, (operation, name, size) in _CASES.items():
        sides = {
            side: growth.client.measure(Job(operation, str(mounted.path / name), size))
            for side, mounted in mounts.items()
        }
        yield compare(f"{what}: {case}", "us", sides, growth.runs)
    # After all that was measured, so that what is kept for later counts too.
    for (case, unit), values in _memory(growth.bare, mounts).items():
        yield [
            Result(f"{what}: {case}", side, unit, Samples((value,)))
            for side, value in values.items()
        ]


def _memory(bare: int, mounts: Mapping[str, Mounted]) -> dict[tuple[str, str], dict[str, float]]:
    """Return figures of memory, by case and unit, for each mount."""
    resident = {side: mounted.resident() for side, mounted in mounts.items()}
    return {
        (RESIDENT, "MiB"): {side: size / MIB for side, size in resident.items()},
        (BARE, "MiB"): dict.fromkeys(mounts, bare / MIB),
        (PER_COUNTER, "bytes"): {
            side: (resident[side] - bare) / (mounted.stat("tags") * mounted.stat("cpus"))
            for side, mounted in mounts.items()
        },
    }
