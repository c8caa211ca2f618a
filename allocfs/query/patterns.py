"""Name patterns: exact names, or globs of `*`, `?` and `[...]`.

A character written `%XX` is literal, so unescaped text tells wildcards and literals apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from allocfs.tags.spelling import escape, unescape

# A path separates names by `/`; a query separates terms and alternatives by `,` and `|`.
_SEPARATORS = "/,|%"
_IN_NAME = _SEPARATORS + "*?["
_IN_SET = _SEPARATORS + "]-!"

_TOKEN = re.compile(r"(?P<any>\*+)|(?P<one>\?)|\[(?P<set>[^]]*)\]|(?P<text>[^*?[]+)")
_RANGE = re.compile(r"(.)(?:\0(.))?", re.DOTALL)


class Wildcard(Enum):
    """A wildcard without parameters; `*` stands for any characters, `/` included."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True)
class CharSet:
    """One character out of some ranges, first and last inclusive, or out of none of them."""

    negated: bool
    ranges: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        members = (
            escape(first, _IN_SET) + (f"-{escape(last, _IN_SET)}" if last != first else "")
            for first, last in sorted(self.ranges)
        )
        return f"[{'!' if self.negated else ''}{''.join(members)}]"

    def regex(self) -> str:
        """Return the set as a regular expression."""
        members = (f"{re.escape(first)}-{re.escape(last)}" for first, last in sorted(self.ranges))
        return f"[{'^' if self.negated else ''}{''.join(members)}]"


@dataclass(frozen=True)
class Pattern:
    """A name pattern: literal text and wildcards, no two `*` and no two texts adjacent."""

    parts: tuple[str | Wildcard | CharSet, ...]

    def __str__(self) -> str:
        return "".join(_part_text(part) for part in self.parts)

    @property
    def exact(self) -> str | None:
        """The one name that matches, None for a glob."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None

    @property
    def wildcards(self) -> int:
        """How many wildcards there are."""
        return sum(not isinstance(part, str) for part in self.parts)

    def regex(self) -> str:
        """Return a regular expression, to be used with `fullmatch` and DOTALL.

        What stands between two `*` is looked for from left to right, and where it is found
        is final: the first place leaves most to the rest. So the time is at most the length
        of the name times that of the pattern, where plain `.*` could take exponential time.
        """
        head, *chunks = "".join(_part_regex(part) for part in self.parts).split("\0")
        if not chunks:
            return head
        middle = "".join(f"(?>.*?{chunk})" for chunk in chunks[:-1])
        return f"{head}{middle}.*{chunks[-1]}"


def union(patterns: Collection[Pattern]) -> Callable[[str], object]:
    """Return a function whose value is true if a name matches one of some patterns."""
    exact = {pattern.exact for pattern in patterns if pattern.exact is not None}
    globs = [pattern.regex() for pattern in patterns if pattern.exact is None]
    if not globs:
        return exact.__contains__
    globs.extend(map(re.escape, exact))
    return re.compile("|".join(globs), re.DOTALL).fullmatch


def parse_pattern(text: str) -> Pattern:
    """Read a pattern; raise ValueError, saying why, if it is not one."""
    parts: list[str | Wildcard | CharSet] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ValueError("expected a ] after [; a literal [ is %5B")
        parts.append(_part(found))
        position = found.end()
    return Pattern(tuple(parts))


def _part(found: re.Match[str]) -> str | Wildcard | CharSet:
    match found.lastgroup:
        case "any":
            return Wildcard.ANY
        case "one":
            return Wildcard.ONE
        case "set":
            return _parse_set(found["set"])
        case _:
            return unescape(found["text"])


def _parse_set(text: str) -> CharSet:
    members = text.removeprefix("!")
    if not members:
        raise ValueError("expected characters between [ and ]; a literal ] is %5D")
    # No name contains a NUL, so that one can mark the dashes that were not escaped.
    marked = unescape(members.replace("-", "\0"))
    ranges = frozenset(
        (first.replace("\0", "-"), (last or first).replace("\0", "-"))
        for first, last in _RANGE.findall(marked)
    )
    if any(last < first for first, last in ranges):
        raise ValueError("expected the ranges in [ ] to go from low to high; a literal - is %2D")
    # re takes milliseconds to compile a range as long as these can be.
    if any(not last.isascii() for first, last in ranges if last != first):
        raise ValueError("expected the ranges in [ ] to be of ASCII characters")
    return CharSet(text.startswith("!"), ranges)


def _part_text(part: str | Wildcard | CharSet) -> str:
    match part:
        case Wildcard():
            return part.value
        case CharSet():
            return str(part)
        case _:
            return escape(part, _IN_NAME)


def _part_regex(part: str | Wildcard | CharSet) -> str:
    """Return a part as a regular expression, `*` as a NUL."""
    match part:
        case Wildcard.ANY:
            return "\0"
        case Wildcard.ONE:
            return "."
        case CharSet():
            return part.regex()
        case _:
            return re.escape(part)
