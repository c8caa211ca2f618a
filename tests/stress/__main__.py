"""Stress real mounts: `python -m tests.stress --minutes 30 --seed 1`.

Each client makes choices that follow from the seed; that of a failure is in its message.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.stress.soak import Plan, Report, soak

MOST_GROWTH = 5 * 2**20  # bytes after SETTLED
SETTLED = 300.0  # seconds until the caches of a daemon are full


def main() -> int:
    """Run the stress test, and print its report."""
    given = _parser().parse_args()
    plan = Plan(
        given.seed, given.minutes * 60, given.readers, given.rate, given.changes, given.max_age
    )
    print(plan, flush=True)
    with tempfile.TemporaryDirectory(prefix="allocfs-stress") as scratch:
        report = soak(plan, Path(scratch), lambda line: print(line, flush=True))
    grown = _print(report)
    return 1 if report.failures or grown else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    parser.add_argument("--readers", type=int, default=16)
    parser.add_argument("--rate", type=int, default=100_000, help="events a second")
    parser.add_argument("--changes", type=float, default=20, help="loads and unloads a second")
    parser.add_argument("--max-age", type=float, default=0, metavar="SECONDS")
    return parser


def _print(report: Report) -> bool:
    """Print a report; tell whether the memory of a daemon has grown."""
    for action, count in sorted(report.done.items()):
        print(f"{count:10} {action}")
    grown = False
    for name in ("busy", "exact"):
        figures = [(at, figures) for at, whose, figures in report.figures if whose == name]
        settled = next((one for at, one in figures if at >= SETTLED), figures[-1][1])
        growth = figures[-1][1].memory - settled.memory
        grown |= growth > MOST_GROWTH
        print(
            f"{name}: at the start {figures[0][1]}; after 5 minutes {settled}; "
            f"at the end {figures[-1][1]}: {growth / 2**20:+.1f} MiB since"
        )
    for failure in report.failures:
        print(f"FAILED: {failure}")
    print("failed" if report.failures or grown else "passed")
    return grown


if __name__ == "__main__":
    sys.exit(main())
