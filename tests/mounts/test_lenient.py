"""Mounts of pasted texts, from the mail to the line that leaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.cli import command as cli
from tests.conftest import DATA, Mounter, control
from tests.support.pasted import mail

REPORTS = DATA / "reports"
LEAK = " +2236112896  +272963 drivers/net/ethernet/intel/ice/ice_txrx.c:681 [ice]"


def first_of_difference(mount: Path) -> str:
    lines = (mount / "text/diff/first..last/query/sort=-bytes,limit=1/records").read_text()
    return lines.splitlines()[0]


@pytest.fixture(params=["ice-6.15-6days", "ice-6.15-6days-wrapped"])
def mails(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two mails in a directory: a machine at boot, and the same six days later."""
    directory = tmp_path / "mails"
    directory.mkdir()
    for number, name in enumerate(["ice-6.15-boot", request.param]):
        text = mail((REPORTS / f"{name}.txt").read_bytes())
        (directory / f"{number}.eml").write_bytes(
            text.replace(b"27 Nov", b"%d Nov" % (20 + number))
        )
    return directory


def test_two_mails_name_the_leak(mails: Path, mounts: Mounter) -> None:
    mount = mounts("lenient,step", str(mails))
    assert first_of_difference(mount).startswith(LEAK)
    control(mount, "next")
    about = (mount / ".allocfs/source").read_text().splitlines()
    assert f"lenient {mails}" in about
    assert "notice partial: 15 largest (2 times)" in about


def test_so_do_their_captures(mails: Path, tmp_path: Path, mounts: Mounter) -> None:
    out = tmp_path / "captures"
    assert cli.main(["import", *sorted(map(str, mails.iterdir())), "-o", str(out)]) == 0
    mount = mounts("step", str(out))
    assert first_of_difference(mount).startswith(LEAK)
    assert (mount / "history/allocinfo-20251120T120000.000Z").is_dir()


def test_a_series_is_in_a_directory_until_the_unmount(
    mails: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: Mounter
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    mounts("lenient", str(mails))
    (directory,) = (tmp_path / "scratch").iterdir()
    assert len(list((directory / "captures").iterdir())) == 2


def test_one_report_is_served_as_a_capture(mounts: Mounter) -> None:
    mount = mounts("lenient", str(REPORTS / "ceph-6.18-rewrapped.txt"))
    text = (mount / "text/by-file/mm/filemap.c").read_text()
    assert text == (
        f" {39 * 2**29}  5164004 mm/filemap.c:2012 func:__filemap_get_folio"
        f" approx:yes bounds:{19 * 2**30 + 1}..{20 * 2**30} \n"
    )
