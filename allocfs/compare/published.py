"""Check the model against the times published with the ioctl.

The published times are the system time of whole commands, such as `cat /proc/allocinfo | grep
rapl.c`, on 224 CPUs (https://patchew.org/linux/cover.1779471082.git.abhishekbapat@google.com/).
So the model adds the start of each program, and the way of the text through a pipe: each page is
written, read, and copied two more times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from allocfs.compare.clients import Design
from allocfs.compare.costs import Costs
from allocfs.compare.model import KernelWork, in_kernel, text_pages
from allocfs.compare.mounts import Store
from allocfs.compare.runs import Measurement, Results
from allocfs.compare.scenarios import Scenario

CPUS = 224
TAGS = 5500  # assumed: the number was not published
PUBLISHED = Store(TAGS, CPUS)
MAX_FACTOR = 2.0  # the factor by which a predicted ratio may differ from the published one
_MS = 1e6  # ns


@dataclass(frozen=True)
class Check:
    """A published scenario: its predicted and published times, in ms."""

    scenario: Scenario
    text: float
    ioctl: float
    published_text: float
    published_ioctl: float

    @property
    def ratio(self) -> float:
        """The predicted ratio of the text's time to the ioctl's."""
        return self.text / self.ioctl

    @property
    def published_ratio(self) -> float:
        """The published ratio of the text's time to the ioctl's."""
        return self.published_text / self.published_ioctl

    @property
    def factor(self) -> float:
        """The factor between the two ratios, 1 or more."""
        return max(self.ratio / self.published_ratio, self.published_ratio / self.ratio)


def checks(
    scenarios: Sequence[Scenario], results: Results, store: Store, costs: Costs, tags: int = TAGS
) -> list[Check]:
    """Predict the published scenarios for a kernel with this number of tags."""
    published = Store(tags, CPUS)
    return [
        _check(scenario, results, store, published, costs)
        for scenario in scenarios
        if scenario.published is not None
    ]


def good_tags(scenarios: Sequence[Scenario], results: Results, store: Store, costs: Costs) -> range:
    """Return the numbers of tags, in steps of 100, for which all ratios are within MAX_FACTOR."""
    good = [
        tags
        for tags in range(100, 50_000, 100)
        if all(c.factor <= MAX_FACTOR for c in checks(scenarios, results, store, costs, tags))
    ]
    return range(good[0], good[-1] + 1, 100) if good else range(0)


def _check(scenario: Scenario, results: Results, ours: Store, theirs: Store, costs: Costs) -> Check:
    published = scenario.published
    assert published is not None
    text = _text(scenario, results[scenario.number, Design.TEXT], ours, theirs)
    ioctl = _ioctl(scenario, results[scenario.number, Design.IOCTL], ours, theirs)
    return Check(
        scenario,
        replace(text, start=published.text_programs).ns(costs) / _MS,
        replace(ioctl, start=1).ns(costs) / _MS,
        published.text,
        published.ioctl,
    )


def _text(scenario: Scenario, measured: Measurement, ours: Store, theirs: Store) -> KernelWork:
    """Scale the text, which has all tags, to the published store, and add the pipe."""
    work = in_kernel(scenario, Design.TEXT, measured, ours)
    size = work.byte * theirs.tags / ours.tags
    return replace(
        work,
        byte=3 * size,
        call=3 * (text_pages(size) + 1),
        line=theirs.tags,
        counter=theirs.tags * theirs.cpus,
    )


def _ioctl(scenario: Scenario, measured: Measurement, ours: Store, theirs: Store) -> KernelWork:
    """Scale the work that depends on the number of tags or CPUs; assume an answer of this size."""
    work = in_kernel(scenario, Design.IOCTL, measured, ours)
    summed = theirs.tags if scenario.judges_all else work.counter / ours.cpus
    return replace(work, compare=theirs.tags, counter=summed * theirs.cpus)
