"""The ioctl filters that fetch some tags, and the matching of the fetched records to tags."""

from __future__ import annotations

import numpy as np

from allocfs.backend.ioctl_filters import CutNames, filters_for
from allocfs.formats.records import Record
from allocfs.kernel.ioctl import Filter
from allocfs.tags.table import TagList, TagTable
from tests.support.kernel_fake import ALIKE, TAGS


def test_a_filter_has_what_its_tags_have_in_common() -> None:
    table = TagTable.from_tags(TAGS)
    tags = TagList.from_slots(1, table, np.arange(len(TAGS)))
    assert filters_for(np.array([77]), tags) == [Filter("", "f2", "mm/0.c", 77)]
    assert filters_for(np.array([200, 201]), tags) == [Filter("xfs", "f", "fs/xfs/a.c", 1)]
    assert filters_for(np.arange(206, 216), tags) == [Filter("ext4", "f", "fs/ext4/a.c")]
    assert filters_for(np.arange(216), tags) == [Filter()]
    assert filters_for(np.arange(200, 216), tags) == [
        Filter("xfs"),
        Filter("ext4", "f", "fs/ext4/a.c"),
    ]


def test_more_records_than_tags_that_are_alike_are_left_out() -> None:
    """This happens if a module was replaced by another build after the list was read."""
    table = TagTable.from_tags(ALIKE)
    names = CutNames.from_tags(TagList.from_slots(1, table, np.arange(len(ALIKE))))
    record = Record("xfs", "f", "fs/xfs/a.c", 1, 0, 0, True)
    three = [record._replace(bytes=number) for number in range(3)]
    found = [(slot, one.bytes) for slot, one in names.found(three)]
    assert found == [(0, 0), (1, 1)]
