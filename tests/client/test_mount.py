"""A mount in Python, and the libraries that the client needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from allocfs import client
from allocfs.client import RECORD, Mount, read_records
from allocfs.errors import BadQuery


def test_the_records_of_now_are_those_of_the_path(default_mount: Path) -> None:
    mount = Mount(default_mount)
    assert np.array_equal(mount.records(), read_records(default_mount / "records"))
    chosen = mount.records("sort=-bytes", file="mm/*", limit=3)
    path = default_mount / "query/file=mm%2F*,sort=-bytes,limit=3/records"
    assert np.array_equal(chosen, read_records(path))
    assert chosen.dtype == RECORD
    (everything,) = mount.records(group="all")
    assert everything["bytes"] == mount.records()["bytes"].sum()


def test_a_query_is_judged_before_it_is_asked(default_mount: Path) -> None:
    with pytest.raises(BadQuery, match=r"'modul=xfs': expected one of the keys"):
        Mount(default_mount).records(modul="xfs")


def test_a_relative_path_stays_where_it_was(
    default_mount: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(default_mount.parent)
    mount = Mount(default_mount.name)
    monkeypatch.chdir("/")
    assert len(mount.records(limit=1)) == 1


@pytest.mark.parametrize("name", ["", "none", "file"])
def test_another_path_is_no_mount(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match="no mount of allocfs is there"):
        Mount(tmp_path / name)


def test_all_names_of_the_api_are_there() -> None:
    assert sorted(client.__all__, key=client.__all__.index) == client.__all__
    assert set(client.__all__) <= set(dir(client))


def test_the_client_needs_no_library_of_the_daemon() -> None:
    code = "import sys, allocfs.client; print({'pyfuse3', 'trio'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
