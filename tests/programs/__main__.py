"""Run everyday programs on a mount in each serving mode: `python -m tests.programs [--short]`.

Run it as root from the checkout, after `make setup`. It installs missing programs with apt, and
libraries with pip into build/programs. The result is docs/programs.md; with --short only the
programs that `make test` runs, and the results are printed. The exit status is 1 if one is WRONG.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import mount
from tests.programs.build import BUILT, compile_all, compile_c, install_libraries, install_packages
from tests.programs.catalog import MODES, PROGRAMS, Program
from tests.programs.report import Key, page
from tests.programs.runs import OPTIONS, Bench, Outcome, Result
from tests.support import ROOT

PAGE = ROOT / "docs" / "programs.md"


def main() -> int:
    """Run the programs; return 1 if a result is WRONG."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs")
    parser.add_argument("--short", action="store_true", help="only the programs of `make test`")
    parser.add_argument("--only", metavar="TEXT", help="only programs with this text in the name")
    parser.add_argument("--mode", choices=MODES, action="append", help="only this serving mode")
    arguments = parser.parse_args()
    programs = [p for p in PROGRAMS if p.short or not arguments.short]
    programs = [p for p in programs if (arguments.only or "") in p.name]
    tables = _prepare(arguments.short)
    results: dict[Key, Result] = {}
    for mode in arguments.mode or MODES:
        with _bench(mode, tables) as bench:
            _collect(results, mode, two_rounds(bench, programs))
    if not (arguments.short or arguments.only or arguments.mode):
        PAGE.write_text(page(results, os.uname().release.split("-")[0]))
    wrong = [key for key, result in results.items() if result.outcome == Outcome.WRONG]
    print(f"{len(results)} results, {len(wrong)} of them WRONG")
    return int(bool(wrong))


def two_rounds(bench: Bench, programs: Sequence[Program]) -> Iterator[tuple[Program, str, Result]]:
    """Run the programs before and after a change of values."""
    yield from bench.round(programs)
    bench.change("alloc")
    yield from bench.round(programs)
    bench.change("free")


def _prepare(short: bool) -> Path | None:
    BUILT.mkdir(parents=True, exist_ok=True)
    if short:
        compile_c(BUILT)
        return None
    install_packages()
    compile_all()
    return install_libraries()


@contextmanager
def _bench(mode: str, tables: Path | None) -> Iterator[Bench]:
    scratch = Path(tempfile.mkdtemp())
    options = ",".join(filter(None, (OPTIONS, MODES[mode])))
    try:
        with mount(scratch / "mnt", "none", "-o", options) as root:
            yield Bench(root, scratch, BUILT, tables)
    finally:
        shutil.rmtree(scratch)


def _collect(
    results: dict[Key, Result], mode: str, found: Iterator[tuple[Program, str, Result]]
) -> None:
    """Keep the worst result of each program and file; print those that are not right."""
    for program, path, result in found:
        key = (mode, program.name, path)
        if result.outcome != Outcome.RIGHT:
            print(f"{mode:10} {program.name:24} {path:40} {result.outcome.name}: {result.reason}")
        if key not in results or result.outcome > results[key].outcome:
            results[key] = result


if __name__ == "__main__":
    sys.exit(main())
