"""Mount options: accepted values, errors, and the options passed to FUSE."""

from __future__ import annotations

import contextlib
import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.errors import OptionError
from allocfs.mount.options import (
    FLAGS,
    GENERIC,
    VALUES,
    MountOptions,
    parse_options,
)


def refusal(text: str, sloppy: bool = False) -> str:
    with pytest.raises(OptionError) as raised:
        parse_options(text, sloppy)
    return str(raised.value)


def test_without_options_the_mounting_user_alone_may_read() -> None:
    options = parse_options("")
    assert (options.cpus, options.seed, options.rate, options.max_age) == (224, 1, 0, None)
    assert (options.uid, options.gid) == (os.getuid(), os.getgid())
    assert (options.mode, options.directory_mode) == (0o400, 0o500)
    assert not options.allow_other


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("cpus=1", "cpus", 1),
        ("cpus=8192", "cpus", 8192),
        ("seed=0", "seed", 0),
        ("rate=1000", "rate", 1000),
        ("uid=0", "uid", 0),
        ("gid=4294967294", "gid", 2**32 - 2),
        ("mode=0444", "mode", 0o444),
        ("mode=440", "mode", 0o440),
        ("allow_other", "allow_other", True),
        ("max_age=0", "max_age", 0.0),
        ("max_age=0.25", "max_age", 0.25),
        ("max_age=200ms", "max_age", 0.2),
        ("max_age=3s", "max_age", 3.0),
        ("interface=ioctl", "interface", "ioctl"),
        ("ioctl", "ioctl", True),
        ("simulate", "simulate", True),
        ("speed=0.5", "speed", 0.5),
        ("step", "step", True),
        ("ro", "read_only", True),
        ("ro,rw", "read_only", False),
        ("noexec", "no_exec", True),
        ("cpus=4,,cpus=8,", "cpus", 8),
    ],
)
def test_an_option_sets_its_field(text: str, field: str, value: object) -> None:
    assert getattr(parse_options(text), field) == value


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("cpus=0", "cpus=0", "a whole number from 1 to 8192"),
        ("cpus=8193", "cpus=8193", "8192"),
        ("cpus=abc", "cpus=abc", "a whole number"),
        ("cpus=-1", "cpus=-1", "a whole number"),
        ("cpus= 4", "cpus= 4", "a whole number"),
        ("cpus=1_0", "cpus=1_0", "a whole number"),
        ("cpus=٤", "cpus=٤", "a whole number"),
        ("cpus=", "cpus=", "a whole number"),
        ("cpus", "'cpus' needs a value", "a whole number"),
        ("mode=999", "mode=999", "octal digits, at most 777"),
        ("mode=1777", "mode=1777", "at most 777"),
        ("mode=0o400", "mode=0o400", "octal digits"),
        ("uid=4294967295", "uid=4294967295", "4294967294"),
        ("uid=root", "uid=root", "a whole number"),
        ("rate=-1", "rate=-1", "a whole number from 0"),
        ("max_age=nan", "max_age=nan", "seconds from 0"),
        ("max_age=1e3", "max_age=1e3", "seconds from 0"),
        ("max_age=1m", "max_age=1m", "such as 0.2 or 200ms"),
        ("max_age=86401", "max_age=86401", "86400"),
        ("interface=netlink", "interface=netlink", "text or ioctl"),
        ("speed=0", "speed=0", "a number from 0.001 to 1000"),
        ("speed=inf", "speed=inf", "a number"),
        ("allow_other=1", "'allow_other' takes no value", "alone"),
        ("remount,ro", "cannot remount", "unmount and mount"),
        ("rw,user_id=0,group_id=0,remount", "cannot remount", "unmount and mount"),
    ],
)
def test_a_bad_value_is_refused_with_what_was_expected(
    text: str, named: str, expected: str
) -> None:
    for sloppy in (False, True):
        message = refusal(text, sloppy)
        assert named in message
        assert expected in message


@pytest.mark.parametrize(
    ("option", "suggestion"), [("cpu=4", "cpus"), ("maxage=1", "max_age"), ("readonly", None)]
)
def test_an_unknown_option_is_refused_by_name(option: str, suggestion: str | None) -> None:
    message = refusal(f"rw,{option}")
    assert message.startswith(f"unknown option '{option.partition('=')[0]}'")
    assert message.endswith("see mount.allocfs(8)")
    assert (f"did you mean '{suggestion}'" in message) == (suggestion is not None)


def test_a_sloppy_mount_reports_the_unknown_options_it_lets_pass() -> None:
    options = parse_options("foo,cpus=4,bar=1", sloppy=True)
    assert (options.cpus, options.ignored) == (4, ("foo", "bar=1"))


def test_what_fstab_lines_carry_changes_nothing() -> None:
    text = (
        "defaults,noauto,user,nouser,users,owner,group,_netdev,nofail,nodev,nosuid,dev,suid,"
        "sync,async,dirsync,atime,noatime,relatime,strictatime,lazytime,noiversion,"
        "x-systemd.automount,x-gvfs-show,X-mount.mkdir=0755,comment=a word,user=joe"
    )
    assert parse_options(text) == MountOptions()


def test_what_was_given_is_known_where_it_is_the_default_too() -> None:
    assert parse_options("cpus=224,rw,_netdev").given == {"cpus", "read_only"}
    assert parse_options("cpus=224") == MountOptions()


def test_no_name_has_two_meanings() -> None:
    assert len({*VALUES, *FLAGS, *GENERIC}) == len(VALUES) + len(FLAGS) + len(GENERIC)
    assert set(VALUES) | {field for field, _ in FLAGS.values()} <= set(vars(MountOptions()))


@pytest.mark.parametrize(
    ("mode", "directories"),
    [("0", 0), ("400", 0o500), ("440", 0o550), ("444", 0o555), ("604", 0o705), ("200", 0o200)],
)
def test_who_may_read_files_may_enter_directories(mode: str, directories: int) -> None:
    assert parse_options(f"mode={mode}").directory_mode == directories


@given(st.text(string.ascii_letters + string.digits + "=,_.- \n٤\udcff"))
def test_options_are_read_or_refused_and_nothing_else(text: str) -> None:
    with contextlib.suppress(OptionError):
        parse_options(text)


@given(st.text(string.digits + "+-_.x ٤", max_size=5))
def test_cpus_is_never_out_of_range(text: str) -> None:
    with contextlib.suppress(OptionError):
        assert parse_options(f"cpus={text}").cpus in range(1, 8193)
