"""The results of a comparison; the tables, the JSON and the plot are made from them."""

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
from allocfs.compare.runs import LIVE, Measurement, Results
from allocfs.compare.scenarios import Scenario
from allocfs.compare.syscalls import CountedWork
from allocfs.compare.targets import Target, judge
from allocfs.compare.transport import Transport

BOUNDED = "read() with bounds"  # a kernel that keeps the bounds of spec/size-bounds.md


class Spread(NamedTuple):
    """The quartiles of a sample."""

    low: float
    median: float
    high: float

    @classmethod
    def from_values(cls, values: Sequence[float]) -> Spread:
        """Compute the quartiles; of a single value all three are that value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        return cls._make(quantiles(values, n=4, method="inclusive"))


@dataclass(frozen=True)
class Row:
    """The figures of one scenario and one design; times in ns."""

    design: Design
    wall: Spread
    alone: float  # median wall time of the first repetition of each run
    less_transport: float | None  # median of wall minus Transport.cost()
    client_cpu: float
    daemon_cpu: float
    work: CountedWork
    ratio: float  # median wall time of the text / that of this design


@dataclass(frozen=True)
class Machine:
    """The costs of this machine, for the compared store and for the size of the published one."""

    here: Costs
    published: Costs


@dataclass(frozen=True)
class Comparison:
    """The parameters and results; `machine` is None if its costs could not be measured."""

    store: Store
    runs: int
    scenarios: Sequence[Scenario]
    results: Results
    transport: Transport
    machine: Machine | None
    no_machine: str = ""  # the reason, if `machine` is None

    def rows(self, scenario: Scenario) -> list[Row]:
        """Return a row for each design."""
        text = median(self._measured(scenario, Design.TEXT).walls)
        return [self._row(design, self._measured(scenario, design), text) for design in Design]

    def predicted(self, scenario: Scenario) -> dict[str, float]:
        """Predict the time of each design inside a kernel, in ns; empty without a machine."""
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
        """The predictions of the model beside the published times."""
        if self.machine is None:
            return []
        return checks(self.scenarios, self.results, self.store, self.machine.published)

    @property
    def good_tags(self) -> range:
        """The numbers of tags for which the model agrees with the published ratios."""
        if self.machine is None:
            return range(0)
        return good_tags(self.scenarios, self.results, self.store, self.machine.published)

    @property
    def targets(self) -> list[Target]:
        """The targets, each passed or missed."""
        return judge(self.results, self.checks)

    def _measured(self, scenario: Scenario, design: Design) -> Measurement:
        return self.results[scenario.number, design]

    def _row(self, design: Design, measured: Measurement, text: float) -> Row:
        wall = Spread.from_values(measured.walls)
        transport = self.transport.cost(design, measured.work)
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
