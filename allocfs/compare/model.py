"""What both designs would cost inside a kernel, where no daemon has to be asked.

The work is what was counted on the mount, the costs are those of this machine. Assumed is:

- A kernel does for a question what the daemon did: the same calls, bytes and counters. Two things
  are not the mount's: a read() of text returns a page at most, and a size condition has all tags
  summed, as they are without the bounds of spec/size-bounds.md.
- Nothing is indexed. The ioctl looks at each tag once for each GET_AT and the GET_NEXTs after it,
  an open() of a path once when it selects.
- No two CPUs wait for each other, and nothing is allocated but what an open() allocates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from allocfs.compare.clients import Design
from allocfs.compare.costs import Costs
from allocfs.compare.mounts import Store
from allocfs.compare.runs import Measured
from allocfs.compare.scenarios import Scenario

_PAGE = 4096


@dataclass(frozen=True)
class KernelWork:
    """How often a kernel pays each of the Costs."""

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
        """Add up what it costs."""
        return float(sum(times * getattr(costs, name) for name, times in asdict(self).items()))


def in_kernel(scenario: Scenario, design: Design, measured: Measured, store: Store) -> KernelWork:
    """Say what a kernel would do for the answer that was measured."""
    work, polls, records = measured.work, scenario.polls, len(measured.numbers)
    common = KernelWork(byte=work.bytes, counter=work.counters)
    match design:
        case Design.TEXT:
            reads = polls * (text_pages(work.bytes / polls) + 1)
            return replace(common, open_proc=1, call=reads, line=polls * store.tags)
        case Design.IOCTL:
            # One ioctl in each poll finds that there is no more.
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
    """Return how many read() calls bring a text of so many bytes; one more finds its end."""
    return -(-round(size) // _PAGE)
