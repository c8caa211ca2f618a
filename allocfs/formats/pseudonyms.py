"""Other names in the place of those that are not of public kernels, for captures that are posted.

A name always gets the same pseudonym under one key, so captures of one machine can be compared. The
key keeps others from finding the name by trying: a list of all known drivers is not long.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from allocfs.formats.text import Listing
from allocfs.formats.textgrammar import CODEC
from allocfs.formats.textlines import format_lines, header
from allocfs.tags.rounding import Partial
from allocfs.tags.rows import Rows
from allocfs.tags.table import NameColumn, Pairs

_DIGEST_BYTES = 5  # of 10,000 names two have the same digest with a chance of 1 in 20,000
_NOTE = re.compile("[0-9]+ (largest|codetags)")
_NUMERIC = re.compile(r"(accumulated|nid[0-9]+_bytes|nid[0-9]+_calls):-?[0-9]+")
_KINDS = ("module", "directory", "file", "function")
_SAME = ("", ".", "..")  # components of a path that name nothing


class Known(NamedTuple):
    """The names of public kernels, which stay."""

    files: frozenset[str]
    directories: frozenset[str]
    functions: frozenset[str]
    modules: frozenset[str]


@cache
def known() -> Known:
    """Read the names that are shipped, those of Linux 6.12 and 7.3."""
    text = (files("allocfs") / "data" / "linux-names.txt").read_text()
    kinds: dict[str, set[str]] = {"file": set(), "function": set(), "module": set()}
    for line in text.splitlines():
        kind, name = line.split(" ", 1)
        kinds[kind].add(name)
    directories = {above for name in kinds["file"] for above in _directories(name)}
    return Known(*map(frozenset, (kinds["file"], directories, kinds["function"], kinds["module"])))


@dataclass
class Pseudonyms:
    """The pseudonyms under a key, and the names that they replaced, by kind."""

    key: bytes
    replaced: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in _KINDS})
    pairs_left_out: int = 0

    def of_module(self, name: str) -> str:
        """Return the name of a module, which for built-in code is empty."""
        return name if not name or name in known().modules else self._of("module", name)

    def of_function(self, name: str) -> str:
        """Return the name of a function."""
        return name if name in known().functions else self._of("function", name)

    def of_file(self, path: str) -> str:
        """Return the path of a file: directories that are known stay, and its suffix."""
        if path in known().files:
            return path
        *directories, name = path.split("/")
        stem, suffix = posixpath.splitext(name)
        return "/".join([*self._of_directories(directories), self._of("file", stem) + suffix])

    def of_pairs(self, pairs: Pairs) -> Pairs:
        """Return the pairs that are known to have numbers alone."""
        kept = []
        for text in pairs:
            words = text.split(" ") if text else []
            numeric = [word for word in words if _NUMERIC.fullmatch(word)]
            self.pairs_left_out += len(words) - len(numeric)
            kept.append(" ".join(numeric))
        return kept

    def _of_directories(self, names: Iterable[str]) -> Iterator[str]:
        above: list[str] = []
        for name in names:
            above.append(name)
            is_known = name in _SAME or "/".join(above) in known().directories
            yield name if is_known else self._of("directory", name)

    def _of(self, kind: str, name: str) -> str:
        self.replaced[kind].add(name)
        digest = blake2b(name.encode(*CODEC), key=self.key, digest_size=_DIGEST_BYTES)
        return f"{kind}_{digest.hexdigest()}"


def anonymize(listing: Listing, pseudonyms: Pseudonyms) -> bytes:
    """Write a listing with pseudonyms; of its header only the lines remain that tell no names."""
    table = listing.table
    shown = replace(
        table,
        file=_renamed(table.file, pseudonyms.of_file),
        function=_renamed(table.function, pseudonyms.of_function),
        module=_renamed(table.module, pseudonyms.of_module),
    )
    pairs = None if listing.pairs is None else pseudonyms.of_pairs(listing.pairs)
    every = np.arange(len(table))
    rows = Rows(shown, every, listing.sums, pairs, rounding=listing.rounding)
    return header(_partial(listing)) + format_lines(rows)


def _partial(listing: Listing) -> Partial | None:
    """Return the note of a partial list; one in free words is replaced."""
    partial = listing.partial
    if partial is None or _NOTE.fullmatch(partial.note):
        return partial
    return Partial(f"{len(listing.table)} codetags")


def _renamed(column: NameColumn, pseudonym: Callable[[str], str]) -> NameColumn:
    return NameColumn(tuple(map(pseudonym, column.values)), column.ids)


def _directories(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path
