"""The hint in the refusal of a capture that is a pasted text."""

from __future__ import annotations

from datetime import UTC, datetime

from allocfs.errors import SourceFailed
from allocfs.reports.containers import memory
from allocfs.reports.lines import clean
from allocfs.reports.read import read_reports
from allocfs.reports.report import Tally

_HEAD = 1 << 16  # bytes that show whether a text was pasted


def hint(text: bytes) -> str:
    """Tell what a text that is no capture looks like, and how to read it; nothing if unknown."""
    looks = _looks(text[:_HEAD])
    return f"; this looks {looks}: try allocfs import or -o lenient" if looks else ""


def _looks(text: bytes) -> str:
    tally = Tally()
    try:
        found = list(read_reports(memory(text, "text", datetime.now(UTC)), tally))
    except SourceFailed:
        return ""
    if not found:
        return ""
    if any(report.kind == "the kernel's largest" for report in found):
        return "like a report in the kernel's log"
    if tally.rounded:
        return "rounded by numfmt"
    pasted = len(found) > 1 or tally.joined or tally.other_lines or clean(text) != text
    return "pasted" if pasted or b"\r" in text else ""
