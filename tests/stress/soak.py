"""Mounts under stress: many clients, modules that come and go, and one client that is exact."""

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
from tests.stress.actions import Exact
from tests.stress.model import History
from tests.stress.process import Figures, complaints
from tests.stress.readers import Reader

CPUS = 8
_fork = multiprocessing.get_context("fork")  # the model is read once


@dataclass(frozen=True)
class Plan:
    """How much stress, for how long; the same seed makes the same choices."""

    seed: int
    seconds: float
    readers: int = 16
    rate: int = 100_000
    changes: float = 20.0  # loads and unloads a second
    max_age: float = 0.0

    def options(self, rate: int) -> str:
        """Return the mount options."""
        age = f",max_age={self.max_age}" if self.max_age else ""
        return f"cpus={CPUS},seed={self.seed % 2**32},rate={rate}{age}"


@dataclass
class Report:
    """What was done, what went wrong, and what the daemons took."""

    done: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    figures: list[tuple[float, str, Figures]] = field(default_factory=list)


class Client(Protocol):
    """Whoever does one thing after the other; `done` counts them."""

    done: Counter[str]

    def step(self) -> None:
        """Do the next thing."""
        ...


Result = tuple[Counter[str], str | None]


def soak(plan: Plan, scratch: Path, tell: Callable[[str], None]) -> Report:
    """Run a plan; stop early at the first failure."""
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
        report.failures += complaints(scratch / f"{name}.log")
    return report


def _changes(plan: Plan, root: Path) -> Iterator[float]:
    """Load and unload modules in the rhythm of a plan; yield the seconds passed."""
    history, began, made = History(plan.seed), time.monotonic(), 0
    while (passed := time.monotonic() - began) < plan.seconds:
        if made < passed * plan.changes:
            made += 1
            control(root, history.line(made + 1))
        else:
            time.sleep(0.005)
        yield passed


def _run(plan: Plan, scratch: Path, number: int, results: Any) -> None:
    """Be a client in a process of its own: number 0 is the exact one."""
    reported, wrong = Counter[str](), None
    try:
        client: Client
        if number:
            client = Reader(scratch / "busy", plan.seed, number, plan.max_age)
        else:
            client = Exact(scratch / "exact", plan.seed, CPUS, plan.max_age)
        end = time.monotonic() + plan.seconds
        told = time.monotonic()
        while time.monotonic() < end:
            client.step()
            if time.monotonic() > told + 1:
                results.put((client.done - reported, None))
                reported, told = client.done.copy(), time.monotonic()
        results.put((client.done - reported, None))
    except Exception as error:
        wrong = f"client {number}, seed {plan.seed}: {type(error).__name__}: {error}"
        results.put((Counter(), wrong))


def _collect(results: Any, report: Report, block: bool) -> None:
    """Take in what clients have said."""
    try:
        while True:
            done, wrong = results.get(block, DEADLINE)
            report.done += done
            report.failures += [wrong] if wrong else []
            block = False
    except Empty:
        pass


def _await(clients: Sequence[BaseProcess], results: Any, report: Report) -> None:
    """Let clients come to their end; one that does not hangs."""
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
    """Look at the daemons every 10 seconds."""
    if not at_once and report.figures and passed < report.figures[-1][0] + 10:
        return
    for name, process in daemons.items():
        report.figures.append((passed, name, Figures.of(process)))
    operations = report.done.total()
    shown = "; ".join(f"{name} {figures}" for _, name, figures in report.figures[-2:])
    tell(f"{passed:6.0f} s  {operations:9} operations  {shown}")
