"""Run a stress test: a mount with many clients and changing modules, and one for ExactClient."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import Any, Protocol

from tests.conftest import DEADLINE, control, daemon_of, mount
from tests.stress.actions import ExactClient
from tests.stress.model import History
from tests.stress.process import Figures, error_lines
from tests.stress.readers import Reader

CPUS = 8
_fork = multiprocessing.get_context("fork")  # children share the parsed capture of the model


@dataclass(frozen=True)
class Plan:
    """The parameters of a stress test; clients with the same seed make the same choices."""

    seed: int
    seconds: float
    readers: int = 16
    rate: int = 100_000
    changes: float = 20.0  # loads and unloads a second
    max_age: float | None = 0.0  # None: the default mode

    def options(self, rate: int) -> str:
        """Return the mount options."""
        age = "" if self.max_age is None else f",max_age={self.max_age}"
        return f"cpus={CPUS},seed={self.seed % 2**32},rate={rate}{age}"


@dataclass
class Report:
    """The numbers of actions, the failures, and the resources of the daemons over time."""

    done: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    figures: list[tuple[float, str, Figures]] = field(default_factory=list)


class Client(Protocol):
    """A client of a mount that does one action after the other; `done` counts them."""

    done: Counter[str]

    def step(self) -> None:
        """Do the next action."""
        ...


Result = tuple[Counter[str], str | None]


def soak(plan: Plan, scratch: Path, tell: Callable[[str], None]) -> Report:
    """Run a plan, and stop at the first failure. `tell` prints the progress."""
    report = Report()
    with ExitStack() as stack:
        roots = {}
        for name, rate in (("busy", plan.rate), ("exact", 0)):
            options = ("-o", plan.options(rate), "--log-file", str(scratch / f"{name}.log"))
            roots[name] = stack.enter_context(mount(scratch / name, "none", *options))
        daemons = {name: daemon_of(root) for name, root in roots.items()}
        results: multiprocessing.Queue[Result] = _fork.Queue()
        clients = [
            _fork.Process(target=_run, args=(plan, scratch, number, results), daemon=True)
            for number in range(plan.readers + 1)
        ]
        for client in clients:
            client.start()
        for passed in _changes(plan, roots["busy"]):
            _collect(results, report, block=False)
            _look(report, daemons, passed, tell)
            if report.failures:
                break
        _await(clients, results, report)
        _look(report, daemons, plan.seconds, tell, at_once=True)
    for name in roots:
        report.failures += error_lines(scratch / f"{name}.log")
    return report


def _changes(plan: Plan, root: Path) -> Iterator[float]:
    """Load and unload modules at the rate of a plan; yield the seconds passed."""
    history, began, made = History(plan.seed), time.monotonic(), 0
    while (passed := time.monotonic() - began) < plan.seconds:
        if made < passed * plan.changes:
            made += 1
            control(root, history.line(made + 1))
        else:
            time.sleep(0.005)
        yield passed


def _run(plan: Plan, scratch: Path, number: int, results: Any) -> None:
    """Run a client, as the main function of its process; number 0 is the ExactClient."""
    reported, failure = Counter[str](), None
    try:
        client: Client
        if number:
            client = Reader(scratch / "busy", plan.seed, number, plan.max_age)
        else:
            client = ExactClient(scratch / "exact", plan.seed, CPUS, plan.max_age)
        end = time.monotonic() + plan.seconds
        sent_at = time.monotonic()
        while time.monotonic() < end:
            client.step()
            if time.monotonic() > sent_at + 1:
                results.put((client.done - reported, None))
                reported, sent_at = client.done.copy(), time.monotonic()
        results.put((client.done - reported, None))
    except Exception as error:
        failure = f"client {number}, seed {plan.seed}: {type(error).__name__}: {error}"
        results.put((Counter(), failure))


def _collect(results: Any, report: Report, block: bool) -> None:
    """Move the results of the clients from the queue to the report."""
    try:
        while True:
            done, failure = results.get(block, DEADLINE)
            report.done += done
            report.failures += [failure] if failure else []
            block = False
    except Empty:
        pass


def _await(clients: Sequence[BaseProcess], results: Any, report: Report) -> None:
    """Wait until the clients end; report those that do not as hanging, and terminate them."""
    end = time.monotonic() + DEADLINE
    while any(client.is_alive() for client in clients) and not report.failures:
        _collect(results, report, block=False)
        time.sleep(0.01)
        if time.monotonic() > end:
            hung = [n for n, client in enumerate(clients) if client.is_alive()]
            report.failures.append(f"clients {hung} hang")
    for client in clients:
        client.terminate()
        client.join(DEADLINE)
    _collect(results, report, block=False)


def _look(
    report: Report,
    daemons: dict[str, int],
    passed: float,
    tell: Callable[[str], None],
    at_once: bool = False,
) -> None:
    """Record and print the resources of the daemons, every 10 seconds or `at_once`."""
    if not at_once and report.figures and passed < report.figures[-1][0] + 10:
        return
    for name, process in daemons.items():
        report.figures.append((passed, name, Figures.from_process(process)))
    operations = report.done.total()
    shown = "; ".join(f"{name} {figures}" for _, name, figures in report.figures[-2:])
    tell(f"{passed:6.0f} s  {operations:9} operations  {shown}")
