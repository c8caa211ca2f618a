"""What is seen, as a snapshot or a capture."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from allocfs.client.trees import MountedTree
from allocfs.errors import AllocfsError
from allocfs.reports.times import capture_name
from allocfs.screen.top.watch import Watch
from allocfs.wholefiles import write_new


def save_snapshot(watch: Watch) -> str:
    """Take a snapshot in the mount; return a message."""
    if not isinstance(watch.tree, MountedTree):
        return "a snapshot needs a mount: w writes a capture"
    name = f"top-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    try:
        os.mkdir(os.path.join(watch.source, "snapshots", name))
    except OSError as error:
        return f"no snapshot: {error.strerror}"
    return f"took snapshot {name}"


def save_capture(watch: Watch) -> str:
    """Write a capture into the present directory; return a message."""
    path = Path(capture_name(datetime.now(UTC)))
    try:
        write_new(path, watch.tree.read("allocinfo"))
    except (AllocfsError, OSError) as error:
        return f"no capture: {error}"
    return f"wrote {path.absolute()}"
