"""The command `allocfs top`: a live screen of where memory is and where it goes."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from allocfs.client.trees import default_source, open_tree
from allocfs.errors import UsageError
from allocfs.units import parse_duration

_EXTRA = "allocfs top draws its screen with textual: pip install 'allocfs[screen]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Watch where memory is and where it goes. SOURCE is a mount, /proc/allocinfo, or a"
        " directory of captures that is played. F1 tells the keys."
    )
    add = parser.add_argument
    add("--every", type=_interval, default=1.0, metavar="TIME", help="such as 0.5 or 500ms (1s)")
    add("source", nargs="?", metavar="SOURCE")


def run(arguments: argparse.Namespace) -> int:
    """Show the screen until the user quits; return 0.

    Raises SourceFailed and BadCapture for a bad source, and UsageError without the extra.
    """
    if find_spec("textual") is None:
        raise UsageError(_EXTRA)
    from allocfs.screen.top.app import Top  # noqa: PLC0415  an extra
    from allocfs.screen.top.view import View  # noqa: PLC0415
    from allocfs.screen.top.watch import Watch  # noqa: PLC0415

    watch = Watch(open_tree(arguments.source or default_source()))
    Top(watch, View(), arguments.every).run()
    return 0


def _interval(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r}: expected from 0.1 to 3600 seconds")
    return seconds
