"""The server side of the ioctls, compared with a plain model of the kernel's loops."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from allocfs.errors import NoMoreRecords
from allocfs.kernel.abi import Filter
from tests.support.ioctl_fakes import TAGS, FakeBackend, Opened


def c_string_matches(name: str, template: bytes) -> bool:
    """Compare like strncmp(tail of name, template, 64)."""
    tail = name.encode()[-63:] + b"\0"
    for mine, theirs in zip(tail, template.ljust(64, b"\0"), strict=False):
        if mine != theirs:
            return False
        if mine == 0:
            return True
    raise AssertionError("a name of 63 bytes has a NUL")


class Oracle:
    """The kernel's loops, written out over TAGS."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.next = 0
        self.positioned = False
        self.summed: list[int] = []

    def matches(self, number: int) -> bool:
        tag, size, _, accurate = TAGS[number]
        wanted, mask = self.filter, self.filter.mask
        if mask & 1 and not c_string_matches(tag.module, wanted.modname):
            return False
        if mask & 2 and not c_string_matches(tag.function, wanted.function):
            return False
        if mask & 4 and not c_string_matches(tag.file, wanted.filename):
            return False
        if mask & 8 and tag.line != wanted.lineno:
            return False
        if mask & 16 and (not accurate) != (wanted.inaccurate != 0):
            return False
        if mask & 96:
            self.summed.append(number)
        least = wanted.min_size if mask & 32 else 0
        most = wanted.max_size if mask & 64 else 2**64 - 1
        return least <= size % 2**64 <= most

    def walk(self, skip: int) -> int | None:
        while self.next < len(TAGS):
            number = self.next
            self.next += 1
            if self.matches(number):
                if skip == 0:
                    if not self.filter.mask & 96:
                        self.summed.append(number)
                    return number
                skip -= 1
        return None

    def get_at(self, pos: int, wanted: Filter) -> int | None:
        if pos >= len(TAGS):
            return None
        self.filter = wanted
        self.next = 0
        found = self.walk(pos)
        self.positioned |= found is not None
        return found

    def get_next(self) -> int | None:
        if not self.positioned:
            self.next = 0
        found = self.walk(0)
        self.positioned = found is not None
        return found


NAMES = st.sampled_from(
    [name[-63:].encode() for tag, *_ in TAGS for name in (tag.module, tag.function, tag.file)]
)
SPELLED = st.one_of(NAMES, NAMES.map(lambda name: (name + b"\0junk")[:64]), st.just(b"f" * 64))
SIZES = st.sampled_from([0, 99, 100, 300, 4096, 1 << 40, 2**63, 2**64 - 64, 2**64 - 1])
FILTERS = st.builds(
    Filter,
    st.sets(st.sampled_from([1, 2, 4, 8, 16, 32, 64]), max_size=3).map(sum),
    SPELLED,
    SPELLED,
    SPELLED,
    st.sampled_from([10, 20, 2**32 - 1]),
    SIZES,
    SIZES,
    st.sampled_from([0, 1, 2**63]),
).filter(lambda wanted: wanted.mask & 96 != 96 or wanted.min_size <= wanted.max_size)
CALLS = st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 9), FILTERS)), max_size=12)


@given(CALLS)
def test_any_calls_are_answered_as_by_the_kernel_at_the_same_cost(
    calls: list[tuple[int, Filter] | None],
) -> None:
    opened, oracle = Opened(FakeBackend()), Oracle()
    for call in calls:
        answer = oracle.get_next() if call is None else oracle.get_at(*call)
        try:
            found: int | None = opened.get_next() if call is None else opened.get_at(*call)
        except NoMoreRecords:
            found = None
        assert found == answer
        assert opened.backend.summed == oracle.summed
