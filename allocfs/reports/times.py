"""The times that logs write before their lines, and those in the names of captures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_WHERE = 256  # bytes at the beginning of a line
_ZONED = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,6})[0-9]*)?"
    rb"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_LONG = re.compile(rb"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})\]")
_SHORT = re.compile(rb"\b([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8})(?:\.([0-9]{1,6})[0-9]*)?")
_IN_NAME = re.compile(r"([0-9]{8}T[0-9]{6})(?:\.([0-9]{1,6}))?Z", re.ASCII)


def time_in_name(path: str) -> float | None:
    """Return the time in a name such as `allocinfo-20260102T030405.123Z.txt`, None if none is.

    It is in seconds since 1970; the digits after the point are a fraction of a second. Of two
    times the last one counts.
    """
    found = _IN_NAME.findall(os.path.basename(path))
    if not found:
        return None
    second, fraction = found[-1]
    try:
        moment = datetime.strptime(second, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp() + float(f"0.{fraction or 0}")


def capture_name(moment: datetime, copy: int = 1) -> str:
    """Name a capture so that names sort by time, in UTC and milliseconds, and then by `copy`."""
    again = f"~{copy:03}" if copy > 1 else ""
    return f"allocinfo-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z{again}.txt"


def time_of(line: bytes, reference: datetime) -> float | None:
    """Return the time in the stamp of a line in seconds since 1970 UTC, None if it has none.

    A time without a zone counts as UTC. One without a year is the last such before a day after
    `reference`, the time of the text.
    """
    for moment in _moments(line[:_WHERE], reference):
        return moment.timestamp()
    return None


def _moments(line: bytes, reference: datetime) -> Iterator[datetime]:
    """Read the stamp in each of the forms; a form may fit without being a date."""
    for pattern, read in ((_ZONED, _zoned), (_LONG, _long)):
        if found := pattern.search(line):
            yield from read(*(part.decode() if part else "" for part in found.groups()))
    if found := _SHORT.search(line):
        month, day, clock, fraction = ((part or b"").decode() for part in found.groups())
        latest = reference + timedelta(days=1)
        for year in (latest.year, latest.year - 1):
            for moment in _long(month, day, clock, str(year), fraction):
                if moment <= latest:
                    yield moment


def _zoned(day: str, clock: str, fraction: str, zone: str) -> Iterator[datetime]:
    text = f"{day}T{clock}.{fraction or '0':0<6}"
    try:
        yield datetime.fromisoformat(text + (zone or "Z"))
    except ValueError:
        return


def _long(month: str, day: str, clock: str, year: str, fraction: str = "") -> Iterator[datetime]:
    text = f"{year} {month} {day} {clock}.{fraction or '0':0<6}"
    try:
        yield datetime.strptime(text, "%Y %b %d %H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return
