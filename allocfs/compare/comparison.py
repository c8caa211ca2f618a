"""All that a comparison found out, from which its table, its JSON and its plot are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median, quantiles
from typing import NamedTuple

from allocfs.compare.clients import Design
from allocfs.compare.costs import Costs
from allocfs.compare.model import in_kernel
from allocfs.compare.mounts import Store
from allocfs.compare.published import Check, checks, good_tags
from allocfs.compare.runs import LIVE, Measured, Results
from allocfs.compare.scenarios import Scenario
from allocfs.compare.syscalls import Work
from allocfs.compare.targets import Bar, bars
from allocfs.compare.transport import Transport

BOUNDED = "read() with bounds"  # those of spec/size-bounds.md


class Spread(NamedTuple):
    """The quartiles of some values."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Compute them; a single value is all three."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        return cls._make(quantiles(values, n=4, method="inclusive"))


@dataclass(frozen=True)
class Row:
    """A scenario by one design; times in ns."""

    design: Design
    wall: Spread
    alone: float  # wall time of what was asked after something else
    less_transport: float | None  # median of wall, less what the same calls cost for nothing
    client_cpu: float
    daemon_cpu: float
    work: Work
    ratio: float  # how many times less wall time than the text


@dataclass(frozen=True)
class Machine:
    """What this machine costs, with the store that was compared and with the published one."""

    here: Costs
    published: Costs


@dataclass(frozen=True)
class Comparison:
    """What was compared and what came out; `machine` is None if it could not be measured."""

    store: Store
    runs: int
    scenarios: Sequence[Scenario]
    results: Results
    transport: Transport
    machine: Machine | None
    no_machine: str = ""  # why

    def rows(self, scenario: Scenario) -> list[Row]:
        """Describe what each design did."""
        text = median(self._measured(scenario, Design.TEXT).walls)
        return [self._row(design, self._measured(scenario, design), text) for design in Design]

    def predicted(self, scenario: Scenario) -> dict[str, float]:
        """Return what each design would take inside a kernel, in ns; nothing without a machine."""
        if self.machine is None:
            return {}
        works = {
            str(design): in_kernel(scenario, design, self._measured(scenario, design), self.store)
            for design in LIVE
        }
        read = self._measured(scenario, Design.READ)
        works[BOUNDED] = replace(works[Design.READ], counter=read.work.counters)
        return {design: work.ns(self.machine.here) for design, work in works.items()}

    @cached_property
    def checks(self) -> list[Check]:
        """The model against what was published."""
        if self.machine is None:
            return []
        return checks(self.scenarios, self.results, self.store, self.machine.published)

    @property
    def good_tags(self) -> range:
        """For which numbers of tags the model agrees with what was published."""
        if self.machine is None:
            return range(0)
        return good_tags(self.scenarios, self.results, self.store, self.machine.published)

    @property
    def bars(self) -> list[Bar]:
        """What was expected, and reached or not."""
        return bars(self.results, self.checks)

    def _measured(self, scenario: Scenario, design: Design) -> Measured:
        return self.results[scenario.number, design]

    def _row(self, design: Design, measured: Measured, text: float) -> Row:
        wall = Spread.of(measured.walls)
        transport = self.transport.of(design, measured.work)
        return Row(
            design,
            wall,
            median(measured.alone),
            None if transport is None else wall.median - transport,
            median(run.client_cpu for run in measured.runs),
            median(run.daemon_cpu for run in measured.runs),
            measured.work,
            text / wall.median,
        )
