"""The command: python -m benchmarks [--quick] [--json FILE] [--plot FILE] [SECTION...]."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from allocfs.compare.onecpu import on_one_cpu
from benchmarks.mounts import NotMounted
from benchmarks.programs import Client, compile_program
from benchmarks.report import Machine, as_json, describe, summary_lines, table_lines
from benchmarks.samples import Result
from benchmarks.sections import SECTIONS, Place, measure
from benchmarks.targets import judge

RUNS, SECONDS = 15, 0.05  # runs of each side of a case, and the length of a run
QUICK_RUNS, QUICK_SECONDS = 3, 0.02


def main() -> int:
    """Measure, print each case as it is done, and at the end the targets."""
    given = _arguments()
    # An installed package has bytecode; without it each mount would compile, in time and memory.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    before = os.getloadavg()[0]
    results: list[Result] = []
    try:
        with on_one_cpu():
            for line in table_lines(_recorded(_cases(given), results)):
                print(line, flush=True)
    except NotMounted as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    _conclude(given, results, _machine((before, os.getloadavg()[0])))
    return 0


def _recorded(cases: Iterable[list[Result]], results: list[Result]) -> Iterator[list[Result]]:
    """Yield each case, and append its results to `results`."""
    for case in cases:
        results += case
        yield case


def _conclude(given: argparse.Namespace, results: list[Result], machine: Machine) -> None:
    targets = judge(results)
    print(f"\n{describe(machine)}\n", *summary_lines(targets), sep="\n")
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(as_json(machine, results, targets))
    if given.plot:
        _plot(results, given.plot)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure allocfs beside what native files and a C daemon cost here.",
        epilog=f"Sections: {' '.join(SECTIONS)}; all of them by default.",
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="what to measure")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them; needs matplotlib")
    given = parser.parse_args()
    if unknown := set(given.sections) - set(SECTIONS):
        parser.error(f"no section {min(unknown)}: expected some of {' '.join(SECTIONS)}")
    return given


def _cases(given: argparse.Namespace) -> Iterator[list[Result]]:
    with tempfile.TemporaryDirectory(prefix="allocfs-") as name:
        top = Path(name)
        seconds = QUICK_SECONDS if given.quick else SECONDS
        client = Client(compile_program("client", top), seconds)
        place = Place(top, client, QUICK_RUNS if given.quick else RUNS)
        yield from measure(place, given.sections or list(SECTIONS))


def _machine(load: tuple[float, float]) -> Machine:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = names[0] if names else platform.machine()
    return Machine(cpu, os.cpu_count() or 1, platform.release(), platform.python_version(), load)


def _plot(results: list[Result], path: Path) -> None:
    try:
        from benchmarks.plot import plot  # noqa: PLC0415  matplotlib is an extra
    except ImportError as error:
        print(f"no plot: {error}; pip install 'allocfs[compare]' brings matplotlib")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        plot(results, path)


if __name__ == "__main__":
    sys.exit(main())
