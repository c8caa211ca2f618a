"""Run the scenarios, interleaved: a disturbance of the machine then affects all designs alike."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from allocfs.compare.clients import CLIENTS, Answer, Design
from allocfs.compare.mounts import CannotCompare, Mount
from allocfs.compare.scenarios import Scenario
from allocfs.compare.syscalls import Calls, CountedWork

LIVE = (Design.TEXT, Design.IOCTL, Design.READ, Design.COUNTERS)
PERIODIC = (Design.FIRST, Design.CACHED)
PERIOD = "1s"  # the max_age of the second mount
# In a run a question is repeated back to back for RUN_MS, at least MIN_REPEATS and at most
# MAX_REPEATS times.
RUN_MS = 50
MIN_REPEATS, MAX_REPEATS = 3, 2000
# The round before those that are counted: it looks up all names for the first time.
_COLD_ROUND = -1
# A scenario that polls takes seconds, so only one round in three runs it.
_ROUNDS_PER_POLLED_RUN = 3
_PERIOD_ATTEMPTS = 10  # attempts to run all scenarios within one period of max_age


@dataclass(frozen=True)
class Mounts:
    """Two mounts of one store: one live, one with max_age."""

    live: Mount
    periodic: Mount


@dataclass(frozen=True)
class Run:
    """One question, repeated back to back; times in ns.

    The first repetition is slower, because other designs have used the processor's caches since.
    """

    walls: list[int]
    client_cpu: float  # mean of the repetitions
    daemon_cpu: float


@dataclass
class Measurement:
    """The runs of one scenario by one design, with their work and answer, equal in all runs."""

    work: CountedWork
    numbers: list[tuple[int, int]]  # bytes and calls of each record
    cold: Run  # that of the cold round, which is not among `runs`
    runs: list[Run] = field(default_factory=list)

    @property
    def walls(self) -> list[int]:
        """The wall times of all repetitions."""
        return [wall for run in self.runs for wall in run.walls]

    @property
    def alone(self) -> list[int]:
        """The wall times of the first repetition of each run."""
        return [run.walls[0] for run in self.runs]


Results = dict[tuple[int, Design], Measurement]  # by the number of the scenario
Tick = Callable[[], None]


def run_all(mounts: Mounts, scenarios: Sequence[Scenario], runs: int, tick: Tick) -> Results:
    """Run all scenarios by all designs, and call `tick` after each run.

    Raises CannotCompare if two designs differ in their answers, or two runs in their work.
    """
    results: Results = {}
    # The first open of the text has everything summed for its st_size, and others do not.
    os.stat(f"{mounts.live.root}/allocinfo")
    for number in range(_COLD_ROUND, runs):
        due = [scenario for scenario in scenarios if _is_due(scenario, number)]
        for scenario in due:
            # Each round begins with the next design, so that none always comes first.
            for place in range(len(LIVE)):
                design = LIVE[(place + number) % len(LIVE)]
                _add(results, scenario, design, _run(mounts.live, scenario, design))
                tick()
        # The polled scenario reads the file of another scenario. In the same period its first
        # read would find the counters summed already.
        for group in ([s for s in due if s.polls == 1], [s for s in due if s.polls > 1]):
            _run_in_period(mounts.periodic, group, results, tick)
    _check_answers(results, scenarios)
    return results


def _is_due(scenario: Scenario, number: int) -> bool:
    """Tell whether a round runs a scenario."""
    return scenario.polls == 1 or number == _COLD_ROUND or number % _ROUNDS_PER_POLLED_RUN == 0


def total_runs(scenarios: Sequence[Scenario], runs: int) -> int:
    """Return how often run_all() calls `tick`."""
    polled = -(-runs // _ROUNDS_PER_POLLED_RUN)
    rounds = sum(1 + (runs if scenario.polls == 1 else polled) for scenario in scenarios)
    return rounds * (len(LIVE) + len(PERIODIC))


class Trial(NamedTuple):
    """A run with the work and the answer of one repetition."""

    run: Run
    work: CountedWork
    answer: Answer


def _run(mount: Mount, scenario: Scenario, design: Design) -> Trial:
    calls, ask = Calls(), CLIENTS[design]
    # Only one read can be the first of a period; a scenario that polls repeats itself already.
    once = scenario.polls > 1 or design is Design.FIRST
    walls: list[int] = []
    counters, daemon_cpu = mount.stats()["counters_read"], mount.cpu_ns()
    client_cpu = time.process_time_ns()
    while not walls or (not once and _is_too_short(walls)):
        began = time.perf_counter_ns()
        answer = ask(calls, mount.root, scenario)
        walls.append(time.perf_counter_ns() - began)
    times = len(walls)
    client_cpu = time.process_time_ns() - client_cpu
    daemon_cpu = mount.cpu_ns() - daemon_cpu
    counters = mount.stats()["counters_read"] - counters
    run = Run(walls, client_cpu / times, daemon_cpu / times)
    return Trial(run, calls.work(counters).each(times), answer)


def _is_too_short(walls: list[int]) -> bool:
    """Tell whether a run needs more repetitions."""
    if len(walls) < MIN_REPEATS:
        return True
    return len(walls) < MAX_REPEATS and sum(walls) < RUN_MS * 1_000_000


def _add(results: Results, scenario: Scenario, design: Design, trial: Trial) -> None:
    key = scenario.number, design
    if key not in results:
        results[key] = Measurement(trial.work, trial.answer.numbers(), trial.run)
        return
    if trial.work != results[key].work:
        raise CannotCompare(
            f"{scenario.title} by {design}: did {trial.work}, and before {results[key].work}"
        )
    results[key].runs.append(trial.run)


def _run_in_period(
    mount: Mount, scenarios: Sequence[Scenario], results: Results, tick: Tick
) -> None:
    """Run each scenario twice within one period of max_age: its first reader, then a later one."""
    for _ in range(_PERIOD_ATTEMPTS):
        period = mount.next_period()
        try:
            trials = [(s, design, _run(mount, s, design)) for s in scenarios for design in PERIODIC]
        except ValueError:  # repetitions of two periods differ in their work
            if mount.period() == period:
                raise
            continue
        if mount.period() == period:
            break
    else:
        raise CannotCompare(f"this machine is too busy to read all within max_age={PERIOD}")
    for scenario, design, trial in trials:
        _add(results, scenario, design, trial)
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
