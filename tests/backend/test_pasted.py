"""Pasted texts as sources: one report is a capture, several are a series."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from allocfs.backend.control import SeriesControl
from allocfs.backend.pasted import PASTED, PastedReport, PastedSeries
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.errors import SourceFailed
from tests.conftest import DATA
from tests.support.source_fakes import pairs

REPORTS = DATA / "reports"
LENIENT = SourceOptions(lenient=True)
LOG = b"".join(
    b"2025-11-27T12:%02d:00+0000 host kernel: %s\n" % (minute, line)
    for minute in (1, 2)
    for line in (
        b"Memory allocations:",
        b"    38.4 MiB     5505 mm/slub.c:3075 func:alloc_slab_page",
        b"    33.0 MiB     %d mm/slub.c:3076 func:f" % minute,
    )
)


def open_series(source: str, options: SourceOptions = LENIENT) -> PastedSeries:
    series = PASTED.open(source, options)
    assert isinstance(series, PastedSeries)
    return series


def test_one_report_is_a_capture() -> None:
    path = str(REPORTS / "ceph-6.18-rewrapped.txt")
    backend = PASTED.open(path, LENIENT)
    assert isinstance(backend, PastedReport)
    every = backend.tags.slots
    assert backend.sums(every).bytes.tolist()[-1] == 39 * 2**29
    rounding = backend.rounding(every)
    assert rounding is not None
    assert rounding.ends(backend.sums(every).bytes)[-1] == (19 * 2**30 + 1, 20 * 2**30)
    assert backend.pairs(every) is None
    about = pairs(backend.describe())
    assert (about["source"], about["interface"], about["lenient"]) == (path, "capture", "yes")
    assert about["notice"] == "10 numbers rounded; partial: 10 largest"
    backend.close()


def test_several_are_a_series_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(LOG + b"27M 6693\n"))
    series = open_series(str(path))
    assert [capture.at for capture in series.captures] == [0, 60]
    about = pairs(series.describe())
    assert about["lenient"] == str(path)
    assert about["notice"].startswith("left out 1 part, first line 7: '27M 6693': numbers that")
    directory = Path(series.captures[0].path).parent
    assert directory.is_dir()
    series.close()
    assert not directory.parent.exists()


@pytest.mark.parametrize("joined", [False, True])
def test_the_files_of_a_directory_or_a_list_are_a_series(joined: bool, tmp_path: Path) -> None:
    files = ["ice-6.15-boot.txt", "ice-6.15-6days-wrapped.txt"]
    paths = [tmp_path / name for name in ("1", "2")]
    for path, name in zip(paths, files, strict=True):
        path.write_bytes((REPORTS / name).read_bytes())
    (tmp_path / ".hidden").write_text("4096 1 a.c:1 func:f")
    source = ":".join(map(str, paths)) if joined else str(tmp_path)
    series = open_series(source, SourceOptions(lenient=True, step=True))
    assert isinstance(series.control, SeriesControl)
    assert len(series.captures) == 2
    series.next()
    assert series.sums(series.tags.slots[-1:]).bytes.tolist() == [3341238272]
    series.close()


def test_a_text_without_codetags_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("nothing here\n")
    with pytest.raises(SourceFailed, match="text: no codetags found"):
        PASTED.open(str(path), LENIENT)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="gone: No such file"):
        PASTED.open(str(tmp_path / "gone"), LENIENT)


def test_running_kernels_and_stores_are_no_pasted_texts(tmp_path: Path) -> None:
    assert PASTED.recognises(str(tmp_path), LENIENT)
    assert not PASTED.recognises(str(tmp_path), SourceOptions())
    assert not PASTED.recognises("/proc/allocinfo", LENIENT)
    assert not PASTED.recognises(str(tmp_path), SourceOptions(lenient=True, simulate=True))
    assert not PASTED.recognises(str(tmp_path), SourceOptions(lenient=True, interface="text"))
