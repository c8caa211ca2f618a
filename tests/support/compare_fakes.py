"""A comparison with round numbers as results."""

from __future__ import annotations

from allocfs.compare.clients import Design
from allocfs.compare.comparison import Comparison, Machine
from allocfs.compare.costs import Costs
from allocfs.compare.mounts import Store
from allocfs.compare.runs import Measurement, Results, Run
from allocfs.compare.scenarios import SCENARIOS
from allocfs.compare.syscalls import CountedWork
from allocfs.compare.transport import Transport

# Each cost is another power of ten, so that a sum shows what it is made of.
COSTS = Costs(
    call=1e0,
    byte=1e-3,
    open_proc=1e1,
    open_path=1e2,
    line=1e3,
    compare=1e4,
    record=1e5,
    counter=1e6,
    start=1e9,
)
STORE = Store(tags=1000, cpus=10)
TEXT = CountedWork(opens=1, preads=2, closes=1, bytes=8192, counters=10_000)
IOCTL = CountedWork(opens=1, ioctls=3, closes=1, bytes=1152, counters=20)
READ = CountedWork(opens=1, preads=1, closes=1, bytes=448, counters=20)
WALLS = {
    Design.TEXT: 1_000_000,
    Design.IOCTL: 100_000,
    Design.READ: 10_000,
    Design.COUNTERS: 8_000,
    Design.FIRST: 20_000,
    Design.CACHED: 1_000,
}
WORK = {Design.TEXT: TEXT, Design.IOCTL: IOCTL}


def measured(design: Design, wall: int) -> Measurement:
    """Make three runs; in two of them the first repetition takes longer."""
    rows = [[5 * wall, wall, wall], [5 * wall, wall, wall], [wall, 2 * wall, 2 * wall]]
    runs = [Run(row, 100.0, 200.0) for row in rows]
    return Measurement(WORK.get(design, READ), [(4096, 1), (0, 0)], runs[0], runs)


def results() -> Results:
    """Return the same results for every scenario."""
    return {
        (scenario.number, design): measured(design, WALLS[design])
        for scenario in SCENARIOS
        for design in Design
    }


MACHINE = Machine(COSTS, COSTS)


def comparison(machine: Machine | None = MACHINE) -> Comparison:
    """Return a comparison with these results."""
    transport = Transport(100, 20, 30, 10, 1)
    return Comparison(STORE, 3, SCENARIOS, results(), transport, machine, "no C compiler found")
