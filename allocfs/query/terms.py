"""The terms of a query: `key=value` and `key!=value`, separated by commas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from allocfs.errors import BadQuery
from allocfs.query.pairs import PREFIX, format_pair_key
from allocfs.tags.axis import Axis
from allocfs.tags.spelling import unescape

SUM_KEYS = ("min_size", "max_size", "min_calls", "max_calls")
NEGATABLE_KEYS = (*Axis, "line", "accurate", f"{PREFIX}KEY")  # KEY is the key of any pair
KEYS = (*NEGATABLE_KEYS, *SUM_KEYS, "sort", "limit")

T = TypeVar("T")


class Term(NamedTuple):
    """A term as it was written; `equal` is false for `!=`."""

    text: str
    key: str
    equal: bool
    value: str

    def read(self, reader: Callable[[str], T]) -> T:
        """Read the value; if the reader raises ValueError, raise BadQuery naming the term."""
        return self._read(self.value, reader)

    def read_plain(self, reader: Callable[[str], T]) -> T:
        """Read the unescaped value."""
        return self._read(self.value, lambda value: reader(unescape(value)))

    def alternatives(self, reader: Callable[[str], T]) -> frozenset[T]:
        """Read each of the values between bars."""
        values = self.value.split("|")
        if "" in values:
            raise BadQuery(f"{self.text!r}: expected a value on both sides of each |")
        return frozenset(self._read(value, reader) for value in values)

    def _read(self, value: str, reader: Callable[[str], T]) -> T:
        try:
            return reader(value)
        except ValueError as error:
            raise BadQuery(f"{self.text!r}: {error}") from None


class Terms(tuple[Term, ...]):
    """Some terms of a query, in the order they were written."""

    def __str__(self) -> str:
        return repr(",".join(term.text for term in self))

    def having(self, *keys: str) -> Terms:
        """Return the terms with one of some keys."""
        return Terms(term for term in self if term.key in keys)

    def only(self, reader: Callable[[str], T]) -> T | None:
        """Read the only term, if there is one; all have the same key."""
        if len(self) > 1:
            raise BadQuery(f"{self}: expected {self[0].key} once")
        return self[0].read_plain(reader) if self else None

    def conditions(self, reader: Callable[[str], T]) -> Iterator[tuple[bool, frozenset[T]]]:
        """Read conditions: whether one of the values is wanted or none, and the values.

        All terms with `!=` make one condition, since none of the values of any may occur.
        """
        unwanted: frozenset[T] = frozenset()
        for term in self:
            values = term.alternatives(reader)
            if term.equal:
                yield True, values
            else:
                unwanted |= values
        if unwanted:
            yield False, unwanted


def parse_terms(text: str) -> Terms:
    """Split a query into terms whose keys are known; raise BadQuery naming the bad one."""
    if not text:
        raise BadQuery("the query is empty: expected terms such as 'module=xfs,min_size=1M'")
    if "\0" in text or not _is_utf8(text):
        raise BadQuery(f"{text!r}: expected UTF-8 without NUL")
    if "" in text.split(","):
        raise BadQuery(f"{text!r}: expected a term on both sides of each comma")
    return Terms(map(_parse_term, text.split(",")))


def _is_utf8(text: str) -> bool:
    """Tell whether no byte of the name had to be kept as a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parse_term(text: str) -> Term:
    key, equals, value = text.partition("=")
    term = Term(text, key.removesuffix("!"), not key.endswith("!"), value)
    if not equals:
        raise BadQuery(f"{text!r}: expected key=value or key!=value")
    if term.key.startswith(PREFIX):
        return _pair_term(term)
    if term.key not in KEYS:
        raise BadQuery(f"{text!r}: expected one of the keys {', '.join(KEYS)}")
    if not term.equal and term.key not in NEGATABLE_KEYS:
        raise BadQuery(f"{text!r}: expected {term.key}=value; {term.key} has no !=")
    _require_value(term)
    return term


def _pair_term(term: Term) -> Term:
    """Write the key of a pair in the one way in which it needs the fewest escapes."""
    key = term.key.removeprefix(PREFIX)
    if not key or "|" in key or "!" in key:
        raise BadQuery(
            f"{term.text!r}: expected {PREFIX}KEY=value; in KEY, ! is %21, = is %3D and | is %7C"
        )
    _require_value(term)
    try:
        return term._replace(key=format_pair_key(unescape(key)))
    except ValueError as error:
        raise BadQuery(f"{term.text!r}: {error}") from None


def _require_value(term: Term) -> None:
    if not term.value:
        raise BadQuery(f"{term.text!r}: expected a value after the =")
