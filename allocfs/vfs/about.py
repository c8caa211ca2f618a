"""The files of `/.allocfs`, about the mount itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from allocfs import __version__
from allocfs.backend.base import Backend
from allocfs.formats.jsonlines import JSON_MEMBERS
from allocfs.formats.livetext import NAMED_PAIRS
from allocfs.formats.records import schema
from allocfs.moments.when import When, taken_at

_COUNT_WIDTH = 20  # digits of the largest u64


def about_files(
    backend: Backend, own_counts: Callable[[], dict[str, int]]
) -> dict[str, Callable[[], bytes]]:
    """Return the functions that render the files, by name.

    `own_counts` gives the counts of the mount itself for `stats`.
    """

    return {
        **_about_source(backend),
        "abi.h": abi_header,
        "schema.json": schema_json,
        "stats": lambda: stats_text(backend, own_counts()),
        "version": f"{__version__}\n".encode,
    }


def about_moment(backend: Backend, when: When) -> dict[str, Callable[[], bytes]]:
    """Return the functions that render the files about a moment, a difference or a trend."""
    time = f"{taken_at(when) or 'unknown'}\n"
    return {**_about_source(backend), "time": time.encode}


def _about_source(backend: Backend) -> dict[str, Callable[[], bytes]]:
    return {
        "content_id": lambda: b"%d\n" % backend.tags.content_id,
        "source": lambda: f"{backend.describe()}\n".encode("utf-8", "surrogateescape"),
    }


def abi_header() -> bytes:
    """Return the C header of the records and of the ioctls."""
    return (files("allocfs") / "data" / "allocfs.h").read_bytes()


def schema_json() -> bytes:
    """Return the fields of every kind of record, the members of JSON lines, and some pairs."""
    described: dict[str, Any] = {**schema()}
    for name, members in JSON_MEMBERS.items():
        described[name] = [member._asdict() for member in members]
    described["pairs"] = [pair._asdict() for pair in NAMED_PAIRS]
    return json.dumps(described, indent=2).encode() + b"\n"


def stats_text(backend: Backend, own_counts: dict[str, int]) -> bytes:
    """Return the counts in two columns, one `name value` a line.

    Values have a fixed width: with max_age the kernel may ask for the size between two reads of one
    reader, and a count that has gained a digit would move all that follows.
    """
    tags = backend.tags
    modules = len(set(tags.table.module.ids[tags.slots].tolist()))
    counts = {
        "tags": len(tags.slots),
        "cpus": backend.cpus,
        "modules": modules,
        "content_id": tags.content_id,
        "counters_read": backend.counters_read,
        **backend.extra_stats(),
        **own_counts,
    }
    width = max(map(len, counts))
    lines = (f"{name:<{width}} {count:>{_COUNT_WIDTH}}\n" for name, count in counts.items())
    return "".join(lines).encode()
