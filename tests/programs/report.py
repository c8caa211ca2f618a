"""The table of results, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.programs.catalog import GROUPS, MODES, PROGRAMS
from tests.programs.runs import Outcome, Result

Key = tuple[str, str, str]  # mode, program, path
Results = Mapping[Key, Result]

HEADER = """\
# Programs that read the files

    make programs        # as root: installs the programs, and writes this page

Everyday programs and libraries read {files} files of the simulated store in each serving mode:
the default, `max_age=1s` and `max_age=0`. The store has no traffic. Each result is compared with
the result for a plain file that has the same bytes, before and after a change of values. All
results are of one machine with Linux {kernel}.

- **right**: every byte is the expected one.
- **refused**: the program ends with an error and gives no bytes.
- **WRONG**: bytes are missing, old or different, or a signal ends the program.

A cell names the kinds of files with another result than "right". The kinds:

{kinds}

The bytes of `.allocfs/stats` differ at each read. Only programs that copy it whole are run on it,
and the names in the copy are compared.

"""
EXPLANATION = """
## Why programs are refused

- Shared maps need cached pages. Without `max_age` reads bypass the page cache, and shared maps fail
  with `ENODEV`.
- Linux refuses `copy_file_range` between two file systems of different types with `EXDEV`. Programs
  that try it first go on with another call.
- `sendfile`, `splice` and private maps read up to the size that the kernel knows. If the contents
  have another size now, a read fails with `EINVAL`, and a map with `SIGBUS`. The programs above ask
  for the size first, or open the file, which asks for it.
"""


def page(results: Results, kernel: str) -> str:
    """Return docs/programs.md."""
    kinds = "\n".join(f"- {kind}: {', '.join(f'`{p}`' for p in GROUPS[kind])}" for kind in GROUPS)
    files = sum(map(len, GROUPS.values()))
    parts = [HEADER.format(files=files, kernel=kernel, kinds=kinds), *_table(results)]
    return "".join([*parts, EXPLANATION, *_details(results)])


def _table(results: Results) -> Iterable[str]:
    yield f"| program | {' | '.join(f'`{m}`' if '=' in m else m for m in MODES)} |\n"
    yield f"|---|{'---|' * len(MODES)}\n"
    for program in PROGRAMS:
        yield f"| {program.name} | {' | '.join(_cell(results, m, program.name) for m in MODES)} |\n"


def _cell(results: Results, mode: str, program: str) -> str:
    found = {path: r.outcome for (m, p, path), r in results.items() if (m, p) == (mode, program)}
    if not found:
        return "not run"
    cells = []
    for outcome in (Outcome.WRONG, Outcome.REFUSED):
        paths = [path for path, other in found.items() if other == outcome]
        if paths:
            word = "**WRONG**" if outcome == Outcome.WRONG else "refused"
            everything = len(paths) == len(found)
            cells.append(word if everything else f"{word}: {', '.join(_names(paths, found))}")
    return "; ".join(cells) or "right"


def _names(paths: list[str], found: Iterable[str]) -> Iterable[str]:
    """Name the kinds of files that are in `paths` as a whole, and the other files."""
    for kind, members in GROUPS.items():
        ran = [path for path in members if path in found]
        among = [path for path in ran if path in paths]
        if among and among == ran:
            yield kind
        else:
            yield from (f"`{path}`" for path in among)


def _details(results: Results) -> Iterable[str]:
    """List the reasons of all results that are not right."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for (mode, program, path), result in results.items():
        if result.outcome != Outcome.RIGHT:
            # Names of temporary files say nothing.
            reason = result.reason.rpartition(": ")[2]
            reasons.setdefault((mode, program, f"{result.outcome.name}: {reason}"), []).append(path)
    if reasons:
        yield "\n## The results that are not right\n\n| mode | program | result | files |\n"
        yield "|---|---|---|---:|\n"
    for (mode, program, reason), paths in reasons.items():
        yield f"| {mode} | {program} | {reason} | {len(paths)} |\n"
