"""The model against what was published with the ioctl.

Published is the system time of whole commands, such as `cat /proc/allocinfo | grep rapl.c`, on 224
CPUs (https://patchew.org/linux/cover.1779471082.git.abhishekbapat@google.com/). So the model adds
what starting their programs costs, and that the text crosses a pipe: a page at a time it is written
there, read, and copied twice more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from allocfs.compare.clients import Design
from allocfs.compare.costs import Costs
from allocfs.compare.model import KernelWork, in_kernel, text_pages
from allocfs.compare.mounts import Store
from allocfs.compare.runs import Measured, Results
from allocfs.compare.scenarios import Scenario

CPUS = 224
TAGS = 5500  # assumed; how many there were was not published
PUBLISHED = Store(TAGS, CPUS)
WITHIN = 2.0  # the factor by which a predicted ratio may differ from the published one
_MS = 1e6  # ns


@dataclass(frozen=True)
class Check:
    """What the model says of a published scenario; times in ms."""

    scenario: Scenario
    text: float
    ioctl: float
    published_text: float
    published_ioctl: float

    @property
    def ratio(self) -> float:
        """How many times longer the text takes, by the model."""
        return self.text / self.ioctl

    @property
    def published_ratio(self) -> float:
        """How many times longer the text took."""
        return self.published_text / self.published_ioctl

    @property
    def factor(self) -> float:
        """By what factor the ratios differ, 1 or more."""
        return max(self.ratio / self.published_ratio, self.published_ratio / self.ratio)


def checks(
    scenarios: Sequence[Scenario], results: Results, store: Store, costs: Costs, tags: int = TAGS
) -> list[Check]:
    """Predict the scenarios that were published, for a kernel of so many tags."""
    there = Store(tags, CPUS)
    return [
        _check(scenario, results, store, there, costs)
        for scenario in scenarios
        if scenario.published is not None
    ]


def good_tags(scenarios: Sequence[Scenario], results: Results, store: Store, costs: Costs) -> range:
    """Return for which numbers of tags, in hundreds, all ratios are within the factor."""
    good = [
        tags
        for tags in range(100, 50_000, 100)
        if all(c.factor <= WITHIN for c in checks(scenarios, results, store, costs, tags))
    ]
    return range(good[0], good[-1] + 1, 100) if good else range(0)


def _check(scenario: Scenario, results: Results, here: Store, there: Store, costs: Costs) -> Check:
    published = scenario.published
    assert published is not None
    text = _text(scenario, results[scenario.number, Design.TEXT], here, there)
    ioctl = _ioctl(scenario, results[scenario.number, Design.IOCTL], here, there)
    return Check(
        scenario,
        replace(text, start=published.text_programs).ns(costs) / _MS,
        replace(ioctl, start=1).ns(costs) / _MS,
        published.text,
        published.ioctl,
    )


def _text(scenario: Scenario, measured: Measured, here: Store, there: Store) -> KernelWork:
    """Scale the text, which is of all tags, and pass it through a pipe."""
    work = in_kernel(scenario, Design.TEXT, measured, here)
    size = work.byte * there.tags / here.tags
    return replace(
        work,
        byte=3 * size,
        call=3 * (text_pages(size) + 1),
        line=there.tags,
        counter=there.tags * there.cpus,
    )


def _ioctl(scenario: Scenario, measured: Measured, here: Store, there: Store) -> KernelWork:
    """Scale what depends on the number of tags or CPUs; the answer is taken to be the same."""
    work = in_kernel(scenario, Design.IOCTL, measured, here)
    summed = there.tags if scenario.judges_all else work.counter / here.cpus
    return replace(work, compare=there.tags, counter=summed * there.cpus)
