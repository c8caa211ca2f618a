"""Predict the time of each design inside a kernel, where a query needs no daemon.

The time is the work counted on the mount times the costs of this machine. The assumptions:

- A kernel makes the same calls, moves the same bytes and sums the same counters as the daemon,
  with two differences: its text returns at most one page for each read(), and its size conditions
  sum all tags, as long as it does not keep the bounds of spec/size-bounds.md.
- There is no index. The ioctl visits each tag once for a GET_AT and the GET_NEXTs after it; an
  open() of a path visits each tag once.
- CPUs do not wait for each other, and only open() allocates memory.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from allocfs.compare.clients import Design
from allocfs.compare.costs import Costs
from allocfs.compare.mounts import Store
from allocfs.compare.runs import Measurement
from allocfs.compare.scenarios import Scenario

_PAGE = 4096


@dataclass(frozen=True)
class KernelWork:
    """How often a kernel pays each of the Costs; the fields have the names of those."""

    call: float = 0
    byte: float = 0
    open_proc: float = 0
    open_path: float = 0
    line: float = 0
    compare: float = 0
    record: float = 0
    counter: float = 0
    start: float = 0

    def ns(self, costs: Costs) -> float:
        """Return the total cost."""
        return float(sum(times * getattr(costs, name) for name, times in asdict(self).items()))


def in_kernel(
    scenario: Scenario, design: Design, measured: Measurement, store: Store
) -> KernelWork:
    """Derive the work of a kernel from the measured work of the daemon."""
    work, polls, records = measured.work, scenario.polls, len(measured.numbers)
    common = KernelWork(byte=work.bytes, counter=work.counters)
    match design:
        case Design.TEXT:
            reads = polls * (text_pages(work.bytes / polls) + 1)
            return replace(common, open_proc=1, call=reads, line=polls * store.tags)
        case Design.IOCTL:
            # The last ioctl of each poll finds no further record.
            filled, compared = work.ioctls - polls, polls * store.tags
            return replace(common, open_proc=1, call=work.ioctls, record=filled, compare=compared)
    judged = store.tags + records if scenario.judges_all else 0
    return replace(
        common,
        open_path=1,
        call=work.preads,
        compare=store.tags,
        record=0 if design is Design.COUNTERS else polls * records,
        counter=judged * store.cpus or work.counters,
    )


def text_pages(size: float) -> int:
    """Return how many read() calls a text of this size takes, without the one at its end."""
    return -(-round(size) // _PAGE)
