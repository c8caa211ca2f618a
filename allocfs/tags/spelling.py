"""How the names of codetags are spelt in paths and in queries."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

BUILT_IN = "vmlinux"
NAME_MAX = 1024  # bytes; as in Linux up to 6.12, later kernels let longer names pass

_ESCAPES = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")


@lru_cache(maxsize=2)
def paths_of(files: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths of a table's source files; every query about files asks for all."""
    return tuple(map(path_of, files))


def path_of(file: str) -> str:
    """Return the path below `by-file/` of a source file.

    `.` and `..` are resolved without looking at any file system, as the VFS does before
    allocfs sees a name; a leading `/` is lost. A name of which nothing is left is `%2E`,
    since a path needs a name there. Where it is the name itself, it takes no memory.
    """
    path = posixpath.normpath("/" + file).lstrip("/") or "%2E"
    return file if path == file else path


def module_name(module: str) -> str:
    """Return the name of a module in paths and queries; built-in code has one too."""
    return module or BUILT_IN


def escape(text: str, special: str) -> str:
    """Write each character that is in `special` as `%XX`; they must be ASCII."""
    return "".join(f"%{ord(char):02X}" if char in special else char for char in text)


def unescape(text: str) -> str:
    """Replace each `%XX` by its byte, and the bytes by the UTF-8 character they spell.

    Raise ValueError if a `%` is not followed by two hex digits, or a byte is NUL, or some
    bytes are not UTF-8.
    """
    pieces = _ESCAPES.split(text)  # every second piece is a run of escapes
    if any("%" in plain for plain in pieces[::2]):
        raise ValueError("expected two hex digits after each %; a percent sign itself is %25")
    return "".join(_decode(p) if n % 2 else p for n, p in enumerate(pieces))


def _decode(escapes: str) -> str:
    try:
        text = bytes.fromhex(escapes.replace("%", "")).decode()
    except UnicodeDecodeError:
        raise ValueError(f"expected UTF-8, and {escapes} is not") from None
    if "\0" in text:
        raise ValueError("expected a name, and no name contains %00")
    return text
