"""The sections of the benchmarks, each with its mounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from allocfs.backend.simulated import default_capture
from benchmarks import cases, mounts
from benchmarks.cases import BASELINE, LIVE, PERIODIC, TMPFS, Bench
from benchmarks.counters import counters_of_size_query
from benchmarks.growth import Growth, with_cpus, with_tags
from benchmarks.moments import moments
from benchmarks.programs import Client, compile_program
from benchmarks.samples import Result
from benchmarks.startup import bare_memory, startup

Results = Iterator[list[Result]]


class Place(NamedTuple):
    """A directory for mounts and programs, and how to measure."""

    top: Path
    client: Client
    runs: int


# The sections on the default store share its mounts.
_ON_DEFAULT_STORE: dict[str, Callable[[Bench], Results]] = {
    "small": cases.small,
    "reads": cases.reads,
    "names": cases.names,
    "whole": cases.whole,
    "processes": cases.processes,
}
_ON_THEIR_OWN: dict[str, Callable[[Place], Results]] = {
    "counters": lambda place: iter([counters_of_size_query(place.top, place.runs)]),
    "tags": lambda place: with_tags(_growth(place)),
    "cpus": lambda place: with_cpus(_growth(place)),
    "moments": lambda place: moments(place.top, place.runs),
    "startup": lambda place: iter([startup(place.top, place.runs)]),
}
SECTIONS = (*_ON_DEFAULT_STORE, *_ON_THEIR_OWN)


def measure(place: Place, sections: Sequence[str]) -> Results:
    """Measure some sections; yield the results of each case."""
    on_default_store = [_ON_DEFAULT_STORE[name] for name in sections if name in _ON_DEFAULT_STORE]
    if on_default_store:
        with _default_store(place) as bench:
            for section in on_default_store:
                yield from section(bench)
    for name in sections:
        if name in _ON_THEIR_OWN:
            yield from _ON_THEIR_OWN[name](place)


@contextmanager
def _default_store(place: Place) -> Iterator[Bench]:
    top = place.top
    program = compile_program("baseline", top, "fuse3")
    with ExitStack() as stack:
        live = stack.enter_context(mounts.allocfs_mount(top / "live", "cpus=224,max_age=0"))
        periodic = stack.enter_context(
            mounts.allocfs_mount(top / "periodic", "cpus=224,max_age=1s")
        )
        baseline = stack.enter_context(mounts.baseline_mount(program, top / "baseline"))
        tmpfs = stack.enter_context(mounts.copies_on_tmpfs(live.path))
        roots = {LIVE: live.path, PERIODIC: periodic.path, BASELINE: baseline.path, TMPFS: tmpfs}
        yield Bench(place.client, place.runs, roots, live.stat("tags"))


def _growth(place: Place) -> Growth:
    return Growth(place.top, place.client, place.runs, default_capture(), bare_memory())
