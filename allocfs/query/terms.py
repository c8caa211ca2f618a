"""The terms of a query: `key=value` and `key!=value`, separated by commas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple, TypeVar

from allocfs.errors import BadQuery
from allocfs.query.pairs import PREFIX, format_pair_key
from allocfs.tags.axis import Axis
from allocfs.tags.spelling import unescape

SUM_KEYS = ("min_size", "max_size", "min_calls", "max_calls")
TREND_KEYS = ("min_slope", "max_slope", "rising")
NEGATABLE_KEYS = (*Axis, "line", "accurate", f"{PREFIX}KEY", "state", "anomaly")
"""KEY is the key of any pair."""
KEYS = (*NEGATABLE_KEYS, *SUM_KEYS, *TREND_KEYS, "group", "sort", "limit")

T = TypeVar("T")
Number = TypeVar("Number", int, Fraction)


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

    def bounds(
        self, minimum: str, maximum: str, reader: Callable[[str], Number]
    ) -> tuple[Number | None, Number | None]:
        """Read the largest minimum and the smallest maximum by their keys."""
        low = max((term.read_plain(reader) for term in self.having(minimum)), default=None)
        high = min((term.read_plain(reader) for term in self.having(maximum)), default=None)
        if low is not None and high is not None and low > high:
            guilty = self.having(minimum, maximum)
            raise BadQuery(f"{guilty}: expected {minimum} not to be above {maximum}")
        return low, high

    def yes_or_no(self) -> bool | None:
        """Read whether a property is wanted; all have the same key. None if there is no term."""
        wanted = {term.read_plain(_parse_yes_or_no) == term.equal for term in self}
        if len(wanted) > 1:
            raise BadQuery(f"{self}: expected one or the other, no codetag is both")
        return wanted.pop() if wanted else None


def format_condition(key: str, wanted: bool, values: Iterable[str]) -> str:
    """Write a term with alternatives."""
    return f"{key}{'=' if wanted else '!='}{'|'.join(values)}"


def format_yes_or_no(key: str, wanted: bool | None) -> Iterator[str]:
    """Write the term of a property, if it is wanted or not wanted."""
    if wanted is not None:
        yield f"{key}={'yes' if wanted else 'no'}"


def parse_terms(text: str) -> Terms:
    """Split a query into terms whose keys are known; raise BadQuery naming the bad one."""
    if not text:
        raise BadQuery("the query is empty: expected terms such as 'module=xfs,min_size=1M'")
    if "\0" in text or not _is_utf8(text):
        raise BadQuery(f"{text!r}: expected UTF-8 without NUL")
    if "" in text.split(","):
        raise BadQuery(f"{text!r}: expected a term on both sides of each comma")
    return Terms(map(_parse_term, text.split(",")))


def _parse_yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("expected yes or no")
    return text == "yes"


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
