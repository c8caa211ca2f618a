"""The server side of the three ioctls: one test for each rule of Linux."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from allocfs.errors import BadArgument, NoMoreRecords, NoSuchCommand
from allocfs.formats.records import decode_record, parse_records
from allocfs.kernel.abi import EARLIER, MERGED, Filter
from allocfs.kernel.abi import FilterMask as M
from tests.support.ioctl_fakes import CPUS, EVERYTHING, LONG, TAGS, FakeBackend, Opened, expected


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def opened(backend: FakeBackend) -> Opened:
    return Opened(backend)


# Commands


def test_content_id_is_a_u64(opened: Opened) -> None:
    opened.backend.unload("xfs", 2)
    reply = opened.file.handle(MERGED.content_id_number, b"")
    assert reply == np.uint64(2).tobytes()


@pytest.mark.parametrize(
    "command",
    [0x5401, MERGED.get_next_number + 1, EARLIER.get_at_number, EARLIER.get_next_number],
    ids=["TCGETS", "number 3", "GET_AT of another size", "GET_NEXT of another size"],
)
def test_unknown_commands_and_other_sizes_are_no_such_command(opened: Opened, command: int) -> None:
    with pytest.raises(NoSuchCommand, match=f"{command:#x}"):
        opened.file.handle(command, b"")


def test_get_at_returns_the_argument_with_the_record_filled_in(opened: Opened) -> None:
    argument = MERGED.encode_get_at(1, Filter(M.LINENO, lineno=20, modname=b"left alone"))
    reply = opened.file.handle(MERGED.get_at_number, argument)
    assert len(reply) == 464
    assert reply[:240] == argument[:240]
    assert decode_record(reply[240:]) == expected(2)
    assert parse_records(reply[240:])["pad"].tobytes() == bytes(7)


# Filters


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(), EVERYTHING),
        (Filter(M.FILENAME, filename=b"mm/slub.c"), [0, 1, 2]),
        (Filter(M.FUNCTION, function=b"alloc_slab"), [0, 1]),
        (Filter(M.MODNAME, modname=b"xfs"), [4, 5]),
        (Filter(M.MODNAME), [0, 1, 2, 3]),
        (Filter(M.LINENO, lineno=10), [0, 4]),
        (Filter(M.FILENAME | M.LINENO, filename=b"mm/slub.c", lineno=20), [1, 2]),
        (Filter(M.MIN_SIZE, min_size=300), [0, 2, 3, 6, 7]),
        (Filter(M.MAX_SIZE, max_size=100), [1, 4]),
        (Filter(M.MIN_SIZE | M.MAX_SIZE, min_size=200, max_size=300), [5, 6]),
        (Filter(M.MIN_SIZE, min_size=2**63), [2]),
        (Filter(M.INACCURATE, inaccurate=1), [3, 5]),
        (Filter(M.INACCURATE, inaccurate=2**63), [3, 5]),
        (Filter(M.INACCURATE), [0, 1, 2, 4, 6, 7]),
        (Filter(0, b"xfs", b"f", b"f", 1, 9, 1, 1), EVERYTHING),
    ],
    ids=[
        "no criterion",
        "file",
        "function",
        "module",
        "an empty module is built-in code",
        "line",
        "file and line",
        "min_size: a size below zero is a huge one",
        "max_size",
        "both sizes, inclusive",
        "sizes compare as u64",
        "inaccurate",
        "inaccurate is a truth value",
        "accurate",
        "fields not in the mask are ignored, min above max too",
    ],
)
def test_filter(opened: Opened, wanted: Filter, numbers: list[int]) -> None:
    assert opened.all(wanted) == numbers


def test_long_names_match_on_their_last_63_bytes(opened: Opened) -> None:
    assert opened.all(Filter(M.FILENAME, filename=LONG[-63:].encode())) == [3]


@pytest.mark.parametrize("name", [LONG[-62:], LONG[-64:], LONG, "mm/slub", "mm/slub.cc", ""])
def test_names_match_exactly(opened: Opened, name: str) -> None:
    with pytest.raises(NoMoreRecords):
        opened.get_at(0, Filter(M.FILENAME, filename=name.encode()))


def test_a_name_without_nul_matches_nothing(opened: Opened) -> None:
    assert opened.all(Filter(M.FUNCTION, function=b"f" * 63)) == [3]
    with pytest.raises(NoMoreRecords):
        opened.get_at(0, Filter(M.FUNCTION, function=b"f" * 64))


def test_bytes_after_the_nul_are_ignored(opened: Opened) -> None:
    assert opened.all(Filter(M.MODNAME, modname=b"xfs\0" + b"junk" * 15)) == [4, 5]
    assert opened.all(Filter(M.MODNAME, modname=b"\0junk")) == [0, 1, 2, 3]


def test_unknown_mask_bits_are_a_bad_argument(opened: Opened) -> None:
    with pytest.raises(BadArgument, match="0x80"):
        opened.get_at(0, Filter(0x80 | M.LINENO))
    with pytest.raises(BadArgument, match="0x8000000000000000"):
        opened.get_at(0, Filter(1 << 63))


def test_min_above_max_is_a_bad_argument_if_both_are_in_the_mask(opened: Opened) -> None:
    with pytest.raises(BadArgument, match="min_size 2 is above max_size 1"):
        opened.get_at(0, Filter(M.MIN_SIZE | M.MAX_SIZE, min_size=2, max_size=1))
    assert opened.get_at(0, Filter(M.MIN_SIZE, min_size=2, max_size=1)) == 0


def test_a_bad_argument_is_found_before_the_position_and_changes_nothing(opened: Opened) -> None:
    opened.get_at(0, Filter(M.MODNAME, modname=b"xfs"))
    with pytest.raises(BadArgument):
        opened.get_at(2**64 - 1, Filter(0x80))
    assert opened.get_next() == 5


# Positions


def test_get_next_on_a_fresh_file_is_the_first_record(opened: Opened) -> None:
    assert [opened.get_next(), opened.get_next()] == [0, 1]


def test_position_counts_matches(opened: Opened) -> None:
    assert opened.get_at(2, Filter(M.MIN_SIZE, min_size=300)) == 3
    assert opened.get_at(1, Filter(M.MODNAME, modname=b"ext4")) == 7
    assert opened.get_at(6) == 6


def test_get_next_goes_on_with_the_filter_of_get_at(opened: Opened) -> None:
    assert opened.get_at(0, Filter(M.LINENO, lineno=10)) == 0
    assert opened.get_next() == 4


def test_only_a_get_at_with_mask_zero_clears_the_filter(opened: Opened) -> None:
    opened.all(Filter(M.LINENO, lineno=10))
    assert [opened.get_next(), opened.get_next()] == [0, 4]
    assert opened.get_at(1, Filter()) == 1
    assert opened.get_next() == 2


def test_get_next_starts_over_after_the_last_match_with_the_filter_kept(opened: Opened) -> None:
    opened.get_at(1, Filter(M.MODNAME, modname=b"xfs"))
    with pytest.raises(NoMoreRecords):
        opened.get_next()
    assert [opened.get_next(), opened.get_next()] == [4, 5]


@pytest.mark.parametrize("pos", [len(TAGS), 2**64 - 1])
def test_get_at_past_all_tags_keeps_filter_and_position(opened: Opened, pos: int) -> None:
    opened.get_at(0, Filter(M.MODNAME, modname=b"xfs"))
    with pytest.raises(NoMoreRecords):
        opened.get_at(pos, Filter(M.MODNAME, modname=b"ext4"))
    assert opened.get_next() == 5


def test_get_at_past_the_matches_leaves_a_positioned_file_at_the_end(opened: Opened) -> None:
    opened.get_at(0)
    with pytest.raises(NoMoreRecords):
        opened.get_at(2, Filter(M.MODNAME, modname=b"ext4"))
    with pytest.raises(NoMoreRecords):
        opened.get_next()
    assert opened.get_next() == 6


def test_get_at_past_the_matches_leaves_a_fresh_file_at_the_first_match(opened: Opened) -> None:
    with pytest.raises(NoMoreRecords):
        opened.get_at(2, Filter(M.MODNAME, modname=b"ext4"))
    assert opened.get_next() == 6


def test_open_files_have_filters_and_positions_of_their_own(backend: FakeBackend) -> None:
    one, other = Opened(backend), Opened(backend)
    one.get_at(0, Filter(M.MODNAME, modname=b"xfs"))
    assert [other.get_next(), one.get_next(), other.get_next()] == [0, 5, 1]


# Modules that come and go


@pytest.mark.parametrize("number", [1, 6])
def test_a_position_in_a_module_that_stays_is_kept(opened: Opened, number: int) -> None:
    opened.get_at(number)
    opened.backend.unload("xfs", 2)
    assert opened.get_next() == number + 1


def test_after_an_unload_the_next_module_follows(opened: Opened) -> None:
    opened.get_at(4)
    opened.backend.unload("xfs", 2)
    assert opened.get_next() == 6


def test_a_module_loaded_again_starts_at_its_first_tag(opened: Opened) -> None:
    opened.get_at(7)
    opened.backend.unload("ext4", 2)
    opened.backend.load("ext4", 3)
    assert [opened.get_next(), opened.get_next()] == [6, 7]


def test_a_module_loaded_behind_the_position_is_still_to_come(opened: Opened) -> None:
    opened.backend.unload("ext4", 2)
    opened.get_at(5)
    opened.backend.load("ext4", 3)
    assert opened.get_next() == 6


def test_a_position_starts_over_if_nothing_it_passed_is_left(opened: Opened) -> None:
    opened.get_at(1)
    opened.backend.unload("", 2)
    assert opened.get_next() == 4


# What is summed


@pytest.mark.parametrize(
    ("wanted", "pos", "summed"),
    [
        (Filter(), 7, [7]),
        (Filter(M.MODNAME, modname=b"ext4"), 1, [7]),
        (Filter(M.MIN_SIZE, min_size=300), 1, [0, 1, 2]),
        (Filter(M.MIN_SIZE, min_size=300), 4, EVERYTHING),
        (Filter(M.MAX_SIZE | M.MODNAME, modname=b"ext4", max_size=300), 0, [6]),
        (Filter(M.MAX_SIZE | M.MODNAME, modname=b"ext4", max_size=300), 1, [6, 7]),
        (Filter(M.MODNAME, modname=b"btrfs"), 0, []),
        (Filter(M.MIN_SIZE | M.MODNAME, modname=b"btrfs"), 0, []),
        (Filter(M.MIN_SIZE, min_size=2**64 - 1), 5, EVERYTHING),
    ],
)
def test_get_at_sums_what_the_kernel_sums(
    opened: Opened, wanted: Filter, pos: int, summed: list[int]
) -> None:
    with suppress(NoMoreRecords):
        opened.get_at(pos, wanted)
    assert opened.backend.summed == summed
    assert opened.backend.counters_read == len(summed) * CPUS


def test_get_next_sums_from_its_position_to_the_match(opened: Opened) -> None:
    opened.get_at(0, Filter(M.MIN_SIZE, min_size=300))
    del opened.backend.summed[:]
    opened.get_next()
    opened.get_next()
    opened.get_next()
    assert opened.backend.summed == [1, 2, 3, 4, 5, 6]
