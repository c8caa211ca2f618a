"""A comparison as JSON, with every run."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import Any

from allocfs import __version__
from allocfs.compare.comparison import Comparison, Spread
from allocfs.compare.runs import PERIOD, Run
from allocfs.compare.scenarios import Scenario


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Convert a comparison to values that JSON has; times in ns, published times in ms."""
    return {
        "version": __version__,
        "machine": {"system": platform.platform(), "processor": _processor()},
        "store": asdict(comparison.store),
        "max_age": PERIOD,
        "runs": comparison.runs,
        "scenarios": [_scenario(comparison, scenario) for scenario in comparison.scenarios],
        "transport": asdict(comparison.transport),
        "costs": None if comparison.machine is None else asdict(comparison.machine),
        "checks": [
            {
                "scenario": check.scenario.number,
                "text_ms": check.text,
                "ioctl_ms": check.ioctl,
                "published_text_ms": check.published_text,
                "published_ioctl_ms": check.published_ioctl,
                "factor": check.factor,
            }
            for check in comparison.checks
        ],
        # Programs read this key, so it keeps its name.
        "bars": [asdict(target) for target in comparison.targets],
    }


def _scenario(comparison: Comparison, scenario: Scenario) -> dict[str, Any]:
    return {
        "number": scenario.number,
        "title": scenario.title,
        "predicted": comparison.predicted(scenario),
        "designs": [
            {
                "design": row.design,
                "wall": row.wall._asdict(),
                "alone": row.alone,
                "less_transport": row.less_transport,
                "client_cpu": row.client_cpu,
                "daemon_cpu": row.daemon_cpu,
                "work": asdict(row.work),
                "calls": row.work.calls,
                "times_less_than_text": row.ratio,
                "first": _run(comparison.results[scenario.number, row.design].cold),
                "runs": list(map(_run, comparison.results[scenario.number, row.design].runs)),
            }
            for row in comparison.rows(scenario)
        ],
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "times": len(run.walls),
        "first": run.walls[0],
        "wall": Spread.from_values(run.walls)._asdict(),
        "client_cpu": run.client_cpu,
        "daemon_cpu": run.daemon_cpu,
    }


def _processor() -> str:
    """Return the name of the processor."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.processor()
