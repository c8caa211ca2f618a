"""Make of a module one whose tags the compressed mode cannot number, so that profiling shuts down.

    python -m tests.vm.misaligned MODULE.ko MISALIGNED.ko

Only the alignment of the section of tags is another: 16 is no divisor of the 40 bytes of a tag.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

SECTION = b".codetag.alloc_tags"
ALIGNMENT = 16
_TABLE_AT, _TABLE_OFFSET = 0x28, struct.Struct("<Q")  # in the header of a 64-bit ELF file
_SIZES_AT, _SIZES = 0x3A, struct.Struct("<HHH")  # of a section header; their number; that of names
_HEADER = struct.Struct("<IIQQQQIIQQ")  # sh_name, ..., sh_offset [4], ..., sh_addralign [8]


def misalign(module: bytes) -> bytes:
    """Change the alignment of the section of tags."""
    (table,) = _TABLE_OFFSET.unpack_from(module, _TABLE_AT)
    size, count, names = _SIZES.unpack_from(module, _SIZES_AT)
    headers = [list(_HEADER.unpack_from(module, table + n * size)) for n in range(count)]
    strings = headers[names][4]
    changed = bytearray(module)
    for number, header in enumerate(headers):
        start = strings + header[0]
        if module[start : module.index(b"\0", start)] == SECTION:
            header[8] = ALIGNMENT
            _HEADER.pack_into(changed, table + number * size, *header)
            return bytes(changed)
    raise ValueError(f"there is no section {SECTION.decode()}")


def main() -> int:
    """Convert the file named by the first argument to that of the second."""
    Path(sys.argv[2]).write_bytes(misalign(Path(sys.argv[1]).read_bytes()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
