"""The options that are passed to libfuse."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from allocfs.fuse.session import fuse_options
from allocfs.mount.options import MountOptions, parse_options


def unescaped(name: str) -> bytes:
    """Decode escapes as libfuse's add_opt_common() does: octal, or the next character."""
    out = bytearray()
    rest = name.encode("ascii")
    while rest:
        if rest[:1] != b"\\":
            out, rest = out + rest[:1], rest[1:]
        elif rest[1:2] in b"0123":
            out, rest = out + bytes([int(rest[1:4], 8)]), rest[4:]
        else:
            out, rest = out + rest[1:2], rest[2:]
    return bytes(out)


def test_fuse_is_told_only_what_was_asked() -> None:
    always = {"subtype=allocfs", "default_permissions", "nosuid", "nodev", "noatime"}
    assert fuse_options(parse_options("rw,sync"), None) == {*always, "fsname=allocfs"}
    assert fuse_options(parse_options("ro,noexec,allow_other"), "none") == {
        *always,
        "fsname=none",
        "ro",
        "noexec",
        "allow_other",
    }


@given(st.binary(min_size=1).map(os.fsdecode).filter(lambda name: "\0" not in name))
def test_any_source_name_survives_libfuse_option_parser(source: str) -> None:
    (name,) = (o for o in fuse_options(MountOptions(), source) if o.startswith("fsname="))
    value = name.removeprefix("fsname=")
    assert "," not in value
    assert unescaped(value) == os.fsencode(source)
