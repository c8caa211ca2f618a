"""For programs that read record files, in a mount or copied from one."""

from allocfs.client.records import (
    RECORDS_PER_READ,
    RecordFile,
    decode_records,
    format_records,
    read_records,
    record_size,
)
from allocfs.formats.numbered import format_counters, format_trends
from allocfs.formats.records import Record, Records, decode_record, parse_records

__all__ = [
    "RECORDS_PER_READ",
    "Record",
    "RecordFile",
    "Records",
    "decode_record",
    "decode_records",
    "format_counters",
    "format_records",
    "format_trends",
    "parse_records",
    "read_records",
    "record_size",
]
