"""The command line of mount.allocfs, which is that of any helper of mount(8)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from allocfs import __version__
from allocfs.backend.sourceoptions import NO_SOURCE
from allocfs.errors import UsageError
from allocfs.mount.mountpoint import enter_namespace
from allocfs.mount.options import MountOptions, parse_options

_MANUAL = "see mount.allocfs(8)"


@dataclass(frozen=True)
class Request:
    """What a command line asks for; the paths are absolute."""

    source: str | None
    mountpoint: str
    options: MountOptions
    foreground: bool
    fake: bool
    verbose: bool
    log_file: str | None


def read_command(argv: Sequence[str] | None) -> Request:
    """Read a command line, and enter the mount namespace it asks for.

    Raises UsageError, OptionError, or NotPermitted.
    """
    given = _parser().parse_intermixed_args(argv)
    options = parse_options(",".join(given.options), given.sloppy)
    source, mountpoint = _paths(given.paths)
    if given.namespace is not None:
        enter_namespace(given.namespace)
    return Request(
        source=_absolute(source),
        mountpoint=os.path.realpath(mountpoint),
        options=options,
        foreground=given.foreground,
        fake=given.fake,
        verbose=given.verbose,
        log_file=given.log_file and os.path.abspath(given.log_file),
    )


def _absolute(source: str | None) -> str | None:
    """Make paths absolute, since the daemon leaves this directory; a colon may join several."""
    if source is None or source in NO_SOURCE:
        return source
    if os.path.exists(source):
        return os.path.abspath(source)
    return ":".join(map(os.path.abspath, source.split(":")))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; {_MANUAL}")


def _parser() -> _Parser:
    parser = _Parser(
        prog="mount.allocfs",
        usage="%(prog)s [SOURCE] MOUNTPOINT [-o OPTIONS] [--foreground] [--log-file FILE]",
        description="Mount memory-allocation profiling as files of fixed-size records.",
        epilog="The man page mount.allocfs(8) describes SOURCE and OPTIONS.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="*", help=argparse.SUPPRESS)
    add("-o", dest="options", action="append", default=[], metavar="OPTIONS")
    add("--foreground", action="store_true", help="do not go to the background")
    add("--log-file", metavar="FILE", help="log to a file instead of syslog")
    add("-f", dest="fake", action="store_true", help="check everything, mount nothing")
    add("-s", dest="sloppy", action="store_true", help="let unknown options pass")
    add("-v", dest="verbose", action="store_true", help="say what has been mounted")
    add("-N", dest="namespace", metavar="NS", help="mount in the namespace of a PID or file")
    add("-n", dest="no_mtab", action="store_true", help="accepted: there is no mtab to write")
    add("-t", dest="type", metavar="TYPE", help="accepted: there is only one type")
    add("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _paths(paths: Sequence[str]) -> tuple[str | None, str]:
    match paths:
        case [mountpoint] if mountpoint:
            return None, mountpoint
        case [source, mountpoint] if source and mountpoint:
            return source, mountpoint
    shown = " ".join(repr(path) for path in paths) or "nothing"
    raise UsageError(f"expected [SOURCE] MOUNTPOINT, got {shown}; {_MANUAL}")
