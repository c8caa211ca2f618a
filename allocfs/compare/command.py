"""The command `allocfs compare`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from allocfs.compare.comparison import Comparison, Machine
from allocfs.compare.costs import measure_costs
from allocfs.compare.jsonfile import as_json
from allocfs.compare.mounts import CannotCompare, Mount, Store, simulated_mount, source_of
from allocfs.compare.onecpu import on_one_cpu
from allocfs.compare.published import PUBLISHED
from allocfs.compare.report import render
from allocfs.compare.runs import PERIOD, Mounts, run_all, total_runs
from allocfs.compare.scenarios import SCENARIOS
from allocfs.compare.transport import measure_transport
from allocfs.errors import OptionError, SourceFailed
from allocfs.kernel.ioctl import AllocinfoIoctl
from allocfs.wholefiles import write_over

RUNS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.description = (
        "Mount a simulated store, put the same questions to it as text, by the kernel's ioctl and"
        " by read(), and report what each took and did."
    )
    parser.add_argument("--cpus", type=_positive, default=224, help="CPUs of the store (224)")
    parser.add_argument("--tags", type=_positive, help="tags of the store (those of its capture)")
    parser.add_argument(
        "--runs", type=_positive, default=RUNS, help=f"rounds of questions ({RUNS})"
    )
    parser.add_argument("--json", metavar="FILE", help="write everything to a file as JSON")
    parser.add_argument("--plot", metavar="FILE", help="draw the wall times, as FILE.svg or .png")


def run(arguments: argparse.Namespace) -> int:
    """Compare, print the report, and write the JSON and the plot if they are wanted."""
    if arguments.plot:
        _check_plot(arguments.plot)
    comparison = compare(arguments.cpus, arguments.tags, arguments.runs)
    print(render(comparison), end="")
    if arguments.json:
        figures = json.dumps(as_json(comparison), indent=1) + "\n"
        write_over(Path(arguments.json), figures.encode())
    if arguments.plot:
        from allocfs.compare.plot import save_plot  # noqa: PLC0415

        save_plot(comparison, arguments.plot)
    return 0


def compare(cpus: int, tags: int | None, runs: int) -> Comparison:
    """Mount a store twice, live and with max_age, and run all scenarios on both mounts."""
    options = f"cpus={cpus}"
    with (
        on_one_cpu(),
        source_of(tags) as source,
        simulated_mount(source, f"{options},max_age=0") as live,
        simulated_mount(source, f"{options},max_age={PERIOD}") as periodic,
        tqdm(total=total_runs(SCENARIOS, runs), unit=" runs", disable=None, leave=False) as bar,
    ):
        _check_ioctl(live)
        mounts = Mounts(live, periodic)
        size = Store(live.stats()["tags"], cpus)
        results = run_all(mounts, SCENARIOS, runs, bar.update)
        transport = measure_transport(mounts)
    machine, error = _machine(size)
    return Comparison(size, runs, SCENARIOS, results, transport, machine, error)


def _check_ioctl(mount: Mount) -> None:
    try:
        AllocinfoIoctl.open(f"{mount.root}/allocinfo").close()
    except SourceFailed:
        raise CannotCompare(
            "the mount has no ioctl: install a C compiler and libfuse's headers, then allocfs again"
        ) from None


def _machine(size: Store) -> tuple[Machine | None, str]:
    """Measure the costs of this machine, or return an error message.

    Without a C compiler there are no costs; the report then has everything else.
    """
    try:
        return Machine(measure_costs(size), measure_costs(PUBLISHED)), ""
    except CannotCompare as error:
        return None, str(error)


def _check_plot(path: str) -> None:
    """Check before the measurements, which take minutes, that the plot can be drawn."""
    if Path(path).suffix not in (".svg", ".png"):
        raise OptionError(f"--plot {path}: expected a name that ends with .svg or .png")
    try:
        import allocfs.compare.plot  # noqa: F401, PLC0415
    except ImportError as error:
        raise CannotCompare(f"--plot: {error}: install allocfs[compare]") from None


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return int(text)
