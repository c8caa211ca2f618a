"""Run the scenarios: interleaved, so that whatever disturbs a machine disturbs all designs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from allocfs.compare.clients import CLIENTS, Answer, Design
from allocfs.compare.mounts import CannotCompare, Mount
from allocfs.compare.scenarios import Scenario
from allocfs.compare.syscalls import Calls, Work

LIVE = (Design.TEXT, Design.IOCTL, Design.READ, Design.COUNTERS)
PERIODIC = (Design.FIRST, Design.CACHED)
MAX_AGE = "1s"
# A question is asked in a row until this has passed, but so often at least and at most.
ROW_MS = 50
LEAST, MOST = 3, 2000
_POLLED_EVERY = 3  # a scenario that polls takes seconds, so it has a run in one round of so many
_ATTEMPTS = 10


@dataclass(frozen=True)
class Mounts:
    """Two mounts of one store: one live, one with max_age."""

    live: Mount
    periodic: Mount


@dataclass(frozen=True)
class Run:
    """A question asked several times in a row; times in ns.

    The first time the processor's caches hold what others did meanwhile.
    """

    walls: list[int]
    client_cpu: float  # for one time
    daemon_cpu: float


@dataclass
class Measured:
    """A scenario by one design: what is the same in each run, and the runs."""

    work: Work
    numbers: list[tuple[int, int]]  # bytes and calls of each record
    cold: Run  # the first, in which names are looked up; not among the runs
    runs: list[Run] = field(default_factory=list)

    @property
    def walls(self) -> list[int]:
        """The times of all runs."""
        return [wall for run in self.runs for wall in run.walls]

    @property
    def alone(self) -> list[int]:
        """The times of what was asked after something else."""
        return [run.walls[0] for run in self.runs]


Results = dict[tuple[int, Design], Measured]  # by the number of the scenario
Tick = Callable[[], None]


def run_all(mounts: Mounts, scenarios: Sequence[Scenario], runs: int, tick: Tick) -> Results:
    """Run all scenarios by all designs; `tick` is called after each run of one by one.

    Raises CannotCompare if two designs differ in their answers, or two runs in their work.
    """
    results: Results = {}
    for number in range(-1, runs):
        now = [s for s in scenarios if s.polls == 1 or number % _POLLED_EVERY == 0 or number < 0]
        for scenario in now:
            for place in range(len(LIVE)):
                design = LIVE[(place + number) % len(LIVE)]
                _keep(results, scenario, design, _run(mounts.live, scenario, design))
                tick()
        # The polled records are those of another scenario, and would not be read first.
        for together in ([s for s in now if s.polls == 1], [s for s in now if s.polls > 1]):
            _run_in_period(mounts.periodic, together, results, tick)
    _check_answers(results, scenarios)
    return results


def runs_in_all(scenarios: Sequence[Scenario], runs: int) -> int:
    """Return how often run_all() calls `tick`."""
    polled = -(-runs // _POLLED_EVERY)
    rounds = sum(1 + (runs if scenario.polls == 1 else polled) for scenario in scenarios)
    return rounds * (len(LIVE) + len(PERIODIC))


Outcome = tuple[Run, Work, Answer]


def _run(mount: Mount, scenario: Scenario, design: Design) -> Outcome:
    calls, ask = Calls(), CLIENTS[design]
    once = scenario.polls > 1 or design is Design.FIRST
    walls: list[int] = []
    counters, daemon_cpu = mount.stats()["counters_read"], mount.cpu_ns()
    client_cpu = time.process_time_ns()
    while not walls or (not once and _goes_on(walls)):
        began = time.perf_counter_ns()
        answer = ask(calls, mount.root, scenario)
        walls.append(time.perf_counter_ns() - began)
    times = len(walls)
    client_cpu = time.process_time_ns() - client_cpu
    daemon_cpu = mount.cpu_ns() - daemon_cpu
    counters = mount.stats()["counters_read"] - counters
    run = Run(walls, client_cpu / times, daemon_cpu / times)
    return run, calls.work(counters).each(times), answer


def _goes_on(walls: list[int]) -> bool:
    """Tell whether a row is still too short."""
    return len(walls) < LEAST or (len(walls) < MOST and sum(walls) < ROW_MS * 1_000_000)


def _keep(results: Results, scenario: Scenario, design: Design, outcome: Outcome) -> None:
    run, work, answer = outcome
    key = scenario.number, design
    if key not in results:
        results[key] = Measured(work, answer.numbers(), run)
        return
    if work != results[key].work:
        raise CannotCompare(
            f"{scenario.title} by {design}: did {work}, and before {results[key].work}"
        )
    results[key].runs.append(run)


def _run_in_period(
    mount: Mount, scenarios: Sequence[Scenario], results: Results, tick: Tick
) -> None:
    """Run each scenario twice within one period of max_age, the first time as its first reader."""
    for _ in range(_ATTEMPTS):
        period = mount.next_period()
        found = [(s, design, _run(mount, s, design)) for s in scenarios for design in PERIODIC]
        if mount.period() == period:
            break
    else:
        raise CannotCompare(f"this machine is too busy to read all within max_age={MAX_AGE}")
    for scenario, design, outcome in found:
        _keep(results, scenario, design, outcome)
        tick()


def _check_answers(results: Results, scenarios: Sequence[Scenario]) -> None:
    for scenario in scenarios:
        expected = results[scenario.number, Design.TEXT].numbers
        for design in Design:
            found = results[scenario.number, design].numbers
            if found != expected:
                raise CannotCompare(
                    f"{scenario.title} by {design}: {len(found)} records, not those of the text"
                )
