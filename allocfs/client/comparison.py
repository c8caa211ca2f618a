"""Two moments of any sources, compared: captures, mounts, snapshots, or samples by their age."""

from __future__ import annotations

import os
from datetime import datetime

import numpy as np

from allocfs.backend.replay import captures_in
from allocfs.backend.textfile import next_listing, read_capture
from allocfs.client.trees import LocalTree, MountedTree, mount_of
from allocfs.errors import SourceFailed
from allocfs.formats.text import Listing
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.moment import Moment, Taken
from allocfs.moments.names import NOW
from allocfs.moments.pair import AFTER, BEFORE, Pair
from allocfs.reports.times import time_in_name
from allocfs.tags.table import TagList

_NS = 1_000_000_000
DIFFERENCE = f"diff/{BEFORE}..{AFTER}"
"""The directory of the difference in a tree of two moments."""


def compare(before: Moment, after: Moment, source: str) -> LocalTree:
    """Return a tree that has the difference of two moments."""
    return LocalTree(source, FrozenBackend(after), Pair(before, after))


def moment_of(name: str, mount: str | None) -> Moment:
    """Return the moment of a capture, of a directory in a mount, or of a name in a mount.

    Names are those in `snapshots/` and `history/`, such as `-10m`, and `now`. Raises SourceFailed,
    or BadCapture naming file and line.
    """
    if os.path.isdir(name) and mount_of(name):
        return _mounted(name)
    if os.path.isdir(name):
        raise SourceFailed(f"{name} has several captures: name two of them, or it alone")
    if os.path.exists(name):
        return _captured(name)
    if mount is None:
        raise SourceFailed(f"{name} does not exist; for a moment by name give --source MOUNT")
    if mount_of(mount) is None:
        raise SourceFailed(f"{mount} is no mount of allocfs")
    if name == NOW:
        return _mounted(mount)
    paths = [os.path.join(mount, directory, name) for directory in ("snapshots", "history")]
    path = next((path for path in paths if os.path.exists(path)), None)
    if path is None:
        raise SourceFailed(
            f"{name} is neither a file nor a moment of {mount}: allocfs check tells"
            f" those that there are, as in allocfs check {paths[1]}"
        )
    return _mounted(path)


def ends_of(series: str) -> tuple[Moment, Moment]:
    """Return the first and the last capture of a directory. Raises SourceFailed."""
    captures = captures_in(series)
    if len(captures) < 2:
        raise SourceFailed(f"{series} has one capture alone: expected two to compare")
    return _captured(captures[0].path), _captured(captures[-1].path)


def _captured(path: str) -> Moment:
    seconds = time_in_name(path)
    taken = None if seconds is None else Taken.at_utc(round(seconds * _NS))
    return _moment(read_capture(path), taken, path)


def _mounted(directory: str) -> Moment:
    tree = MountedTree(directory)
    try:
        listing = next_listing(tree.read("allocinfo"), f"{directory}/allocinfo")
        return _moment(listing, _taken(tree), directory)
    except OSError as error:
        raise SourceFailed(f"{error.filename}: {error.strerror}") from None


def _taken(tree: MountedTree) -> Taken | None:
    """Return the time of a moment; that of the present is now."""
    try:
        text = tree.read(".allocfs/time").decode().strip()
        return Taken.at_utc(round(datetime.fromisoformat(text).timestamp() * _NS))
    except FileNotFoundError:
        return Taken.at_utc(round(datetime.now().timestamp() * _NS))
    except ValueError:
        return None


def _moment(listing: Listing, taken: Taken | None, source: str) -> Moment:
    every = np.arange(len(listing.table), dtype=np.intp)
    tags = TagList.from_slots(1, listing.table, every)
    values = listing.sums, listing.pairs, taken, f"source {source}"
    return Moment(tags, *values, listing.rounding, listing.partial)
