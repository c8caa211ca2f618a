"""The account of an import: what was found, and what was done to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from allocfs.reports.report import Report, Tally


@dataclass
class Account:
    """Counts of the reports of an import, and of all that was done to its texts."""

    tally: Tally = field(default_factory=Tally)
    kinds: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    profiling_off: int = 0

    @property
    def reports(self) -> int:
        """The number of reports."""
        return self.kinds.total()

    def add(self, report: Report) -> None:
        """Count a report."""
        self.kinds[report.kind] += 1
        self.profiling_off += report.profiling_off
        if report.partial:
            self.parts[report.partial] += 1

    def lines(self) -> Iterator[str]:
        """Tell everything, in a line each."""
        tally = self.tally
        yield f"found {_count(self.reports, 'report')}: {_listed(self.kinds)}"
        other = f", of which {tally.other_lines} are other text" if tally.other_lines else ""
        yield f"read {_count(tally.lines, 'line')}{other}"
        yield f"joined {_count(tally.joined, 'line')}"
        yield f"left out {_count(tally.left_out_count, 'part')}"
        yield from (f"left out {part}" for part in tally.left_out)
        if more := tally.left_out_count - len(tally.left_out):
            yield f"left out {more} more"
        if tally.rounded:
            yield f"rounded: {_count(tally.rounded, 'number')}, each the middle of its bounds"
        if self.parts:
            yield f"partial: {_listed(self.parts)}"
        if self.profiling_off:
            yield f"profiling was off in {_count(self.profiling_off, 'report')}"

    def summary(self) -> str:
        """Tell in one line which parts were left out or guessed, nothing if there are none."""
        tally, parts = self.tally, []
        if tally.left_out_count:
            first = f", first {tally.left_out[0]}" if tally.left_out else ""
            parts.append(f"left out {_count(tally.left_out_count, 'part')}{first}")
        if tally.rounded:
            parts.append(f"{_count(tally.rounded, 'number')} rounded")
        if self.parts:
            parts.append(f"partial: {_listed(self.parts)}")
        if self.profiling_off:
            parts.append(f"profiling was off in {_count(self.profiling_off, 'report')}")
        return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(counts: Counter[str]) -> str:
    """List what was counted; several have their numbers."""
    if not counts:
        return "none"
    names = [f"{name} ({n} times)" if n > 1 else name for name, n in counts.most_common(8)]
    return ", ".join([*names, *(["..."] if len(counts) > 8 else [])])
