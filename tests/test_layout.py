"""The layout of the tests: a test file for each module, or a reason in CONTRIBUTING.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import ROOT

HEADING = "## Modules without a test file of their own"
NAME = re.compile("`([^`]+)`")


class Row(NamedTuple):
    """A row of the table: a module below allocfs/, the files that test it, and a reason."""

    module: str
    tests: tuple[str, ...]
    reason: str


def place_of_test(module: str) -> Path:
    """Return the place of the test file of a module."""
    path = Path("tests", module)
    return path.with_name(f"test_{path.name}")


def modules(checkout: Path) -> set[str]:
    """List the modules, but for those that only import others or only run a command."""
    package = checkout / "allocfs"
    return {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }


def rows(text: str) -> Iterator[Row]:
    """Read the table below the heading."""
    section = text.partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            module, tests, reason = line.strip("|").split("|")
            yield Row(module.strip(" `"), tuple(NAME.findall(tests)), reason.strip())


def faults(checkout: Path) -> list[str]:
    """List modules without test file or row, and rows that say nothing true."""
    table = list(rows((checkout / "CONTRIBUTING.md").read_text()))
    present = modules(checkout)
    tested = {module for module in present if (checkout / place_of_test(module)).exists()}
    listed = [row.module for row in table]
    found = [
        f"{name}: no {place_of_test(name)}, and no row" for name in present - tested - {*listed}
    ]
    for row in table:
        if row.module not in present:
            found.append(f"{row.module}: no such module")
        if row.module in tested:
            found.append(f"{row.module}: has {place_of_test(row.module)}")
        if listed.count(row.module) > 1:
            found.append(f"{row.module}: two rows")
        if not row.tests or not row.reason:
            found.append(f"{row.module}: no tests named, or no reason")
        found += [
            f"{row.module}: no {test}" for test in row.tests if not (checkout / test).exists()
        ]
    return sorted(found)


def test_each_module_has_a_test_file_or_a_reason() -> None:
    assert faults(ROOT) == []


PAGE = f"""\
# Contributing

{HEADING}

| module | tested by | reason |
|---|---|---|
| `fuse/session.py` | `tests/mounts` | requests of the kernel |

## Style

| `units.py` | `tests/mounts` | of another section |
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (
        "allocfs/__init__.py",
        "allocfs/units.py",
        "allocfs/fuse/session.py",
        "tests/test_units.py",
        "tests/mounts/test_tree.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "CONTRIBUTING.md").write_text(PAGE)
    return tmp_path


def test_a_checkout_with_a_reason_has_no_fault(checkout: Path) -> None:
    assert faults(checkout) == []


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        ("allocfs/tags/axis.py", "tags/axis.py: no tests/tags/test_axis.py, and no row"),
        ("tests/fuse/test_session.py", "fuse/session.py: has tests/fuse/test_session.py"),
    ],
)
def test_a_module_is_either_tested_or_listed(checkout: Path, new: str, fault: str) -> None:
    (checkout / new).parent.mkdir(exist_ok=True)
    (checkout / new).touch()
    assert faults(checkout) == [fault]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| `fuse/gone.py` | `tests/mounts` | r |", "fuse/gone.py: no such module"),
        ("| `units.py` | `tests/mounts` | r |", "units.py: has tests/test_units.py"),
        ("| `fuse/session.py` | `tests/x` | r |", "fuse/session.py: no tests/x"),
        ("| `fuse/session.py` | | r |", "fuse/session.py: no tests named, or no reason"),
        (
            "| `fuse/session.py` | `tests/mounts` | |",
            "fuse/session.py: no tests named, or no reason",
        ),
    ],
)
def test_a_row_that_is_not_true_is_a_fault(checkout: Path, row: str, fault: str) -> None:
    path = checkout / "CONTRIBUTING.md"
    path.write_text(PAGE.replace("\n## Style", f"{row}\n\n## Style"))
    assert fault in faults(checkout)
