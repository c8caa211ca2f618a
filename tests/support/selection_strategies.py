"""Random queries, and codetags with random values, for the oracle of selections."""

from __future__ import annotations

from hypothesis import strategies as st

from allocfs.tags.table import (
    Codetag,
)
from tests.support.selection_oracle import (
    FUNCTIONS,
    MODULES,
    PATHS,
    S64,
    TOP_U64,
    Counted,
    FakeBackend,
    Term,
    bound_term,
    glob_test,
    is_anomaly,
    line_term,
    literal,
    name_term,
    number_test,
    pair_term,
    rising_term,
    slope_term,
    state_term,
)

NAMES = {
    "file": [*PATHS, *PATHS.values()],
    "function": FUNCTIONS,
    "module": ["vmlinux", "xfs", "ext4"],
}
GLOBS = ["*", "*a*", "mm*", "?fs", "*.h", "[.a-x]*", "[!.]*", "*[*]", "alloc?*", "*a*a*.?"]


def name_terms(key: str) -> st.SearchStrategy[Term]:
    patterns = st.sampled_from(NAMES[key]).map(literal) | st.sampled_from(GLOBS).map(
        lambda glob: (glob, glob)
    )
    some = st.lists(patterns, min_size=1, max_size=3)
    return st.builds(name_term, st.just(key), st.booleans(), some)


RANGES = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda pair: (min(pair), max(pair)))
TAG_TERMS = st.one_of(
    *map(name_terms, NAMES),
    st.builds(line_term, st.booleans(), st.lists(RANGES, min_size=1, max_size=3)),
)
ACCURATE: list[Term] = [
    ("accurate=yes", lambda one: one.accurate),
    ("accurate!=yes", lambda one: not one.accurate),
]

PAIR_VALUES = [
    *((f"{n}", number_test(n, n)) for n in (0, 5, 12)),
    *((f"{n}-", number_test(n, None)) for n in (0, 1, 12)),
    *((f"-{n}", number_test(None, n)) for n in (0, 5)),
    *((f"{a}-{b}", number_test(a, b)) for a, b in ((0, 5), (5, 13))),
    ("1Ki", number_test(1024, 1024)),
    *((glob, glob_test(glob)) for glob in ("*", "?", "hot*", "cold", "-", "1?", "*-*")),
    *((text, glob_test(value)) for text, value in (("%2D3", "-3"), ("%30", "0"), ("%31K", "1K"))),
]
PAIR_TERMS = st.builds(
    pair_term,
    st.sampled_from(["error_size", "state"]),
    st.booleans(),
    st.lists(st.sampled_from(PAIR_VALUES), min_size=1, max_size=3),
)
STATES = ["new", "gone", "moved", "grown", "shrunk"]
STATE_TERMS = st.builds(
    state_term, st.booleans(), st.lists(st.sampled_from(STATES), min_size=1, max_size=3)
)
ANOMALIES: list[Term] = [
    ("anomaly=yes", is_anomaly),
    ("anomaly=no", lambda one: not is_anomaly(one)),
]
RATES = [("-1", -1.0), ("0", 0.0), ("90_per_min", 1.5), ("1K", 1024.0)]
TREND_TERMS = st.builds(
    slope_term, st.sampled_from(["min_slope", "max_slope"]), st.sampled_from(RATES)
) | st.builds(rising_term, st.sampled_from([0, 50, 90, 100]))

PAIRS = st.lists(
    st.sampled_from(["error_size", "state", "error_sizes"]).flatmap(
        lambda key: st.sampled_from(
            ["0", "5", "12", "1024", "-3", "hot", "hotter", "cold", "", "-", "1K", "9" * 30, "1-2"]
        ).map(lambda value: f"{key}:{value}")
    ),
    max_size=3,
).map(" ".join)

# Few values, so that they often tie and often meet a bound exactly; and both ends.
BYTES = st.sampled_from([int(S64.min), -3, -1, 0, 1, 2, 3, 5, int(S64.max)])
CALLS = st.sampled_from([0, 1, 2, 3, TOP_U64])
SLACK = st.sampled_from([0, 0, 1, 2, 4, 2**64])
TAGS = st.builds(
    Codetag,
    st.sampled_from(sorted(PATHS)),
    st.integers(0, 6),
    st.sampled_from(FUNCTIONS),
    st.sampled_from(MODULES),
)
SLOPES = st.sampled_from([-1.0, 0.0, 0.5, 1.5, 2000.0, float("nan")])
SHARES = st.sampled_from([0.0, 0.5, 0.9, 1.0, float("nan")])
COUNTED = st.builds(
    Counted,
    TAGS,
    BYTES,
    CALLS,
    st.booleans(),
    SLACK,
    SLACK,
    PAIRS,
    st.sampled_from(["", "new", "gone", "moved"]),
    SLOPES,
    SHARES,
)


@st.composite
def backends(draw: st.DrawFn) -> FakeBackend:
    """Draw codetags; a random part of them is loaded, in random order."""
    counted = draw(st.lists(COUNTED, max_size=14))
    order = draw(st.permutations(range(len(counted))))
    return FakeBackend(counted, order[: draw(st.integers(0, len(order)))])


@st.composite
def sum_terms(draw: st.DrawFn, whats: tuple[str, ...] = ("size", "calls")) -> list[Term]:
    """Draw conditions on counters; a minimum is not above its maximum."""
    terms = []
    for what in whats:
        values = BYTES if what == "size" else CALLS
        low, high = sorted((draw(values), draw(values)))
        for key, bound in ((f"min_{what}", low), (f"max_{what}", high)):
            if draw(st.booleans()):
                terms.append(bound_term(key, bound))
    return terms


ALL_TERMS = st.builds(
    lambda *kinds: [term for terms in kinds for term in terms],
    st.lists(TAG_TERMS, max_size=1),
    st.lists(st.sampled_from(ACCURATE), max_size=1),
    st.lists(PAIR_TERMS, max_size=2),
    sum_terms(),
    st.lists(STATE_TERMS, max_size=2),
    st.lists(st.sampled_from(ANOMALIES), max_size=1),
    st.lists(TREND_TERMS, max_size=1),
)
