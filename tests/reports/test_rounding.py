"""The bounds of rounded numbers, against the arithmetic of the kernel and of numfmt."""

from __future__ import annotations

import math
import shutil
import subprocess
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.reports.rounding import Size, read_size

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
SIZES = st.integers(0, 62).flatmap(lambda bits: st.integers(0, 2 ** (bits + 1) - 1))


def string_get_size(size: int) -> str:
    """Write a size as string_get_size() of Linux does, for units of 1024."""
    power = remainder = 0
    while size >> 32:
        size //= 1024
        power += 1
    while size >= 1024:
        size, remainder = divmod(size, 1024)
        power += 1
    places, significant = 0, size
    while size and significant * 10 < 1000:
        significant *= 10
        places += 1
    remainder = remainder * 1000 >> 10
    remainder += (500, 50, 5)[places]
    if remainder >= 1000:
        remainder -= 1000
        size += 1
    decimals = f".{remainder:03}"[: places + 1] if places else ""
    return f"{size}{decimals} {UNITS[power]}"


def numfmt(size: int) -> str:
    """Write a size as `numfmt --to=iec` does."""
    value, power = Fraction(size), 0
    while abs(value) >= 1024:
        value /= 1024
        power += 1
    tens = 10 if abs(value) < 10 and power else 1
    value = Fraction(math.ceil(abs(value) * tens) * (-1 if value < 0 else 1), tens)
    if abs(value) >= 1024:
        value /= 1024
        power += 1
    shown = f"{float(value):.1f}" if value and abs(value) < 10 and power else f"{int(value)}"
    return shown + " KMGTPE"[power].strip()


def split(text: str) -> tuple[bytes, bytes]:
    number = text.rstrip("iBKMGTPE ")
    return number.encode(), text.removeprefix(number).strip().encode()


@given(SIZES)
def test_the_bounds_of_the_kernels_numbers_hold_and_are_exact(size: int) -> None:
    text = string_get_size(size)
    found = read_size(*split(text), spaced=True)
    assert found is not None
    assert found.low <= size <= found.high
    assert found.low <= found.value <= found.high
    if found.low:
        assert string_get_size(found.low) == string_get_size(found.high) == text
        assert string_get_size(found.low - 1) != text != string_get_size(found.high + 1)


@given(SIZES, st.booleans())
def test_so_do_those_of_numfmt(magnitude: int, below: bool) -> None:
    size = -magnitude if below else magnitude
    text = numfmt(size)
    found = read_size(*split(text), spaced=False)
    assert found is not None
    assert found.low <= size <= found.high
    assert numfmt(found.low) == numfmt(found.high) == text
    assert numfmt(found.low - 1) != text != numfmt(found.high + 1)


@pytest.mark.skipif(shutil.which("numfmt") is None, reason="there is no numfmt")
def test_numfmt_writes_as_expected() -> None:
    sizes = [n * 10**power + n for n in range(1, 120) for power in range(0, 15, 2)]
    given_sizes = "".join(f"{size}\n" for size in [*sizes, 1023 * 1024 + 1, 1024**2 - 1])
    ran = subprocess.run(
        ["numfmt", "--to=iec"], input=given_sizes, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [numfmt(int(size)) for size in given_sizes.split()]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("20G", 19 * 2**30 + 1, 20 * 2**30),
        ("29Gi", 28 * 2**30 + 1, 29 * 2**30),
        ("26K", 25 * 1024 + 1, 26 * 1024),
        ("10K", 99 * 1024 // 10 + 1, 10 * 1024),
        ("1.0K", 1024, 1024),
        ("1.0M", 1023 * 1024 + 1, 2**20),
        ("29GiB", 28 * 2**30 + 1, 29 * 2**30),
    ],
)
def test_numbers_of_numfmt(text: str, low: int, high: int) -> None:
    assert read_size(*split(text), spaced=False) == Size((low + high) // 2, low, high)


@pytest.mark.parametrize("text", ["3.11MiB", "12.5M", "4K", "0.5G", "38.4MiB"])
def test_a_number_of_another_program_can_be_rounded_in_any_way(text: str) -> None:
    number, unit = split(text)
    value = Fraction(number.decode()) * 1024 ** " KMG".index(unit.decode()[0])
    step = Fraction(10) ** -len(number.partition(b".")[2]) * 1024 ** " KMG".index(unit.decode()[0])
    found = read_size(number, unit, spaced=False)
    assert found is not None
    assert (found.low, found.high) == (
        math.floor(value - step) + 1,
        math.ceil(value + step) - 1,
    )


@pytest.mark.parametrize("text", ["912", "0", "-4096", "9223372036854775807"])
def test_a_number_without_unit_is_exact(text: str) -> None:
    assert read_size(text.encode(), b"", spaced=False) == Size(*[int(text)] * 3)
    assert read_size(text.encode(), b"B", spaced=True) == Size(*[int(text)] * 3)


def test_bytes_with_zeros_behind_the_point_are_exact() -> None:
    assert read_size(b"32.0", b"B", spaced=True) == Size(32, 32, 32)


@pytest.mark.parametrize(
    ("number", "unit"),
    [
        (b"9223372036854775808", b""),
        (b"007", b""),
        (b"1.5", b""),
        (b"1.5", b"B"),
        (b"26", b"k"),
        (b"26", b"Q"),
        (b"9", b"EiB"),
        (b"1234567", b"M"),
        (b"05", b"M"),
    ],
)
def test_other_numbers_are_refused(number: bytes, unit: bytes) -> None:
    assert read_size(number, unit, spaced=False) is None
