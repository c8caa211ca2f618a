"""The encoders and decoders, compared with construct's and with values written by hand."""

from __future__ import annotations

import struct
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.formats import records
from allocfs.formats.records import RECORD_SIZE, Record
from allocfs.kernel.abi import EARLIER, MERGED, Filter
from allocfs.tags.rows import Trends
from allocfs.tags.table import Codetag, Marks, Sums, TagTable


def values_of(record: Record) -> dict[str, Any]:
    """Return the values of a record under the names of the declaration."""
    names = [records.cut_name(name) for name in (record.module, record.function, record.file)]
    return {
        "modname": names[0],
        "function": names[1],
        "filename": names[2],
        "lineno": record.line,
        "bytes": record.bytes,
        "calls": record.calls,
        "accurate": int(record.accurate),
    }


def table_of(tags: list[Record]) -> TagTable:
    return TagTable.from_tags(
        [Codetag(tag.file, tag.line, tag.function, tag.module) for tag in tags]
    )


def sums_of(tags: list[Record]) -> Sums:
    return Sums(
        np.array([tag.bytes for tag in tags], dtype=np.int64),
        np.array([tag.calls for tag in tags], dtype=np.uint64),
        np.array([tag.accurate for tag in tags], dtype=np.bool_),
    )


def encode(tags: list[Record]) -> records.Records:
    """Encode tags as in a file of all records."""
    encoder = records.RecordEncoder.from_table(table_of(tags))
    encoded = encoder.templates(np.arange(len(tags)))
    records.fill(encoded, sums_of(tags))
    return encoded


XFS = Record("xfs", "xfs_buf_alloc", "fs/xfs/xfs_buf.c", 87, -4096, 2**64 - 1, True)
TAGS = [
    Record("", "do_initcalls", "init/main.c", 1311, 0, 0, False),
    XFS,
    Record("xfs", "xfs_trans_alloc", "fs/xfs/xfs_trans.c", 255, 2**63 - 1, 1, True),
    Record("", "do_initcalls", "init/main.c", 1311, -(2**63), 7, True),
]

# The possible names of a kernel: any bytes but NUL, in any encoding.
names = st.binary(max_size=70).map(
    lambda name: name.replace(b"\0", b"").decode("utf-8", "surrogateescape")
)
u64 = st.integers(0, 2**64 - 1)
tags_strategy = st.lists(
    st.builds(
        Record,
        module=names,
        function=names,
        file=names,
        line=u64,
        bytes=st.integers(-(2**63), 2**63 - 1),
        calls=u64,
        accurate=st.booleans(),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("", b""),
        ("a" * 63, b"a" * 63),
        ("xa" + "b" * 62, b"a" + b"b" * 62),
        ("xya" + "b" * 62, b"a" + b"b" * 62),
        ("\N{EURO SIGN}" * 21, "\N{EURO SIGN}".encode() * 21),
        ("\N{EURO SIGN}" * 21 + "c", b"\x82\xac" + "\N{EURO SIGN}".encode() * 20 + b"c"),
        ("\N{EURO SIGN}" * 21 + "cd", b"\xac" + "\N{EURO SIGN}".encode() * 20 + b"cd"),
        ("\udcff\udc80", b"\xff\x80"),
    ],
    ids=["empty", "63", "64", "65", "63-utf8", "64-utf8", "65-utf8", "not-utf8"],
)
def test_a_name_keeps_its_last_63_bytes(name: str, kept: bytes) -> None:
    assert records.cut_name(name) == kept
    encoded = encode([XFS._replace(function=name)])[0].tobytes()
    assert encoded[64:128] == kept + bytes(64 - len(kept))
    assert records.cut_name(records.decode_record(encoded).function) == kept


@given(tags_strategy)
def test_batch_encoder_equals_construct_record_by_record(tags: list[Record]) -> None:
    one_by_one = b"".join(records.TAG_DATA.build(values_of(tag)) for tag in tags)
    assert encode(tags).tobytes() == one_by_one


@given(tags_strategy)
def test_decoding_returns_what_was_encoded(tags: list[Record]) -> None:
    for tag, encoded in zip(tags, encode(tags), strict=True):
        decoded = records.decode_record(encoded.tobytes())
        assert values_of(decoded) == values_of(tag)
        assert decoded.accurate is tag.accurate


def test_counters_at_their_limits_are_exact() -> None:
    encoded = encode(TAGS)
    assert encoded["bytes"].tolist() == [0, -4096, 2**63 - 1, -(2**63)]
    assert encoded["calls"].tolist() == [0, 2**64 - 1, 1, 7]
    # The kernel declares bytes as u64, so negative values look huge.
    assert struct.unpack_from("=Q", encoded[1].tobytes(), 200) == (2**64 - 4096,)


def test_templates_follow_the_slots_and_have_no_counters() -> None:
    encoder = records.RecordEncoder.from_table(table_of(TAGS))
    templates = encoder.templates(np.array([2, 0]))
    decoded = [records.decode_record(one.tobytes()) for one in templates]
    assert decoded == [TAGS[n]._replace(bytes=0, calls=0, accurate=False) for n in (2, 0)]


def test_each_distinct_name_is_encoded_once() -> None:
    encoder = records.RecordEncoder.from_table(table_of(TAGS))
    columns = encoder.modname, encoder.function, encoder.filename
    assert [column.nbytes for column in columns] == [2 * 64, 3 * 64, 3 * 64]


def test_counters_records_hold_index_and_flag() -> None:
    encoded = records.counters_records(np.array([9, 4, 2**40, 0], dtype=np.uint64), sums_of(TAGS))
    assert encoded.tobytes() == b"".join(
        struct.pack("=QqQQ", index, tag.bytes, tag.calls, tag.accurate)
        for index, tag in zip((9, 4, 2**40, 0), TAGS, strict=True)
    )


def test_counters_records_of_a_difference_hold_its_marks() -> None:
    new, gone, moved = np.eye(3, 4, dtype=np.bool_)
    index, marks = (
        np.arange(4, dtype=np.uint64),
        Marks(new, gone, moved, np.zeros(4, dtype=np.bool_)),
    )
    encoded = records.counters_records(index, sums_of(TAGS), marks)
    assert encoded["flags"].tolist() == [1 << 1, 1 << 2 | 1, 1 << 4 | 1, 1]


def test_trend_records_hold_the_trend_and_the_values_of_the_last_sample() -> None:
    numbers = np.arange(4, dtype=np.int64)
    first, last, low, high = (numbers + 10 * column for column in range(4))
    mean, slope, rising, seconds = (numbers / 4 - column for column in range(4))
    trends = Trends(first, last, low, high, mean, slope, rising, numbers, seconds)
    encoded = records.trend_records(numbers.astype(np.uint64), sums_of(TAGS), trends)
    calls = [0, -1, 1, 7]
    assert encoded.tobytes() == b"".join(
        struct.pack("=QqqqqdddQdqQ", n, *row, calls[n], TAGS[n].accurate)
        for n, row in enumerate(zip(*(column.tolist() for column in trends), strict=True))
    )


@pytest.mark.parametrize("order", [slice(None, None, -1), slice(None, None, 2), [3, 0, 2]])
def test_padding_stays_zero_in_copies(order: Any) -> None:
    # Free some memory that is not zero; numpy may reuse it for the copy.
    for _ in range(8):
        np.full(4 * RECORD_SIZE, 0xAA, dtype=np.uint8)
    data = encode(TAGS)[order].tobytes()
    assert {data[at + 217 : at + 224] for at in range(0, len(data), RECORD_SIZE)} == {bytes(7)}


def test_parsing_records_does_not_copy() -> None:
    buffer = bytearray(encode(TAGS).tobytes())
    parsed = records.parse_records(buffer)
    buffer[2 * RECORD_SIZE + 200] ^= 1  # the low byte of the third record's bytes
    changed = [tag.bytes for tag in TAGS]
    changed[2] ^= 1 if sys.byteorder == "little" else 1 << 56
    assert parsed["bytes"].tolist() == changed
    assert parsed["function"].tolist() == [tag.function.encode() for tag in TAGS]


def test_incomplete_records_are_refused() -> None:
    data = encode(TAGS).tobytes()
    with pytest.raises(ValueError, match="multiple"):
        records.parse_records(data[:-1])
    for wrong in (data[:223], data[:225], data[:448]):
        with pytest.raises(ValueError, match=r"multiple|too many"):
            records.decode_record(wrong)


def test_bytes_after_a_nul_are_ignored() -> None:
    data = bytearray(encode([XFS]).tobytes())
    data[10:20] = b"left over."
    assert records.decode_record(bytes(data)).module == "xfs"
    request = bytearray(MERGED.encode_get_at(0, Filter(function=b"f")))
    request[90:95] = b"spoil"
    assert MERGED.decode_get_at(bytes(request)) == (0, Filter(function=b"f"))


def test_a_filter_name_without_a_nul_is_seen_whole() -> None:
    wanted = Filter(modname=b"m" * 64)
    for layout in (MERGED, EARLIER):
        assert layout.decode_get_at(layout.encode_get_at(0, wanted)) == (0, wanted)


def test_earlier_tag_data_is_read_by_the_same_names() -> None:
    values = values_of(XFS) | {"inaccurate": 0}
    data = records.EARLIER_TAG_DATA.build(values)
    (parsed,) = records.parse_records(data, EARLIER.dtype["data"])
    assert {name: parsed[name].item() for name in values} == values
