"""Strategies that draw events, and queries on moments with their meaning in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise

from hypothesis import strategies as st

from allocfs.tags.table import Codetag
from tests.support.moment_answers import Asked
from tests.support.moment_forms import slack
from tests.support.moment_model import LONG, PATHS, TAGS, Kind, Row
from tests.support.moment_mount import CPUS
from tests.support.selection_oracle import (
    Counted,
    Term,
    bound_term,
    line_term,
    literal,
    rising_term,
    slope_term,
)
from tests.support.selection_strategies import ACCURATE, ANOMALIES, STATE_TERMS

GROUPS = ["module", "file", "function", "site", "dir", "dir:1", "dir:2", "all"]
_GLOBS = ["*", "*a*", "mm*", "?fs", "*.h", f"*{LONG[-9:]}*", "[!a-l]*"]
_SIZES = [-(2**63), -4096, -1, 0, 1, 2, 3, 4096, 2**40]
_CALLS = [0, 1, 2, 3, 2**64 - 1]
_RATES = [("-1_per_d", -1 / 86400), ("1_per_d", 1 / 86400), ("77_per_min", 77 / 60)]

_CHANGES = [0, 1, -1, 2, -3, 4096, -4096, 200_000, -(2**40), 2**62, -(2**62)]
_CALL_CHANGES = [0, 1, -1, 2, -3, 70_000]
EVENTS = st.lists(
    st.tuples(
        st.integers(0, len(TAGS) - 1),
        st.integers(0, CPUS - 1),
        st.sampled_from(_CHANGES),
        st.sampled_from(_CALL_CHANGES),
    ),
    min_size=1,
    max_size=6,
)


def module_of(tag: Codetag) -> str:
    return tag.module or "vmlinux"


NAMES: dict[str, Callable[[Codetag], set[str]]] = {
    "file": lambda tag: {tag.file, PATHS[tag.file]},
    "function": lambda tag: {tag.function},
    "module": lambda tag: {module_of(tag)},
}


def name_term(key: str, equal: bool, patterns: list[tuple[str, str]]) -> Term:
    """Make a condition on a name; each pattern is one of a query and one of fnmatch."""
    texts = "|".join(ours for ours, _ in patterns)

    def holds(one: Counted) -> bool:
        names = NAMES[key](one.tag)
        return equal == any(fnmatchcase(name, theirs) for name in names for _, theirs in patterns)

    return f"{key}{'=' if equal else '!='}{texts}", holds


def _name_terms(key: str) -> st.SearchStrategy[Term]:
    names = sorted({name for tag in TAGS for name in NAMES[key](tag)})
    globs = st.sampled_from([(glob, glob) for glob in _GLOBS])
    patterns = st.lists(st.sampled_from(names).map(literal) | globs, min_size=1, max_size=2)
    return st.builds(name_term, st.just(key), st.booleans(), patterns)


_LINES = st.lists(st.sampled_from([(0, 5), (7, 10), (3, 3), (10, 99)]), min_size=1, max_size=2)
TAG_TERMS = st.one_of(*map(_name_terms, NAMES), st.builds(line_term, st.booleans(), _LINES))


@st.composite
def _sum_terms(draw: st.DrawFn) -> list[Term]:
    terms = []
    for what, values in (("size", _SIZES), ("calls", _CALLS)):
        low, high = sorted(draw(st.tuples(*[st.sampled_from(values)] * 2)))
        which = draw(st.sampled_from(["", "", "min", "max", "min max"])).split()
        bounds = {"min": low, "max": high}
        terms += [bound_term(f"{end}_{what}", bounds[end]) for end in which]
    return terms


def _value_terms(kind: Kind) -> st.SearchStrategy[list[Term]]:
    """Draw conditions on values that a directory has."""
    some = [_sum_terms(), st.lists(st.sampled_from(ANOMALIES), max_size=1)]
    if kind == "diff":
        some.append(st.lists(STATE_TERMS, max_size=2))
    if kind == "trend":
        rising = st.builds(rising_term, st.sampled_from([0, 50, 100]))
        slopes = st.builds(
            slope_term, st.sampled_from(["min_slope", "max_slope"]), st.sampled_from(_RATES)
        )
        some.append(st.lists(rising | slopes, max_size=1))
    return st.tuples(*some).map(lambda kinds: [term for terms in kinds for term in terms])


def by_name(directory: str, tag: Codetag) -> Term:
    """Return the file of a name that a codetag has."""
    match directory:
        case "by-file":
            return f"by-file/{PATHS[tag.file]}", lambda one: PATHS[one.tag.file] == PATHS[tag.file]
        case "by-function":
            return f"by-function/{tag.function}", lambda one: one.tag.function == tag.function
        case "by-module":
            return f"by-module/{module_of(tag)}", lambda one: one.tag.module == tag.module
        case _:
            top = PATHS[tag.file].rpartition("/")[0].partition("/")[0]
            path = f"by-file/{top}/.records" if top else "by-file/.records"
            return path, lambda one: not top or PATHS[one.tag.file].startswith(f"{top}/")


def paths_by_name(tag: Codetag) -> list[str]:
    """Return the paths of the files that have the names of a codetag."""
    return [by_name(directory, tag)[0] for directory in ("by-file", "by-function", "by-module")]


_DIRECTORIES = ["by-file", "by-function", "by-module", ".records"]
RECORDS: Term = ("records", lambda _: True)
PLACES = st.just(RECORDS) | st.builds(by_name, st.sampled_from(_DIRECTORIES), st.sampled_from(TAGS))
_SORTS = ["bytes", "calls", "file"]


@st.composite
def queries(draw: st.DrawFn, kind: Kind) -> Asked:
    """Draw a query that a directory takes, often one without terms."""
    place = draw(PLACES)
    if draw(st.integers(0, 4)) == 0:
        return Asked(place)
    group = draw(st.sampled_from(["", *GROUPS]))
    sorts = [*_SORTS, "slope", "rising"] if kind == "trend" else _SORTS
    sort = draw(st.sampled_from(["", *sorts, *(f"-{sort}" for sort in sorts)]))
    limit = None if sort.endswith("slope") else draw(st.sampled_from([None, None, 1, 2, 5]))
    return Asked(
        RECORDS if group else place,
        tuple(draw(st.lists(TAG_TERMS, max_size=1))),
        tuple(draw(st.lists(st.sampled_from(ACCURATE), max_size=1))),
        tuple(draw(_value_terms(kind))) if draw(st.booleans()) else (),
        group,
        sort,
        limit,
    )


def is_in_doubt(rows: Sequence[Row]) -> bool:
    """Tell whether rounding may decide a condition on the slopes of some rows, or their order."""
    ordered = sorted(rows, key=lambda row: row.trend.slope)
    near = (
        (one, other)
        for one, other in pairwise(ordered)
        if abs(one.trend.slope - other.trend.slope) <= slack(one) + slack(other)
    )
    bounds = (abs(row.trend.slope - bound) <= slack(row) for row in rows for _, bound in _RATES)
    return any(bounds) or any(_heights(one) != _heights(other) for one, other in near)


def _heights(row: Row) -> list[int]:
    """Return the bytes above the lowest ones; equal ones give equal slopes."""
    return [nbytes - row.trend.min for nbytes in (row.points or {}).values()]
