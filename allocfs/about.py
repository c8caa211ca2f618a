"""The files of `/.allocfs`: what the mount says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib.resources import files

from allocfs import __version__
from allocfs.backend.base import Backend
from allocfs.records import schema
from allocfs.stats import Stats


def about_files(backend: Backend, stats: Stats) -> dict[str, Callable[[], bytes]]:
    """Return what renders each file, by name."""

    def content_id() -> bytes:
        return b"%d\n" % backend.tags.content_id

    def source() -> bytes:
        return f"{backend.describe()}\n".encode("utf-8", "surrogateescape")

    return {
        "abi.h": abi_header,
        "content_id": content_id,
        "schema.json": schema_json,
        "source": source,
        "stats": partial(stats_text, backend, stats),
        "version": f"{__version__}\n".encode,
    }


def abi_header() -> bytes:
    """Return the C header of the records and of the ioctls."""
    return (files("allocfs") / "data" / "allocfs.h").read_bytes()


def schema_json() -> bytes:
    """Return the fields of every kind of record, for programs."""
    return json.dumps(schema(), indent=2).encode() + b"\n"


def stats_text(backend: Backend, stats: Stats) -> bytes:
    """Return the counts, one `name value` a line."""
    tags = backend.tags
    modules = len(set(tags.table.module.ids[tags.slots].tolist()))
    lines = [
        f"tags {len(tags.slots)}",
        f"cpus {backend.cpus}",
        f"modules {modules}",
        f"content_id {tags.content_id}",
        f"counters_read {backend.counters_read}",
        *(f"{name} {number}" for name, number in _own_stats(backend).items()),
        *stats.lines(),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _own_stats(backend: Backend) -> dict[str, int]:
    """Return the counts that only some kinds of backends have."""
    extra_stats: Callable[[], dict[str, int]] = getattr(backend, "extra_stats", dict)
    return extra_stats()
