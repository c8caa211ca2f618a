"""The cases on the default store: what a reader does, and on which sides it is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Result, compare
from benchmarks.mounts import RAPL, WHOLE
from benchmarks.programs import OWN_PAGES, Client, Job

LIVE, PERIODIC, BASELINE, TMPFS, PAGEMAP = "live", "max_age=1s", "C libfuse", "tmpfs", "pagemap"
RECORD_SIZE = 224
NEW_QUERY = "query/file=arch%%2Fx86%%2F*,line=1-%ld/records"


@dataclass(frozen=True)
class Bench:
    """Where the sides are, and how to measure them."""

    client: Client
    runs: int
    roots: Mapping[str, Path]  # by side
    records: int

    def compare(self, case: str, jobs: Mapping[str, Job]) -> list[Result]:
        """Measure the jobs of a case, interleaved."""
        sides = {side: self.client.measure(job) for side, job in jobs.items()}
        return compare(case, "us", sides, self.runs)

    def everywhere(
        self, operation: str, name: str, size: int, processes: int = 1
    ) -> dict[str, Job]:
        """Return the same job for each side that has the file."""
        jobs = {
            side: Job(operation, str(root / name), size, processes=processes)
            for side, root in self.roots.items()
        }
        own = Job(operation, "/proc/self/pagemap", size, OWN_PAGES, processes)
        return {**jobs, PAGEMAP: own}

    def on(self, sides: tuple[str, ...], operation: str, name: str) -> dict[str, Job]:
        """Return the same job for some sides."""
        return {side: Job(operation, f"{self.roots[side]}/{name}") for side in sides}


def small(bench: Bench) -> Iterator[list[Result]]:
    """Measure a file of two records."""
    for operation in ("open+pread+close", "pread"):
        jobs = bench.everywhere(operation, RAPL, 2 * RECORD_SIZE)
        yield bench.compare(f"{operation} rapl.c, 2 records", jobs)


def reads(bench: Bench) -> Iterator[list[Result]]:
    """Measure reads of more and more records of one file."""
    for operation in ("open+pread+close", "pread"):
        for count in (1, 18, 100, bench.records):
            jobs = bench.everywhere(operation, "records", count * RECORD_SIZE)
            yield bench.compare(f"{operation} records, {count}", jobs)


def names(bench: Bench) -> Iterator[list[Result]]:
    """Measure what reads nothing."""
    yield bench.compare("stat rapl.c", bench.everywhere("stat", RAPL, 0))
    both = (LIVE, PERIODIC)
    yield bench.compare("stat of a new query", bench.on(both, "lookup", NEW_QUERY))
    yield bench.compare("ls by-function", bench.on((*both, TMPFS), "list", "by-function"))


def whole(bench: Bench) -> Iterator[list[Result]]:
    """Measure reads of everything, in each representation."""
    for name in WHOLE:
        jobs = bench.on((LIVE, PERIODIC, TMPFS), "whole", name)
        yield bench.compare(f"read all of {name}", jobs)


def processes(bench: Bench) -> Iterator[list[Result]]:
    """Measure several readers at once; a figure is the time divided by all they did."""
    for count in (1, 4, 16):
        jobs = bench.everywhere("open+pread+close", RAPL, 2 * RECORD_SIZE, count)
        yield bench.compare(f"open+pread+close rapl.c, clients: {count}", jobs)
