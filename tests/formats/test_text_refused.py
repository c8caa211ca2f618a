"""The errors of texts that are not valid: line number, expected and found."""

import re

import pytest

from allocfs.errors import BadCapture
from allocfs.formats.text import parse, refresh

HEADER = b"allocinfo - version: 1.0\n#     <size>  <calls> <tag info>\n"
GOOD = b"           1        1 a.c:1 func:f \n"


@pytest.mark.parametrize(
    ("line", "expected", "found"),
    [
        (b"", "bytes, a decimal number of 64 bits", "the end of the line"),
        (b"   ", "bytes, a decimal number of 64 bits", "the end of the line"),
        (b"allocinfo - version: 1.0", "a codetag", "'allocinfo - version: 1.0'"),
        (b"#     <size>  <calls> <tag info>", "a codetag", "'#     <size>"),
        (b"1 a.c:1 func:f ", "calls, a decimal number", "'a.c:1 func:f'"),
        (b"12 34", "calls, a decimal number", "'34'"),
        (b"x 1 a.c:1 func:f ", "bytes, a decimal number", "'x 1 a.c:1 func:f'"),
        (b"+1 1 a.c:1 func:f ", "bytes, a decimal number", "'+1 1"),
        (b"-0 1 a.c:1 func:f ", "bytes, a decimal number", "'-0 1"),
        (b"01 1 a.c:1 func:f ", "bytes, a decimal number", "'01 1"),
        (b"1_0 1 a.c:1 func:f ", "bytes, a decimal number", "'1_0 1"),
        (b"\xd9\xa1 1 a.c:1 func:f ", "bytes, a decimal number", r"'\xd9\xa1 1"),
        (b"1\t1 a.c:1 func:f ", "bytes, a decimal number", r"'1\t1"),
        (b"\x001 1 a.c:1 func:f ", "bytes, a decimal number", r"'\x001"),
        (b"0x1 1 a.c:1 func:f ", "bytes, a decimal number", "'0x1"),
        (b"1 -1 a.c:1 func:f ", "calls, a decimal number", "'-1 a.c"),
        (b"9223372036854775808 1 a.c:1 func:f ", "bytes,", "'9223372036854775808 1"),
        (b"-9223372036854775809 1 a.c:1 func:f ", "bytes,", "'-9223372036854775809 1"),
        (b"1 18446744073709551616 a.c:1 func:f ", "calls,", "'18446744073709551616 a"),
        (b"1" * 5000 + b" 1 a.c:1 func:f ", "bytes,", "'1111"),
        (b"1 1 a.c:18446744073709551616 func:f ", "file:line", "'a.c:18446744073709551616"),
        (b"1 1 a.c func:f ", "file:line", "'a.c func:f'"),
        (b"1 1 a.c: func:f ", "file:line", "'a.c: func:f'"),
        (b"1 1 a.c:1x func:f ", "file:line", "'a.c:1x func:f'"),
        (b"1 1 a.c:01 func:f ", "file:line", "'a.c:01 func:f'"),
        (b"1 1 a.c:-1 func:f ", "file:line", "'a.c:-1 func:f'"),
        (b"1 1 :1 func:f ", "file:line", "':1 func:f'"),
        (b"1 1 a b.c:1 func:f ", "file:line", "'a b.c:1 func:f'"),
        (b"1 1 a\x00.c:1 func:f ", "file:line", r"'a\x00.c:1 func:f'"),
        (b"1 1 a.c:1", "file:line", "'a.c:1'"),
        (b"1 1 a.c:1 f ", "`func:function` or `[module]`", "'f'"),
        (b"1 1 a.c:1 func: ", "`func:function` or `[module]`", "'func:'"),
        (b"1 1 a.c:1 [] func:f ", "`func:function` or `[module]`", "'[] func:f'"),
        (b"1 1 a.c:1 [m func:f ", "`func:function` or `[module]`", "'[m func:f'"),
        (b"1 1 a.c:1 [m]func:f ", "`func:function` or `[module]`", "'[m]func:f'"),
        (b"1 1 a.c:1  func:f ", "`func:function` or `[module]`", "'func:f'"),
        (b"1 1 a.c:1 func:f\x1b[1m ", "a key:value pair", r"'\x1b[1m'"),
        (b"1 1 a.c:1 func:f \r", "a key:value pair", r"'\r'"),
        (b"1 1 a.c:1 func:f word ", "a key:value pair", "'word'"),
        (b"1 1 a.c:1 func:f :: ", "a key:value pair", "'::'"),
        (b"1 1 a.c:1 func:f :v ", "a key:value pair", "':v'"),
        (b"1 1 a.c:1 func:f  ", "a key:value pair", "the end of the line"),
        (b"1 1 a.c:1 func:f accurate:maybe ", "`accurate:no` at most once", "'accurate:maybe'"),
        (b"1 1 a.c:1 func:f accurate:nothing ", "`accurate:no` at most", "'accurate:nothing'"),
        (b"1 1 a.c:1 func:f accurate:no accurate:no ", "at most once", "'accurate:no'"),
        (b"1 1 a.c:1 func:f accurate:no k:v accurate:yes ", "at most once", "'accurate:yes'"),
        (b"1 1 a.c:1 func:" + b"f" * 65521 + b" ", "at most 65536 characters", "'1 1 a.c"),
        (b" " * 100 + b"1 1 a.c:1 func:f ", "bytes, a decimal number", "'1 1"),
    ],
)
def test_a_malformed_line_is_refused_by_number(line: bytes, expected: str, found: str) -> None:
    capture = HEADER + GOOD + line + b"\n" + GOOD
    with pytest.raises(BadCapture) as refused:
        parse(capture, "linux.txt")
    message = str(refused.value)
    assert message.startswith("linux.txt:4: expected ")
    before, _, after = message.partition(", found ")
    assert expected in before
    assert after.startswith(found)
    assert len(message) < 300
    assert refresh(capture, parse(HEADER + GOOD * 3, "x")) is None


@pytest.mark.parametrize(
    ("capture", "message"),
    [
        (b"", "x:1: expected codetags, found an empty file; is memory allocation profiling on"),
        (b"allocinfo - version: 3.0\n" + GOOD, "x:1: expected `allocinfo - version:` 1.x or 2.x"),
        (b"allocinfo - version: 20.0\n" + GOOD, "x:1: expected `allocinfo - version:` 1.x"),
        (b"allocinfo - version: 2\n" + GOOD, "x:1: expected `allocinfo - version:` 1.x or 2.x"),
        (b"allocinfo - version: 1.0\r\n", "x:1: expected `allocinfo - version:` 1.x or 2.x"),
        (b"allocinfo - ver", "x:1: expected `allocinfo - version:` 1.x or 2.x"),
        (HEADER[:-1], "x:2: expected a newline after '#     <size>"),
        (HEADER + GOOD[:-1], "x:3: expected a newline after '1        1 a.c:1 func:f', found"),
        (HEADER + GOOD + b"  ", "x:4: expected a newline after '', found the end of the file"),
        (GOOD + HEADER + GOOD, "x:2: expected a codetag, as a header stands only at the top"),
        (b"\n" + HEADER + GOOD, "x:1: expected bytes"),
        (b"\xef\xbb\xbf" + GOOD, "x:1: expected bytes"),
        (GOOD.replace(b"\n", b"\r\n"), r"x:1: expected a key:value pair"),
        (b"\x00", r"x:1: expected a newline after '\x00', found the end of the file"),
    ],
)
def test_a_malformed_text_is_refused(capture: bytes, message: str) -> None:
    with pytest.raises(BadCapture, match="^" + re.escape(message)):
        parse(capture, "x")
