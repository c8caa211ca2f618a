"""The directories of moments: `snapshots/`, `history/`, `diff/` and `trend/`.

A name that stands for another moment from time to time, such as `-10m`, is a symbolic link to
the moment that it stands for now. So each directory has the same values for as long as it is
there, and `readlink` tells which they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from allocfs.errors import NameNotFound
from allocfs.moments.catalogue import Catalogue
from allocfs.moments.names import ALL, FIRST, LAST, LAST_READ, NOW, parse_window
from allocfs.moments.when import Between, Now, Past, SinceRead, When, Window
from allocfs.vfs.nodes import Entry, MomentKind, MomentLink, MomentsDir, Node, ScopeDir

_WINDOWS = (ALL, "1m", "10m", "1h", "1d")
_APART = ".."


class MomentNames:
    """The names in the directories of moments."""

    kinds: tuple[MomentKind, ...] = ("snapshots", "history", "diff", "trend")

    def __init__(self, catalogue: Catalogue) -> None:
        """Find names in a catalogue."""
        self._catalogue = catalogue

    def entries(self, parent: MomentsDir) -> Iterator[Entry]:
        """List a directory; of differences and trends those that one is likely to ask for."""
        for name in self._names(parent.kind):
            node = self.find(parent, name)
            if node is not None:
                yield Entry(name, node)

    def find(self, parent: MomentsDir, name: str) -> Node | None:
        """Find a name in a directory. Raises NoSuchMoment, naming the moments that there are."""
        match parent.kind:
            case "snapshots":
                found = self._catalogue.snapshots.by_name(name)
                return _dir(parent, name, Past(found)) if found else None
            case "history":
                return self._in_history(parent, name)
            case "diff":
                return self._difference(parent, name)
            case "trend":
                return _trend(parent, name)

    def _names(self, kind: MomentKind) -> list[str]:
        snapshots, samples = self._catalogue.snapshots.names(), self._catalogue.record.names()
        match kind:
            case "snapshots":
                return snapshots
            case "history":
                return [*samples, FIRST, LAST] if samples else []
            case "diff":
                return [*snapshots, *([FIRST] if samples else []), LAST_READ]
            case "trend":
                return list(_WINDOWS) if samples else []

    def _in_history(self, parent: MomentsDir, name: str) -> Node:
        found = self._catalogue.record.by_name(name)
        if found:
            return _dir(parent, name, Past(found))
        exact = self._catalogue.exact_name(name)
        if exact == name:
            raise NameNotFound(f"{parent.path}: {name!r} is no sample")
        return MomentLink(parent, name, exact)

    def _difference(self, parent: MomentsDir, name: str) -> Node:
        if name == LAST_READ:
            return _dir(parent, name, SinceRead())
        ends = name.split(_APART)
        if len(ends) > 2:
            raise NameNotFound(f"{parent.path}: {name!r} is not A or A{_APART}B")
        exact = [self._catalogue.exact_name(end) for end in ends]
        if exact != ends:
            return MomentLink(parent, name, _APART.join(exact))
        before, after = map(self._moment, (*exact, NOW)[:2])
        return _dir(parent, name, Between(before, after))

    def _moment(self, name: str) -> Now | Past:
        found = self._catalogue.find(name)
        assert found is not None
        return found


def _trend(parent: MomentsDir, name: str) -> Node | None:
    if name == ALL:
        return _dir(parent, name, Window(None))
    length_ns = parse_window(name)
    return _dir(parent, name, Window(length_ns)) if length_ns else None


def _dir(parent: MomentsDir, name: str, when: When) -> ScopeDir:
    return ScopeDir(replace(parent.scope, when=when, top=f"{parent.path}/{name}"))
