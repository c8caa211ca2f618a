"""The command `allocfs export`: captures in another form, to be sent or posted."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from allocfs.backend.replay import SUFFIXES
from allocfs.backend.textfile import next_listing, read_capture, require_codetags
from allocfs.errors import OptionError
from allocfs.formats.pseudonyms import Pseudonyms, anonymize
from allocfs.formats.text import Listing, format_listing
from allocfs.logs import one_line
from allocfs.wholefiles import write_new

_STDIO = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Write captures as text. With --anonymize the names that public kernels do not have are"
        " replaced, so that a capture can be posted."
    )
    add = parser.add_argument
    add("--anonymize", action="store_true", help="replace names of other modules, paths, functions")
    add("--key", metavar="WORD", help="gives the same names in each export (another for each run)")
    add(
        "-o",
        "--output",
        metavar="OUT",
        default=_STDIO,
        help="a new file, or of several a directory",
    )
    add("files", nargs="+", metavar="FILE", help="a capture, /proc/allocinfo, or - for stdin")


def run(arguments: argparse.Namespace) -> int:
    """Write all captures; return 0.

    Raises SourceFailed or BadCapture for one that cannot be read, OptionError, and OSError.
    """
    names: list[str] = arguments.files
    if arguments.key is not None and not arguments.anonymize:
        raise OptionError("--key: it is for --anonymize")
    if len(names) > 1 and arguments.output == _STDIO:
        raise OptionError(f"{len(names)} captures: name a directory for them with -o")
    pseudonyms = Pseudonyms((arguments.key or secrets.token_hex()).encode()[:64])
    write = (
        (lambda listing: anonymize(listing, pseudonyms)) if arguments.anonymize else format_listing
    )
    texts = [(name, write(_read(name))) for name in names]
    _write_all(texts, arguments.output)
    if arguments.anonymize:
        _say(_summary(pseudonyms, arguments.key is not None))
    return 0


def _read(name: str) -> Listing:
    if name != _STDIO:
        return read_capture(name)
    return require_codetags(next_listing(sys.stdin.buffer.read(), "stdin"), "stdin")


def _write_all(texts: list[tuple[str, bytes]], output: str) -> None:
    if output == _STDIO:
        sys.stdout.buffer.write(texts[0][1])
    elif len(texts) == 1:
        write_new(Path(output), texts[0][1])
    else:
        Path(output).mkdir(parents=True, exist_ok=True)
        for name, text in texts:
            write_new(Path(output) / _file_name(name), text)


def _file_name(name: str) -> str:
    """Return the name of a capture without compression."""
    base = Path(name).name
    return next((base.removesuffix(end) for end in SUFFIXES if base.endswith(end)), base) + ".txt"


def _summary(pseudonyms: Pseudonyms, has_key: bool) -> str:
    counts = [f"{len(names)} {kind}" for kind, names in pseudonyms.replaced.items()]
    parts = [f"replaced names: {', '.join(counts)}"]
    if pseudonyms.pairs_left_out:
        parts.append(f"left out {pseudonyms.pairs_left_out} pairs that may tell names")
    if not has_key:
        parts.append("another run gives other names: for the same ones give --key")
    return "; ".join(parts)


def _say(message: str) -> None:
    print(f"allocfs: {one_line(message)}", file=sys.stderr)
