"""Templates: the records of a selection without their sums."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.formats.records import RECORD_SIZE, RecordEncoder, decode_record
from allocfs.tags.table import Codetag, Slots, TagTable
from allocfs.vfs.templates import FEW, Template, Templates

MANY = (1 << 14) + 1  # more than a table of which all records are kept


def encoder_of(count: int) -> RecordEncoder:
    return RecordEncoder.from_table(
        TagTable.from_tags([Codetag("a.c", n, f"f{n % 7}") for n in range(count)])
    )


def fill(template: Template, base: int) -> bytes:
    count = len(template.records)
    template.totals[:, 0] = base + np.arange(count)
    template.totals[:, 1] = 7
    template.accurate[:] = np.arange(count) % 2
    return template.records.tobytes()


@pytest.mark.parametrize("count", [200, MANY])
@pytest.mark.parametrize(
    "slots", [np.arange(10, 190), np.arange(10, 14), np.array([3, 1, 2]), np.arange(0, 180, 2)]
)
@pytest.mark.parametrize("part", [(0, 1.0), (1, 1.0), (0, 0.5), (1, 0.5)])
def test_a_template_is_the_records_of_a_part_with_the_sums_put_in(
    count: int, slots: Slots, part: tuple[int, float]
) -> None:
    first, last = part[0], max(part[0] + 1, int(len(slots) * part[1]))
    encoded = fill(Templates(encoder_of(count), slots).between(first, last), -5)
    records = [
        decode_record(encoded[at : at + RECORD_SIZE]) for at in range(0, len(encoded), RECORD_SIZE)
    ]
    assert records == [
        ("", f"f{slot % 7}", "a.c", slot, n - 5, 7, bool(n % 2))
        for n, slot in enumerate(slots[first:last].tolist())
    ]


@pytest.mark.parametrize("slots", [np.arange(200), np.arange(0, 400, 2)])
def test_few_records_that_are_read_twice_are_kept(slots: Slots) -> None:
    templates = Templates(encoder_of(400), slots)
    once = templates.between(3, 3 + FEW)
    twice = templates.between(3, 3 + FEW)
    assert twice is not once
    assert templates.between(3, 3 + FEW) is twice
    templates.between(0, FEW)
    assert templates.between(3, 3 + FEW) is not twice


def test_many_records_are_not_kept() -> None:
    templates = Templates(encoder_of(400), np.arange(0, 400, 2))
    read = [templates.between(0, 1 + FEW) for _ in range(3)]
    assert read[0] is not read[1] is not read[2]


def test_consecutive_records_of_all_files_share_memory_but_not_their_bytes() -> None:
    encoder = encoder_of(100)
    whole, part = Templates(encoder, np.arange(100)), Templates(encoder, np.arange(40, 50))
    of_whole = fill(whole.between(0, 100), 1000)
    of_part = fill(part.between(0, 10), 2000)
    assert np.shares_memory(whole.between(0, 100).records, part.between(0, 10).records)
    assert fill(whole.between(0, 100), 1000) == of_whole
    assert fill(part.between(0, 10), 2000) == of_part
