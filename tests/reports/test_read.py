"""Reports as people pasted them: each file has the expected kind and capture beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from allocfs.formats.text import format_listing, parse
from allocfs.reports.containers import memory
from allocfs.reports.read import open_document, read_reports
from allocfs.reports.report import Report, Tally
from tests import support
from tests.conftest import DATA
from tests.support.pasted import VARIANTS, by_word, mail, reflowed

PASTED = sorted((DATA / "reports").glob("*.txt"))
NOW = datetime(2025, 12, 1, tzinfo=UTC)
Variant = Callable[[bytes], bytes]


def imported(text: bytes) -> tuple[list[Report], Tally]:
    tally = Tally()
    return list(read_reports(memory(text, "text", NOW), tally)), tally


def expected(path: Path) -> tuple[str, bytes]:
    kind, _, capture = path.with_suffix(".expected").read_bytes().partition(b"\n")
    return kind.decode(), capture


def test_there_are_pasted_texts() -> None:
    assert len(PASTED) == 14


@pytest.mark.parametrize("path", PASTED, ids=lambda path: path.stem)
def test_a_pasted_text_is_read_as_people_do(path: Path) -> None:
    (report,), tally = imported(path.read_bytes())
    assert (report.kind, report.text) == expected(path)
    assert tally.left_out_count == 0
    assert tally.lines == path.read_bytes().count(b"\n")
    assert report.codetags == len(parse(report.text, path.name).table)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)
@pytest.mark.parametrize("path", PASTED, ids=lambda path: path.stem)
def test_so_are_its_variants(path: Path, variant: Variant) -> None:
    (report,), tally = imported(variant(path.read_bytes()))
    assert (report.kind, report.text) == expected(path)
    assert tally.left_out == []


def test_twenty_gigabytes_are_the_middle_of_a_range() -> None:
    (report,), tally = imported((DATA / "reports/ceph-6.18-rewrapped.txt").read_bytes())
    last = report.text.splitlines()[-1].split()
    assert last[0] == b"%d" % (39 * 2**29)
    assert last[2:] == [
        b"mm/filemap.c:2012",
        b"func:__filemap_get_folio",
        b"approx:yes",
        b"bounds:%d..%d" % (19 * 2**30 + 1, 20 * 2**30),
    ]
    assert (tally.joined, tally.rounded, report.partial) == (6, 10, "10 largest")


@pytest.mark.parametrize("path", sorted(support.CAPTURES.glob("*.txt")), ids=lambda path: path.stem)
@pytest.mark.parametrize("variant", [bytes, reflowed, by_word, mail])
def test_a_capture_stays_as_it_is(path: Path, variant: Variant) -> None:
    capture = path.read_bytes()
    (report,), tally = imported(variant(capture))
    assert report.text == capture
    assert (report.kind, report.partial) == ("a whole list", "")
    assert tally.left_out_count == tally.rounded == 0
    assert format_listing(parse(report.text, "report")) == capture


def test_the_time_is_that_of_the_message_or_of_the_name() -> None:
    line = b"4096 1 mm/slub.c:10 func:f\n"
    (report,), _ = imported(mail(line))
    assert report.time == datetime(2025, 11, 27, 12, tzinfo=UTC).timestamp()
    name = "allocinfo-20260102T030405.250Z.txt"
    (report,) = read_reports(memory(line, name, NOW), Tally())
    assert report.time == datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC).timestamp()


def test_of_several_reports_none_has_the_time_of_the_message() -> None:
    reports, _ = imported(mail(b"4096 1 a.c:1 func:f\nand later:\n8192 2 a.c:1 func:f\n"))
    assert [report.time for report in reports] == [None, None]


def test_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "log"
    line = b"Nov 27 12:00:00 host kernel: %12d %8d mm/slub.c:%d func:f \n"
    path.write_bytes(b"".join(line % (n, n, n) for n in range(60_000)))
    with path.open("rb") as file:
        (report,) = read_reports(open_document(file, str(path)), Tally())
    assert report.codetags == 60_000
    assert [int(line.split()[0]) for line in report.text.splitlines()[2:]] == list(range(60_000))
