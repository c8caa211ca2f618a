"""The base class of backends: what a subclass has without saying anything."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trio

from allocfs.backend.base import Backend, Kind, put_sums
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.tags.table import Codetag, Flags, Slots, Sums, TagList, TagTable

SUMS = Sums(
    np.array([-5, 2**63 - 1]), np.array([2**64 - 1, 3], dtype=np.uint64), np.array([True, False])
)


class LeastBackend(Backend):
    """Two codetags with constant counters, and no more than a backend has to have."""

    def __init__(self) -> None:
        super().__init__()
        table = TagTable.from_tags([Codetag("a.c", 1, "f"), Codetag("a.c", 2, "g")])
        self._tags = TagList.from_slots(1, table, np.arange(2))

    @property
    def tags(self) -> TagList:
        return self._tags

    def sums(self, slots: Slots) -> Sums:
        return Sums(SUMS.bytes[slots], SUMS.calls[slots], SUMS.accurate[slots])

    def accurate(self, slots: Slots) -> Flags:
        return SUMS.accurate[slots]

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        return True

    def describe(self) -> str:
        return "source least"


@pytest.fixture
def backend() -> LeastBackend:
    return LeastBackend()


def test_the_defaults_are_those_of_a_source_that_never_changes(backend: LeastBackend) -> None:
    tags = backend.tags
    backend.renew()
    assert backend.tags is tags
    assert backend.staleness == math.inf
    assert (backend.cpus, backend.counters_read) == (1, 0)
    assert (backend.may_be_late, backend.rereads_source) == (False, False)
    assert backend.control is None
    assert backend.extra_stats() == {}


def test_the_default_list_is_never_late_and_the_default_values_always_change(
    backend: LeastBackend,
) -> None:
    backend.require_tags()
    assert backend.values_id() is None


def test_the_default_work_beside_requests_ends_at_once(backend: LeastBackend) -> None:
    async def main() -> bool:
        with trio.move_on_after(0) as scope:
            await backend.run(lambda: True)
        return scope.cancelled_caught

    assert not trio.run(main)


def test_the_default_bounds_leave_every_size_possible(backend: LeastBackend) -> None:
    low, high = backend.bounds(np.arange(2))
    assert low.tolist() == [-(2**63)] * 2
    assert high.tolist() == [2**63 - 1] * 2


def test_the_default_sum_into_writes_the_sums_at_both_ends_of_64_bits(
    backend: LeastBackend,
) -> None:
    totals, accurate = np.zeros((2, 2), np.int64), np.array([True, True])
    backend.sum_into(np.array([1, 0]), totals, accurate)
    assert totals[:, 0].tolist() == [2**63 - 1, -5]
    assert totals[:, 1].view(np.uint64).tolist() == [3, 2**64 - 1]
    assert accurate.tolist() == [False, True]


def test_sums_are_written_where_they_belong_and_nowhere_else() -> None:
    totals, accurate = np.full((4, 2), 7, np.int64), np.zeros(4, np.bool_)
    put_sums(SUMS, totals[1:3], accurate[1:3])
    assert totals[:, 0].tolist() == [7, -5, 2**63 - 1, 7]
    assert totals[:, 1].tolist() == [7, -1, 3, 7]
    assert accurate.tolist() == [False, True, False, False]


def test_each_subscriber_is_called_once_for_each_change(backend: LeastBackend) -> None:
    calls: list[str] = []
    backend.on_change(lambda: calls.append("first"))
    backend.on_change(lambda: calls.append("second"))
    assert calls == []
    backend.announce_change()
    backend.announce_change()
    assert calls == ["first", "second"] * 2


def test_backends_do_not_share_subscribers(backend: LeastBackend) -> None:
    calls: list[str] = []
    LeastBackend().on_change(lambda: calls.append("other"))
    backend.announce_change()
    assert calls == []


def test_a_backend_has_tags_counters_and_a_description() -> None:
    required = {"tags", "sums", "accurate", "all_loaded_since", "describe"}
    assert Backend.__abstractmethods__ == required


def test_a_kind_is_called_by_its_name_and_has_no_options_of_its_own() -> None:
    kind = Kind("a fake", lambda source, _options: source == "fake", lambda *_: LeastBackend())
    assert str(kind) == "a fake"
    assert kind.options == {}
    assert kind.recognises("fake", SourceOptions())
    assert not kind.recognises("other", SourceOptions())
