"""The cases on the default store: an operation of a reader, and the sides it is measured on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from allocfs.formats.records import RECORD_SIZE
from benchmarks.mounts import RAPL, WHOLE
from benchmarks.programs import OWN_PAGES, Client, Job
from benchmarks.samples import Result, compare

LIVE, PERIODIC, BASELINE, TMPFS, PAGEMAP = "live", "max_age=1s", "C libfuse", "tmpfs", "pagemap"
NEW_QUERY = "query/file=arch%%2Fx86%%2F*,line=1-%ld/records"


@dataclass(frozen=True)
class Bench:
    """The mounts of the sides, and the client that measures them."""

    client: Client
    runs: int
    roots: Mapping[str, Path]  # by side
    records: int  # the number of records of the store

    def compare(self, case: str, jobs: Mapping[str, Job]) -> list[Result]:
        """Measure the jobs of a case, interleaved. The jobs are indexed by side."""
        sides = {side: self.client.measure(job) for side, job in jobs.items()}
        return compare(case, "us", sides, self.runs)

    def jobs_on_all(
        self, operation: str, name: str, size: int, processes: int = 1
    ) -> dict[str, Job]:
        """Return the same job for all sides, and for /proc/self/pagemap as a native file."""
        jobs = {
            side: Job(operation, str(root / name), size, processes=processes)
            for side, root in self.roots.items()
        }
        own = Job(operation, "/proc/self/pagemap", size, OWN_PAGES, processes)
        return {**jobs, PAGEMAP: own}

    def jobs_on(self, sides: tuple[str, ...], operation: str, name: str) -> dict[str, Job]:
        """Return the same job for some sides."""
        return {side: Job(operation, f"{self.roots[side]}/{name}") for side in sides}


def small(bench: Bench) -> Iterator[list[Result]]:
    """Measure a file of two records, all of it."""
    for operation in ("open+pread+close", "pread"):
        jobs = bench.jobs_on_all(operation, RAPL, 2 * RECORD_SIZE)
        yield bench.compare(f"{operation} rapl.c, 2 records", jobs)


def reads(bench: Bench) -> Iterator[list[Result]]:
    """Measure reads of increasing numbers of records from one file."""
    for operation in ("open+pread+close", "pread"):
        for count in (1, 18, 100, bench.records):
            jobs = bench.jobs_on_all(operation, "records", count * RECORD_SIZE)
            yield bench.compare(f"{operation} records, {count}", jobs)


def names(bench: Bench) -> Iterator[list[Result]]:
    """Measure operations that read no contents: stat and listing."""
    yield bench.compare("stat rapl.c", bench.jobs_on_all("stat", RAPL, 0))
    both = (LIVE, PERIODIC)
    yield bench.compare("stat of a new query", bench.jobs_on(both, "lookup", NEW_QUERY))
    yield bench.compare("ls by-function", bench.jobs_on((*both, TMPFS), "list", "by-function"))


def whole(bench: Bench) -> Iterator[list[Result]]:
    """Measure reads of all records in each representation."""
    for name in WHOLE:
        jobs = bench.jobs_on((LIVE, PERIODIC, TMPFS), "whole", name)
        yield bench.compare(f"read all of {name}", jobs)


def processes(bench: Bench) -> Iterator[list[Result]]:
    """Measure several readers at once; a figure is the time divided by the operations of all."""
    for count in (1, 4, 16):
        jobs = bench.jobs_on_all("open+pread+close", RAPL, 2 * RECORD_SIZE, count)
        yield bench.compare(f"open+pread+close rapl.c, clients: {count}", jobs)
