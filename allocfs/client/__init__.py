"""For programs that read a mount, or record files that were copied from one."""

from allocfs.client.changes import Changes
from allocfs.client.moments import Difference, Moment, Snapshot
from allocfs.client.mount import Mount
from allocfs.client.queries import Condition
from allocfs.client.records import (
    DIFFERENCE,
    RECORDS_PER_READ,
    RecordFile,
    decode_records,
    format_records,
    is_signed,
    read_records,
    record_size,
)
from allocfs.client.trends import TREND_ROW, Trend
from allocfs.formats.numbered import format_counters, format_trends
from allocfs.formats.records import RECORD, Record, Records, decode_record, parse_records

__all__ = [
    "DIFFERENCE",
    "RECORD",
    "RECORDS_PER_READ",
    "TREND_ROW",
    "Changes",
    "Condition",
    "Difference",
    "Moment",
    "Mount",
    "Record",
    "RecordFile",
    "Records",
    "Snapshot",
    "Trend",
    "decode_record",
    "decode_records",
    "format_counters",
    "format_records",
    "format_trends",
    "is_signed",
    "parse_records",
    "read_records",
    "record_size",
]
