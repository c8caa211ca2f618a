"""The command `allocfs check`: a query in its canonical form, or the moments of a path."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection
from contextlib import suppress

from allocfs.cli.command import warn
from allocfs.errors import BadQuery
from allocfs.moments.names import ALL, LAST_READ, parse_window
from allocfs.query.contradictions import contradictions
from allocfs.query.language import format_query, parse
from allocfs.query.places import Place, require_place
from allocfs.tags.spelling import NAME_MAX

MARK = ".allocfs/version"  # the file that shows where a mount is


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Print a query in its canonical form, or the exact names of the moments in a path of a"
        " mount; or say why it is refused."
    )
    parser.add_argument(
        "query", metavar="QUERY|PATH", help="terms as in the path query/QUERY, or a path in a mount"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the canonical form, and warn if no codetag can match; return 0.

    Raises BadQuery, and FileNotFoundError, which names the moments that there are.
    """
    text = arguments.query
    mountpoint = _mountpoint(text) if "/" in text else None
    if mountpoint is None:
        print(_canonical(text), flush=True)
    else:
        names = os.path.abspath(text).removeprefix(mountpoint).strip("/").split("/")
        path = _exact_path(mountpoint, names)
        print(path, flush=True)
        _warn_of_doubt(path)
    return 0


def _canonical(text: str, places: Collection[Place] | None = None) -> str:
    """Return a query in its canonical form; without `places` it may be for any."""
    parsed = parse(text)
    if places is not None:
        require_place(parsed, places)
    query = format_query(parsed)
    if "/" in text:  # parse() never meets one in a mount
        raise BadQuery(f"{text!r}: expected no /: it ends a name; write {query}")
    if len(os.fsencode(text)) > NAME_MAX:
        raise BadQuery(f"a query is at most {NAME_MAX} bytes long, as a name is")
    for contradiction in contradictions(parsed):
        warn(contradiction)
    return query


def _mountpoint(path: str) -> str | None:
    """Return the mount that a path is in, though the end of the path need not exist."""
    here = os.path.abspath(path)
    while not os.path.ismount(here):
        here = os.path.dirname(here)
    return here if os.path.exists(f"{here}/{MARK}") else None


def _exact_path(mountpoint: str, names: list[str]) -> str:
    """Return a path below a mount with its moments and queries in their exact form.

    Raises FileNotFoundError, naming the moments that there are.
    """
    from allocfs.client import Mount  # noqa: PLC0415  numpy takes long to import

    mount = Mount(mountpoint)
    places = {place for place in Place if place in names}
    exact = []
    for parent, name in zip(["", *names], names, strict=False):
        if parent == "query" and name != ".help":
            exact.append(_canonical(name, places))
        elif parent in ("snapshots", "history", "diff") and name != LAST_READ:
            exact.append("..".join(mount.moment(end).name for end in name.split("..")))
        else:
            if parent == "trend":
                _require_window(name)
            exact.append(name)
    return os.path.join(mountpoint, *exact)


def _warn_of_doubt(path: str) -> None:
    """Warn if the answer of a query depends on the rounding of bytes."""
    from allocfs.query.doubt import doubt  # noqa: PLC0415  numpy takes long to import

    with suppress(OSError):
        if count := int(os.getxattr(path, "user.allocfs.doubtful")):
            warn(doubt(count))


def _require_window(name: str) -> None:
    if name != ALL and not parse_window(name):
        raise BadQuery(
            f"trend/{name}: expected {ALL}, or a span longer than 0 such as 10m or 1h30m"
        )
